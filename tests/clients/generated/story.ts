// The story of a recruitment, told with the client that .ci/generated-clients makes from
// openapi.yaml: `node story.js URL`. TOKEN is a token of ORG's staff.

import assert from "node:assert/strict";
import { createClient } from "./client/client/index.js";
import type { Validated, WantedCode } from "./client/index.js";
import {
    confirmRecruitment,
    createReferralConversion,
    getOrCreateReferralCode,
    getTotalRecruitments,
    getUserReferralCode,
    listReferralConversions,
    recordReferralClick,
    validateReferralCode,
} from "./client/index.js";

const org = process.env.ORG ?? "org_typescript";
const client = createClient({ baseUrl: process.argv[2] ?? "", auth: process.env.TOKEN });

/** What a call answered, which must have succeeded with `status`. */
function answered<Data>(
    status: number,
    answer: { data?: Data; error?: unknown; response?: Response },
): NonNullable<Data> {
    assert.equal(answer.response?.status, status, JSON.stringify(answer.error));
    assert.ok(answer.data);
    return answer.data;
}

// Get or create: made, then found.
const wanted: WantedCode = { mentor_id: "usr_4491", org_id: org, prefix: "JAN-VERV" };
const code = answered(201, await getOrCreateReferralCode({ client, body: wanted }));
const again = answered(200, await getOrCreateReferralCode({ client, body: wanted }));
assert.deepEqual(again, code);
assert.match(code.code, /^JAN-VERV-/);
assert.equal(code.status, "active");
assert.equal(code.expires_at, null);

// A click, and the member whom it becomes.
const click = answered(
    201,
    await recordReferralClick({ client, body: { code: code.code, referrer_url: null } }),
);
assert.deepEqual([click.type, click.status, click.mentor_id], ["click", "pending", "usr_4491"]);
const confirmed = answered(
    200,
    await confirmRecruitment({
        client,
        path: { id: click.id },
        body: { code: code.code, new_member_id: "usr_5892" },
    }),
);
assert.deepEqual(
    [confirmed.id, confirmed.type, confirmed.status, confirmed.new_member_id],
    [click.id, "conversion", "confirmed", "usr_5892"],
);

// A member who typed the code, a minute later, as the list is in that order; once more is a refusal,
// which says why.
const typed = answered(
    201,
    await createReferralConversion({
        client,
        headers: { "Idempotency-Key": "sign-up-usr_5893" },
        body: {
            code: "jan verv " + code.code.slice("JAN-VERV-".length),
            new_member_id: "usr_5893",
            confirmed_at: new Date(Date.now() + 60_000).toISOString(),
        },
    }),
);
assert.equal(typed.source, "typed");
const refused = await createReferralConversion({
    client,
    body: { click_id: click.id, new_member_id: "usr_5893" },
});
assert.equal(refused.response?.status, 409);
assert.equal(refused.error?.code, "already_confirmed");

// The numbers.
const total = answered(
    200,
    await getTotalRecruitments({ client, path: { mentor_id: "usr_4491" }, query: { org_id: org } }),
);
assert.deepEqual(
    [total.total_clicks, total.total_conversions, total.conversion_rate, total.period],
    [1, 2, 1, "all_time"],
);
const page = answered(200, await listReferralConversions({ client, query: { org_id: org } }));
assert.ok(typeof page !== "string");
assert.deepEqual(
    page.data.map(({ new_member_id }) => new_member_id),
    ["usr_5893", "usr_5892"],
);

// The payments company's two calls.
const company = { companyid: org };
const found = answered(
    200,
    await getUserReferralCode({ client, headers: company, query: { user_id: "usr_4491" } }),
);
assert.deepEqual([found.success, found.error], [1, []]);
assert.equal(found.data.referral_user.referral_code, code.code);
assert.equal(found.data.referral_user.max_referral_limit_reach, false);
const valid: Validated = answered(
    200,
    await validateReferralCode({
        client,
        headers: company,
        body: { referral_code: code.code, user_type: 2 },
    }),
);
assert.equal(valid.data.message, "Reward promotion referal code validate");
const invalid = await validateReferralCode({
    client,
    headers: company,
    body: { referral_code: code.code, user_type: 3 },
});
assert.equal(invalid.response?.status, 422);
assert.deepEqual(invalid.error, {
    success: 0,
    error: ["REWARD_PROMOTION_REFERRAL_CODE_INVALIDATED"],
    data: { reason: "USER_TYPE_MISMATCH" },
});
console.log("ok      the generated client in TypeScript");
