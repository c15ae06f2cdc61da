// What an integrator does in the first week, from Node alone: `node first_week.mjs URL`.
// TOKEN is a staff's token or an API key of ORG, where the API requires one.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

const base = process.argv[2];
const org = process.env.ORG ?? "org_node";
const token = process.env.TOKEN;
const run = Date.now().toString(36);
const [ada, bo] = [`ada_${run}`, `bo_${run}`];
const member = (number) => `member_${number}_${run}`;
const browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

const codes = "/api/v1/referral-codes";
const records = "/api/v1/referral-code-records";
const attributions = "/api/v1/referral-attributions";
const conversions = "/api/v1/referral-conversions";

function request(method, path, body, headers = {}, options = {}) {
    const all = { accept: "application/json", ...headers };
    if (token) all.authorization = `Bearer ${token}`;
    if (body) all["content-type"] = "application/json";
    const init = { method, headers: all, redirect: "manual", ...options };
    return fetch(base + path, { ...init, body: body && JSON.stringify(body) });
}

/** The answer's body, which must come with `status`. */
async function call(status, method, path, body, headers) {
    const answer = await request(method, path, body, headers);
    const text = await answer.text();
    assert.equal(answer.status, status, `${method} ${path}: ${text}`);
    return JSON.parse(text);
}
const get = (path) => call(200, "GET", path);

/** Follows a short link as a visitor does: the join page's parameters, or null. */
async function visit(code) {
    const answer = await fetch(`${base}/r/${code}`, {
        headers: { "user-agent": browser },
        redirect: "manual",
    });
    if (answer.status !== 302) return null;
    return new URL(answer.headers.get("location")).searchParams;
}

// The first moments of this month and of the last one.
const now = new Date();
const thisMonth = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
const lastMonth = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1));
const after = (time, days) => new Date(time.getTime() + days * 86_400_000).toISOString();
const query = (parameters) => new URLSearchParams(parameters).toString();

// Two members get their codes.
const pair = (mentor_id, prefix) => ({ mentor_id, org_id: org, prefix });
const adas = await call(201, "POST", codes, pair(ada, "ADA"));
const bos = await call(201, "POST", codes, pair(bo, "BO"));

// A sign-up with a click id: the short link brings it to the join page.
const joining = await visit(adas.code);
assert.equal(joining.get("ref"), adas.code);
const clicked = await call(200, "PUT", `${attributions}/${joining.get("click")}`, {
    code: joining.get("ref"),
    new_member_id: member(1),
});
assert.equal(clicked.status, "confirmed");

// A sign-up with a code that somebody typed.
const typed = await call(201, "POST", conversions, {
    code: adas.code.toLowerCase().replaceAll("-", " "),
    new_member_id: member(2),
    confirmed_at: now.toISOString(),
});
assert.deepEqual([typed.source, typed.mentor_id], ["typed", ada]);

// A late conversion: clicked and joined last month, reported now.
const old = await call(201, "POST", attributions, {
    code: adas.code,
    occurred_at: after(lastMonth, 10),
});
const late = await call(201, "POST", conversions, {
    click_id: old.id,
    new_member_id: member(3),
    confirmed_at: after(lastMonth, 20),
});
assert.deepEqual([late.source, late.id], ["click", old.id]);

// A retry after a lost answer: the key makes one of the two.
const joined = { code: bos.code, new_member_id: member(4) };
const key = { "idempotency-key": `sign-up-${member(4)}` };
const abort = new AbortController();
await request("POST", conversions, joined, key, { signal: abort.signal });
abort.abort();
const retried = await call(201, "POST", conversions, joined, key);
assert.equal(retried.source, "typed");
// And nobody is recruited twice.
const held = await call(409, "POST", conversions, { ...joined, code: adas.code });
assert.equal(held.attribution_id, retried.id);

// A visit that came to nothing.
assert.ok(await visit(bos.code));

// Who recruited X?
const who = await get(`${conversions}?${query({ org_id: org, new_member_id: member(2) })}`);
assert.deepEqual(who.data.map((found) => found.mentor_id), [ada]);

// Last month's recruitments, as CSV.
const month = { org_id: org, from: lastMonth.toISOString(), to: thisMonth.toISOString() };
const csv = await request("GET", `${conversions}?${query(month)}`, null, { accept: "text/csv" });
assert.equal(csv.headers.get("content-type"), "text/csv; charset=utf-8");
const [header, ...rows] = (await csv.text()).trimEnd().split("\r\n").map((row) => row.split(","));
const column = header.indexOf("new_member_id");
const ours = rows.map((row) => row[column]).filter((name) => name.endsWith(run));
assert.deepEqual(ours, [member(3)]);

// A limit, reached and raised.
const limit = (most) => call(200, "PATCH", `${codes}/${bos.id}`, { max_referrals: most });
await limit(1);
await call(409, "POST", conversions, { code: bos.code, new_member_id: member(5) });
await limit(2);
await call(201, "POST", conversions, { code: bos.code, new_member_id: member(5) });

// A code is retired: nobody joins by it any more.
await call(200, "PUT", `${records}/${adas.id}`, { status: "inactive" });
await call(409, "POST", conversions, { code: adas.code, new_member_id: member(6) });
assert.equal(await visit(adas.code), null);

// Every number.
const counts = ({ total_clicks, total_conversions, conversion_rate }) => [
    total_clicks,
    total_conversions,
    conversion_rate,
];
const total = async (path) => counts(await get(path));
assert.deepEqual(await total(`${attributions}/mentor/${ada}/total`), [2, 3, 1]);
assert.deepEqual(await total(`${attributions}/mentor/${bo}/total`), [1, 2, 0]);
assert.deepEqual(await total(`${attributions}/total?org_id=${org}`), [3, 5, 0.667]);
for (const [list, expected] of [
    [`${codes}?org_id=${org}`, 2],
    [`${codes}?org_id=${org}&status=active`, 1],
    [`${records}?mentor_id=${ada}`, 1],
    [`${attributions}?org_id=${org}`, 6],
    [`${attributions}?org_id=${org}&status=pending`, 1],
    [`${attributions}/mentor/${ada}`, 3],
    [`${conversions}?org_id=${org}`, 5],
    [`${conversions}?org_id=${org}&mentor_id=${bo}`, 2],
]) {
    const { data, pagination } = await get(list);
    assert.deepEqual([data.length, pagination.total], [expected, expected], list);
}

// The leaderboard is as of the last aggregation.
const ranked = async () => {
    const { data } = await get(`${attributions}/leaderboard?org_id=${org}`);
    return data.map(({ rank, mentor_id, conversions }) => [rank, mentor_id, conversions]);
};
const expected = [[1, ada, 3], [2, bo, 2]];
const deadline = Date.now() + 90_000;
while (JSON.stringify(await ranked()) !== JSON.stringify(expected) && Date.now() < deadline) {
    await pause(1_000);
}
assert.deepEqual(await ranked(), expected);
console.log("ok      the first week, from Node");
