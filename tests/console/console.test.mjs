// The console in a real browser: the story from making a code to seeing it counted, what a person
// sees where something fails, tokens, languages, sizes, accessibility, and the first paint.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ORG, accessibilityFaults, openPage, settled, startBrowser, startPlatform } from "./harness.mjs";

let browser;
let open;
before(async () => {
  browser = await startBrowser();
  open = await startPlatform();
});
after(async () => {
  await browser?.close();
  await open?.stop();
});

/** Runs `act` on a page, which then must have done nothing wrong. */
async function onPage(platform, options, act) {
  const { page, context, faults } = await openPage(browser, platform.origin, options);
  try {
    await act(page, context);
    assert.deepEqual(faults, []);
  } finally {
    await context.close();
  }
}

const toast = (page) => page.locator("#toast.shown");
const tile = (page, name) => page.locator(".tile", { has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }) }).locator("dd").first();
const numberIn = async (locator) => Number((await locator.innerText()).replace(/\D/g, ""));

describe("the story", () => {
  for (const width of [1440, 360]) {
    test(`from a new code to its place among the numbers, ${width} pixels wide`, async () => {
      await onPage(open, { width }, async (page) => {
        const mentor = `usr_story_${width}`;
        await page.goto("/console");
        await page.getByLabel("Organisation").fill(ORG);
        await page.getByRole("button", { name: "Open" }).click();
        await settled(page);
        const before = await numberIn(tile(page, "Recruited"));
        const clicksBefore = await numberIn(tile(page, "Clicks"));

        await page.getByRole("link", { name: "Codes" }).click();
        await settled(page);
        await page.getByRole("button", { name: "New code" }).click();
        await page.getByRole("dialog").getByLabel("Mentor").fill(mentor);
        await page.getByLabel("Text of the code").fill(`story-${width}-x1`);
        await page.getByRole("button", { name: "Make the code" }).click();
        await settled(page);
        await page.locator(".code.big").waitFor();
        const code = await page.locator(".code.big").innerText();
        assert.equal(code, `STORY-${width}-X1`);
        assert.match(await toast(page).innerText(), new RegExp(code));

        // The short link is copied, and somebody follows it.
        await page.getByRole("button", { name: "Copy" }).first().click();
        const link = await page.evaluate(() => navigator.clipboard.readText());
        assert.equal(link, `${open.origin}/r/${code}`);
        const visit = await open.call("GET", new URL(link).pathname);
        assert.equal(visit.status, 302);
        const click = new URL(visit.headers.get("location")).searchParams.get("click");
        assert.match(click, /^attr_/);

        await page.getByRole("link", { name: "Clicks" }).click();
        await settled(page);
        await page.getByLabel("Code").fill(code.toLowerCase().replaceAll("-", " "));
        await page.getByRole("button", { name: "Filter" }).click();
        await settled(page);
        const row = page.locator("tbody tr");
        assert.equal(await row.count(), 1);
        await row.getByRole("button", { name: "Confirm" }).click();
        await page.getByRole("dialog").getByLabel("Member").fill(`usr_new_${width}`);
        await page.getByRole("dialog").getByRole("button", { name: "Confirm" }).click();
        await page.getByRole("dialog").waitFor({ state: "detached" });
        await settled(page);
        assert.match(await row.innerText(), /Confirmed/);

        await page.getByRole("link", { name: "Recruitments" }).click();
        await settled(page);
        await page.getByLabel("Who recruited a member").fill(`usr_new_${width}`);
        await page.getByRole("button", { name: "Filter" }).click();
        await settled(page);
        assert.match(await page.locator("tbody tr").innerText(), new RegExp(mentor));

        await page.getByRole("link", { name: "Overview" }).click();
        await settled(page);
        assert.equal(await numberIn(tile(page, "Recruited")), before + 1);
        assert.equal(await numberIn(tile(page, "Clicks")), clicksBefore + 1);
        const chart = page.locator(".chart img");
        assert.match(await chart.getAttribute("alt"), /Column chart/);
        assert.ok(await chart.evaluate((image) => image.naturalWidth > 0));

        // The leaderboard is as of the last aggregation, which runs every fifteen seconds behind a
        // margin of twenty.
        const deadline = Date.now() + 90_000;
        for (;;) {
          await page.getByLabel("Leaderboard: Period").selectOption("month");
          await settled(page);
          if (await page.getByRole("link", { name: mentor }).count()) break;
          assert.ok(Date.now() < deadline, "the mentor is ranked");
          await page.waitForTimeout(3000);
          await page.getByLabel("Leaderboard: Period").selectOption("all_time");
          await settled(page);
        }
        await page.getByRole("link", { name: mentor }).click();
        await settled(page);
        assert.equal(await page.locator(".code.big").innerText(), code);
      });
    });
  }

  test("a code is rotated, deactivated and invalidated, each after a question", async () => {
    const made = await open.call("POST", "/api/v1/referral-codes", { mentor_id: "usr_turning", org_id: ORG, prefix: "TURN" });
    await onPage(open, {}, async (page) => {
      await page.goto(`/console#/o/${ORG}/codes/${made.json.id}`);
      await settled(page);
      await page.getByRole("button", { name: "Rotate" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
      assert.equal(await page.locator(".code.big").innerText(), made.json.code);
      await page.getByRole("button", { name: "Rotate" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Rotate" }).click();
      await page.waitForURL((url) => !url.href.endsWith(made.json.id));
      await settled(page);
      const turned = await page.locator(".code.big").innerText();
      assert.match(turned, /^TURN-/);
      assert.notEqual(turned, made.json.code);

      await page.getByRole("button", { name: "Deactivate" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Deactivate" }).click();
      await page.locator(".badge.inactive").waitFor();
      await page.getByRole("button", { name: "Invalidate" }).click();
      await page.keyboard.press("Escape");
      assert.equal(await page.locator(".badge.inactive").count(), 1);
      await page.getByRole("button", { name: "Invalidate" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Invalidate" }).click();
      await page.locator(".badge.invalidated").waitFor();
      await settled(page);
      assert.equal(await page.getByRole("button", { name: "Invalidate" }).count(), 0);
    });
  });

  test("terms are changed, and a code is made active again", async () => {
    const made = await open.call("POST", "/api/v1/referral-codes", { mentor_id: "usr_terms", org_id: ORG });
    await onPage(open, {}, async (page) => {
      await page.goto(`/console#/o/${ORG}/codes/${made.json.id}`);
      await settled(page);
      const terms = page.getByRole("region", { name: "Terms" });
      assert.match(await terms.innerText(), /Unlimited/);
      await page.getByRole("button", { name: "Change terms" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Most referrals").fill("5");
      await dialog.getByRole("button", { name: "Save" }).click();
      await terms.getByText("0 of 5 used").waitFor();
      assert.match(await terms.innerText(), /the code’s own/);
      await page.getByRole("button", { name: "Change terms" }).click();
      assert.equal(await dialog.getByLabel("Most referrals").inputValue(), "5");
      await dialog.getByLabel("Most referrals").fill("");
      await dialog.getByRole("button", { name: "Save" }).click();
      await terms.getByText("Unlimited").waitFor();

      await page.getByRole("button", { name: "Deactivate" }).click();
      await dialog.getByRole("button", { name: "Deactivate" }).click();
      await page.getByRole("button", { name: "Make active again" }).click();
      await page.locator(".badge.active").waitFor();
      const { json: now } = await open.call("GET", `/api/v1/referral-codes/${made.json.id}`);
      assert.equal(now.status, "active");
    });
  });

  test("a recruitment is added by its code alone", async () => {
    const made = await open.call("POST", "/api/v1/referral-codes", { mentor_id: "usr_typed", org_id: ORG });
    await onPage(open, {}, async (page) => {
      await page.goto(`/console#/o/${ORG}/recruitments`);
      await settled(page);
      await page.getByRole("button", { name: "Add by code" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Code").fill(made.json.code.toLowerCase());
      await dialog.getByLabel("Member").fill("usr_typed_in");
      await dialog.getByRole("button", { name: "Add by code" }).click();
      const row = page.locator("tbody tr", { hasText: "usr_typed_in" });
      await row.waitFor();
      assert.match(await row.innerText(), /By the code/);
    });
  });

  test("the share page leads to the short link, and counts nobody", async () => {
    const { json: code } = await open.call("POST", "/api/v1/referral-codes", { mentor_id: "usr_shared", org_id: ORG });
    await onPage(open, { width: 360, allowed: ["404"] }, async (page) => {
      await page.goto(`/s/${code.code.toLowerCase()}`);
      assert.equal(await page.getByRole("link", { name: "Join now" }).getAttribute("href"), `${open.origin}/r/${code.code}`);
      const preview = await page.locator("meta[property='og:image']").getAttribute("content");
      assert.equal(preview, `${open.origin}/s/${code.code}/qr`);
      const picture = page.getByAltText("QR code of the link");
      assert.ok(await picture.evaluate((image) => image.complete && image.naturalWidth === 512));
      assert.deepEqual(await accessibilityFaults(page), []);
      const { json: total } = await open.call("GET", "/api/v1/referral-attributions/mentor/usr_shared/total");
      assert.equal(total.total_clicks, 0);
      const nowhere = await page.goto("/s/NO-SUCH-CODE");
      assert.equal(nowhere.status(), 404);
      await page.getByRole("heading", { name: "This link does not work" }).waitFor();
    });
  });

  test("a click is deleted, and leaves the numbers", async () => {
    const made = await open.call("POST", "/api/v1/referral-codes", { mentor_id: "usr_deleted", org_id: ORG });
    await open.call("POST", "/api/v1/referral-attributions", { code: made.json.code });
    await onPage(open, {}, async (page) => {
      await page.goto(`/console#/m/${ORG}/usr_deleted`);
      await settled(page);
      assert.equal(await numberIn(tile(page, "Clicks")), 1);
      await page.goto(`/console#/o/${ORG}/clicks`);
      await settled(page);
      await page.getByLabel("Mentor").fill("usr_deleted");
      await page.getByRole("button", { name: "Filter" }).click();
      await settled(page);
      await page.locator("tbody tr").getByRole("button", { name: "Delete" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
      await page.getByText("No click matches these filters.").waitFor();
      await page.goto(`/console#/m/${ORG}/usr_deleted`);
      await settled(page);
      assert.equal(await numberIn(tile(page, "Clicks")), 0);
    });
  });

  test("a program is made, changed and archived", async () => {
    await onPage(open, {}, async (page) => {
      await page.goto(`/console#/o/${ORG}/programs`);
      await settled(page);
      await page.getByRole("button", { name: "New program" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Name").fill("Autumn");
      await dialog.getByLabel("Most referrals of a code").fill("7");
      await dialog.getByRole("button", { name: "Save" }).click();
      const row = page.locator("tbody tr", { hasText: "Autumn" });
      await row.waitFor();
      assert.match(await row.innerText(), /7/);
      await row.getByRole("button", { name: "Change" }).click();
      await dialog.getByLabel("Most referrals of a code").fill("");
      await dialog.getByRole("button", { name: "Save" }).click();
      await row.getByText("Unlimited").waitFor();
      await row.getByRole("button", { name: "Archive" }).click();
      await dialog.getByRole("button", { name: "Archive" }).click();
      await row.waitFor({ state: "detached" });
    });
  });
});

describe("what fails", () => {
  test("a refusal is shown at the field that it names", async () => {
    await onPage(open, { allowed: ["400"] }, async (page) => {
      await page.goto(`/console#/o/${ORG}/codes`);
      await settled(page);
      await page.getByRole("button", { name: "New code" }).click();
      const mentor = page.getByRole("dialog").getByLabel("Mentor");
      await mentor.fill("a # b");
      await page.getByRole("button", { name: "Make the code" }).click();
      await page.locator("[aria-invalid]").waitFor();
      assert.equal(await mentor.getAttribute("aria-invalid"), "true");
      const fault = await mentor.getAttribute("aria-errormessage");
      assert.match(await page.locator(`#${fault}`).innerText(), /must be 1 to 128 characters/);
      assert.ok(await mentor.evaluate((input) => input === document.activeElement));
    });
  });

  test("a conflict leads to what is in the way", async () => {
    const made = await open.call("POST", "/api/v1/referral-codes", { mentor_id: "usr_taken", org_id: ORG });
    await onPage(open, { allowed: ["409"] }, async (page) => {
      await page.goto(`/console#/o/${ORG}/codes`);
      await settled(page);
      await page.getByRole("button", { name: "New code" }).click();
      await page.getByRole("dialog").getByLabel("Mentor").fill("usr_taken");
      await page.getByLabel("Text of the code").fill("ANOTHER-ONE");
      await page.getByRole("button", { name: "Make the code" }).click();
      await page.getByRole("link", { name: "Show the one in the way" }).click();
      await settled(page);
      assert.equal(await page.locator(".code.big").innerText(), made.json.code);
      assert.equal(await page.getByRole("dialog").count(), 0);
    });
  });

  test("a code that does not exist says so", async () => {
    await onPage(open, { allowed: ["404"] }, async (page) => {
      await page.goto(`/console#/o/${ORG}/codes/rc_019ba72246807000800000000000ffff`);
      await page.getByRole("alert").waitFor();
      assert.match(await page.getByRole("alert").innerText(), /Not found/);
    });
  });

  for (const [status, text] of [[503, /Busy at the moment/], [429, /Wait 7 seconds/], [500, /give its operator this number: req-1/]]) {
    test(`${status} says what to do, and can be tried again`, async () => {
      await onPage(open, { allowed: [String(status)] }, async (page) => {
        let failing = true;
        await page.route("**/api/v1/referral-codes?*", (route) => (failing
          ? route.fulfill({ status, headers: { "retry-after": "7", "x-request-id": "req-1" }, contentType: "application/problem+json", body: '{"detail":"x","code":"x"}' })
          : route.continue()));
        await page.goto(`/console#/o/${ORG}/codes`);
        await page.getByRole("alert").waitFor();
        assert.match(await page.getByRole("alert").innerText(), text);
        failing = false;
        await page.getByRole("button", { name: "Try again" }).click();
        await page.locator("tbody tr").first().waitFor();
      });
    });
  }

  test("a connection that is gone says so", async () => {
    await onPage(open, { allowed: ["ERR_"] }, async (page) => {
      await page.route("**/api/v1/referral-codes?*", (route) => route.abort("connectionrefused"));
      await page.goto(`/console#/o/${ORG}/codes`);
      await page.getByRole("alert").waitFor();
      assert.match(await page.getByRole("alert").innerText(), /could not be reached/);
    });
  });

  test("what is sent twice by one hand has one effect", async () => {
    await onPage(open, { allowed: ["ERR_"] }, async (page) => {
      await page.goto(`/console#/o/${ORG}/programs`);
      await settled(page);
      // The answer is lost on its way: the program is made all the same.
      let lost = false;
      await page.route("**/api/v1/referral-programs", async (route) => {
        if (lost || route.request().method() !== "POST") return route.continue();
        lost = true;
        await route.fetch();
        return route.abort("connectionreset");
      });
      await page.getByRole("button", { name: "New program" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Name").fill("Once only");
      await dialog.getByRole("button", { name: "Save" }).click();
      await dialog.getByRole("alert").waitFor();
      await dialog.getByRole("button", { name: "Save" }).click();
      await dialog.waitFor({ state: "detached" });
      await settled(page);
      assert.equal(await page.locator("tbody tr", { hasText: "Once only" }).count(), 1);
    });
  });

  test("an organisation without anything says how to begin", async () => {
    await onPage(open, {}, async (page) => {
      for (const [section, text] of [["codes", /Make the first one/], ["clicks", /follows a short link/], ["recruitments", /Confirm a click/], ["programs", /common terms/], ["overview", /Nobody is ranked yet/]]) {
        await page.goto(`/console#/o/org_empty/${section}`);
        await page.getByText(text).waitFor();
      }
      await page.goto("/console#/m/org_empty/usr_first");
      await page.getByRole("button", { name: "Make my code" }).click();
      await page.locator(".code.big").waitFor();
    });
  });

  test("what others wrote is text", async () => {
    const { json: code } = await open.call("POST", "/api/v1/referral-codes", { mentor_id: "usr_markup", org_id: "org_markup" });
    await open.call("POST", "/api/v1/referral-programs", { org_id: "org_markup", name: "<img src=x onerror=alert(1)>", currency_id: "NOK" });
    await open.call("POST", "/api/v1/referral-attributions", { code: code.code, referrer_url: "https://x.org/<script>alert(1)</script>" });
    await onPage(open, {}, async (page) => {
      await page.goto("/console#/o/org_markup/programs");
      await page.getByText("<img src=x onerror=alert(1)>").first().waitFor();
      await page.goto("/console#/o/org_markup/clicks");
      await page.locator("tbody tr").waitFor();
      assert.equal(await page.locator("main img").count(), 0);
    });
  });
});

describe("tokens", () => {
  let closed;
  before(async () => { closed = await startPlatform({ access: "token" }); });
  after(async () => { await closed?.stop(); });

  test("one is asked for, kept in memory alone, and forgotten", async () => {
    const token = closed.token("ROLE_ORG");
    await onPage(closed, { allowed: ["401"] }, async (page, context) => {
      const addresses = [];
      page.on("request", (request) => addresses.push(request.url()));
      await page.goto(`/console#/o/${ORG}/overview`);
      const field = page.getByLabel("Token or API key");
      await field.fill("not-a-token");
      await page.getByRole("button", { name: "Use it" }).click();
      await page.getByText("It was not accepted.").waitFor();
      await field.fill(token);
      await page.getByRole("button", { name: "Use it" }).click();
      await settled(page);
      assert.ok(await numberIn(tile(page, "Clicks")) > 100);

      const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, history.state]));
      assert.ok(!stored.includes(token));
      assert.ok(!addresses.some((address) => address.includes(token)));
      assert.deepEqual(await context.cookies(), []);

      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByLabel("Token or API key").waitFor();
      await page.getByLabel("Token or API key").fill(token);
      await page.keyboard.press("Enter");
      await settled(page);
      await page.reload();
      await page.getByLabel("Token or API key").waitFor();
    });
  });

  test("a mentor sees their own page and no section of staff", async () => {
    const token = closed.token("ROLE_MENTOR", "usr_jan");
    await onPage(closed, { allowed: ["401", "403"] }, async (page) => {
      await page.goto(`/console#/m/${ORG}/usr_jan`);
      await page.getByLabel("Token or API key").fill(token);
      await page.keyboard.press("Enter");
      await settled(page);
      assert.match(await page.locator(".code.big").innerText(), /^JAN-VERV-/);
      await page.goto(`/console#/o/${ORG}/programs`);
      await page.getByRole("alert").waitFor();
      assert.match(await page.getByRole("alert").innerText(), /Not allowed/);
    });
  });

  test("a key is made, shown once, used and revoked", async () => {
    const token = closed.token("ROLE_ORG");
    await onPage(closed, { allowed: ["401"] }, async (page) => {
      await page.goto(`/console#/o/${ORG}/keys`);
      await page.getByText("Only an organisation’s staff can see this").waitFor();
      await page.getByLabel("Token or API key").fill(token);
      await page.keyboard.press("Enter");
      await settled(page);
      await page.getByRole("button", { name: "New key" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Name").fill("Sign-up server");
      await dialog.getByLabel("codes:read").check();
      await dialog.getByRole("button", { name: "Make the key" }).click();
      await page.getByText("It is shown this once.").waitFor();
      const key = await page.locator(".secret code").innerText();
      assert.match(key, /^vrv_/);
      const asked = await closed.call("GET", `/api/v1/referral-codes?org_id=${ORG}`, undefined, { authorization: `Bearer ${key}` });
      assert.equal(asked.status, 200);
      await page.getByRole("button", { name: "Close" }).click();
      await settled(page);
      assert.ok(!(await page.content()).includes(key));
      await page.getByRole("button", { name: "Revoke" }).click();
      await dialog.getByRole("button", { name: "Revoke" }).click();
      await page.locator(".badge.revoked").waitFor();
    });
  });

  test("a webhook is made, its secret shown once, tested, disabled and deleted", async () => {
    const token = closed.token("ROLE_ORG");
    await onPage(closed, { allowed: ["401", "409"] }, async (page) => {
      await page.goto(`/console#/o/${ORG}/webhooks`);
      await page.getByText("Only an organisation’s staff can see this").waitFor();
      await page.getByLabel("Token or API key").fill(token);
      await page.keyboard.press("Enter");
      await settled(page);
      await page.getByText("No webhooks.").waitFor();
      await page.getByRole("button", { name: "New webhook" }).click();
      const dialog = page.getByRole("dialog");
      // Nothing listens there: the test fails at once and is to be tried again.
      await dialog.getByLabel("Address").fill("http://127.0.0.1:9/verv");
      await dialog.getByLabel("attribution.confirmed").check();
      await dialog.getByRole("button", { name: "Make the webhook" }).click();
      await page.getByText("Copy the secret now").waitFor();
      const secret = await page.locator(".secret code").innerText();
      assert.match(secret, /^whsec_/);
      await page.getByRole("button", { name: "Close" }).click();
      await dialog.waitFor({ state: "detached" });
      await settled(page);
      assert.ok(!(await page.content()).includes(secret));
      await page.getByRole("link", { name: "http://127.0.0.1:9/verv" }).click();
      await page.getByText("Nothing has been delivered.").waitFor();
      assert.deepEqual(await accessibilityFaults(page), []);

      await page.getByRole("button", { name: "Send a test" }).click();
      const row = page.locator("tbody tr", { hasText: "webhook.test" });
      await row.locator(".badge.pending").waitFor();
      await row.getByRole("button", { name: "Replay" }).click();
      await page.getByText("It goes out once more").waitFor();
      await settled(page);
      for (const width of [360, 1440]) {
        await page.setViewportSize({ width, height: 800 });
        assert.deepEqual(await accessibilityFaults(page), []);
        const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(excess <= 0, `${width}: ${excess} pixels`);
      }

      await page.getByRole("button", { name: "New secret" }).click();
      await dialog.getByRole("button", { name: "New secret" }).click();
      await page.getByText("Copy the secret now").waitFor();
      assert.notEqual(await page.locator(".secret code").innerText(), secret);
      await page.getByRole("button", { name: "Close" }).click();
      await dialog.waitFor({ state: "detached" });
      await page.getByRole("button", { name: "Disable" }).click();
      await dialog.getByRole("button", { name: "Disable" }).click();
      await page.locator(".badge.disabled").waitFor();
      assert.equal(await page.getByRole("button", { name: "Send a test" }).count(), 0);
      await row.getByRole("button", { name: "Replay" }).click();
      await page.getByText("Nothing is delivered to a webhook that is disabled.").waitFor();
      await page.getByRole("button", { name: "Enable" }).click();
      await page.locator(".badge.enabled").waitFor();
      await page.getByRole("button", { name: "Delete" }).click();
      await dialog.getByRole("button", { name: "Delete" }).click();
      await page.getByText("No webhooks.").waitFor();
    });
  });

  test("a person is shown, handed over and erased", async () => {
    const token = closed.token("ROLE_ORG");
    const authorization = `Bearer ${token}`;
    const { json: code } = await closed.call("POST", "/api/v1/referral-codes", { mentor_id: "usr_m", org_id: ORG }, { authorization });
    const { json: click } = await closed.call("POST", "/api/v1/referral-attributions", { code: code.code });
    await closed.call("PUT", `/api/v1/referral-attributions/${click.id}`, { code: code.code, new_member_id: "usr_leaving" }, { authorization });
    await onPage(closed, { allowed: ["401"] }, async (page) => {
      await page.goto(`/console#/o/${ORG}/privacy`);
      await page.getByLabel("Their id").fill("usr_leaving");
      await page.getByRole("button", { name: "Show what is kept" }).click();
      await page.getByLabel("Token or API key").fill(token);
      await page.keyboard.press("Enter");
      await page.getByLabel("Their id").fill("usr_leaving");
      await page.getByRole("button", { name: "Show what is kept" }).click();
      await page.getByText("Kept about usr_leaving").waitFor();
      const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download as JSON" }).click()]);
      assert.equal(file.suggestedFilename(), "usr_leaving.json");
      await page.getByRole("button", { name: "Erase this person" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Their id").fill("usr_other");
      await dialog.getByRole("button", { name: "Erase this person" }).click();
      await page.getByText("is not the id above").waitFor();
      await dialog.getByLabel("Their id").fill("usr_leaving");
      await dialog.getByRole("button", { name: "Erase this person" }).click();
      await page.getByText("Nothing is kept about usr_leaving.").waitFor();
    });
  });
});

describe("for everyone", () => {
  test("the reader's language is chosen, and can be switched", async () => {
    await onPage(open, { locale: "nb-NO" }, async (page) => {
      await page.goto(`/console#/o/${ORG}/overview`);
      await settled(page);
      assert.equal(await page.getAttribute("html", "lang"), "nb");
      await page.getByRole("heading", { name: "Toppliste" }).waitFor();
      assert.match(await tile(page, "Konverteringsrate").innerText(), /\d,?\d*\s%/);
      await page.getByRole("button", { name: "English" }).click();
      await page.getByRole("heading", { name: "Leaderboard" }).waitFor();
      assert.equal(await page.getAttribute("html", "lang"), "en");
    });
    await onPage(open, { locale: "de-DE" }, async (page) => {
      await page.goto("/");
      await page.getByRole("heading", { name: "Referral codes, clicks and recruitments" }).waitFor();
      await page.getByRole("button", { name: "Norsk" }).click();
      await page.getByRole("heading", { name: "Vervekoder, klikk og vervinger" }).waitFor();
    });
  });

  test("a keyboard reaches everything", async () => {
    await onPage(open, {}, async (page) => {
      await page.goto("/console");
      await settled(page);
      await page.keyboard.press("Tab");
      assert.equal(await page.evaluate(() => document.activeElement.id), "skip");
      await page.keyboard.press("Enter");
      assert.equal(await page.evaluate(() => document.activeElement.id), "main");
      await page.keyboard.press("Tab");
      await page.keyboard.type(ORG);
      await page.keyboard.press("Enter");
      await page.waitForURL(/overview/);
      await settled(page);
      assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1");
      await page.goto(`/console#/o/${ORG}/codes`);
      await settled(page);
      const opener = page.getByRole("button", { name: "New code" });
      await opener.focus();
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      assert.ok(await opener.evaluate((button) => button === document.activeElement));
      const outline = await opener.evaluate((button) => getComputedStyle(button).outlineStyle);
      assert.equal(outline, "solid");
    });
  });

  const views = ["/", "/docs", "/console", `/console#/o/${ORG}/overview`, `/console#/o/${ORG}/codes`, `/console#/o/${ORG}/clicks`, `/console#/o/${ORG}/recruitments`, `/console#/o/${ORG}/programs`, `/console#/m/${ORG}/usr_jan`];
  for (const scheme of ["light", "dark"]) {
    for (const width of [360, 1440]) {
      test(`nothing is too wide nor hard to reach: ${scheme}, ${width} pixels`, async () => {
        await onPage(open, { scheme, width }, async (page) => {
          for (const view of views) {
            await page.goto("about:blank");
            await page.goto(view);
            await settled(page);
            assert.deepEqual(await accessibilityFaults(page), [], view);
            const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            assert.ok(excess <= 0, `${view}: ${excess} pixels`);
          }
          await page.goto(`/console#/o/${ORG}/codes`);
          await settled(page);
          await page.getByRole("button", { name: "New code" }).click();
          assert.deepEqual(await accessibilityFaults(page), [], "a dialog");
        });
      });
    }
  }

  test("the first paint needs at most 60 kB in at most 8 requests", async () => {
    await onPage(open, {}, async (page, context) => {
      const devtools = await context.newCDPSession(page);
      await devtools.send("Network.enable");
      let bytes = 0;
      let requests = 0;
      devtools.on("Network.loadingFinished", ({ encodedDataLength }) => {
        bytes += encodedDataLength;
        requests += 1;
      });
      await page.goto("/console", { waitUntil: "networkidle" });
      await settled(page);
      assert.ok(requests >= 3 && requests <= 8, `${requests} requests`);
      assert.ok(bytes > 5_000 && bytes <= 60_000, `${bytes} bytes`);
      console.log(`first paint: ${bytes} bytes in ${requests} requests`);
    });
  });

  test("a request of the document is tried", async () => {
    await onPage(open, {}, async (page) => {
      await page.goto("/docs#getReferralCodeRecord");
      await settled(page);
      await page.goto("/docs#listReferralCodes");
      const operation = page.locator("#listReferralCodes");
      await operation.getByLabel("limit").fill("1");
      await operation.getByRole("button", { name: "Send" }).click();
      await operation.locator(".result .status", { hasText: "200" }).waitFor();
      assert.match(await operation.locator(".result pre").last().innerText(), /"pagination"/);
    });
  });

  test("the document says what webhooks are sent", async () => {
    await onPage(open, {}, async (page) => {
      await page.goto("/docs#sent-attribution.confirmed");
      const sent = page.locator('[id="sent-attribution.confirmed"]');
      await sent.getByText("webhook-signature").waitFor();
      await sent.getByText("new_member_id").first().waitFor();
      assert.equal(await sent.getByRole("button", { name: "Send" }).count(), 0);
      assert.deepEqual(await accessibilityFaults(page), []);
    });
  });

  test("a mentor shares by the browser's sheet, or by a copy", async () => {
    await onPage(open, {}, async (page) => {
      await page.addInitScript(() => {
        window.shared = [];
        navigator.share = async (what) => { window.shared.push(what); };
      });
      await page.goto(`/console#/m/${ORG}/usr_jan`);
      await settled(page);
      await page.getByRole("button", { name: "Share" }).click();
      const [shared] = await page.evaluate(() => window.shared);
      assert.match(shared.url, /\/r\/JAN-VERV-/);
      await page.evaluate(() => { Object.defineProperty(navigator, "share", { value: undefined }); });
      await page.getByRole("button", { name: "Share" }).click();
      assert.match(await toast(page).innerText(), /Copied/);
      assert.match(await page.evaluate(() => navigator.clipboard.readText()), /\/r\/JAN-VERV-/);
    });
  });
});
