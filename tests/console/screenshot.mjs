// docs/console.png: `node tests/console/screenshot.mjs`, once `cargo build --bin local` and
// `.ci/console install` are done. With a folder, every view in light and dark, small and large.

import { mkdirSync } from "node:fs";
import path from "node:path";
import { ORG, openPage, repository, settled, startBrowser, startPlatform } from "./harness.mjs";

const folder = process.argv[2];
const platform = await startPlatform();
const browser = await startBrowser();
try {
  if (folder) await everything();
  else await one();
} finally {
  await browser.close();
  await platform.stop();
}

async function one() {
  const { page } = await openPage(browser, platform.origin, { width: 1200 });
  await page.goto(`/console#/o/${ORG}/overview`);
  await settled(page);
  await page.screenshot({ path: path.join(repository, "docs/console.png"), clip: { x: 0, y: 0, width: 1200, height: 900 } });
}

async function everything() {
  mkdirSync(folder, { recursive: true });
  const { json: codes } = await platform.call("GET", `/api/v1/referral-codes?org_id=${ORG}&mentor_id=usr_jan`);
  await platform.call("POST", "/api/v1/referral-programs", { org_id: ORG, name: "Spring 2027", currency_id: "NOK", max_referrals_per_code: 50, eligible_user_types: [2, 3] });
  const token = platform.token("ROLE_ORG");
  await platform.call("POST", "/api/v1/api-keys", { org_id: ORG, name: "Sign-up server", scopes: ["codes:read", "clicks:write", "conversions:write"] }, { authorization: `Bearer ${token}` });
  const { json: webhook } = await platform.call("POST", "/api/v1/webhooks", { org_id: ORG, url: "https://hooks.example.org/verv", events: ["attribution.confirmed", "limit.reached"] }, { authorization: `Bearer ${token}` });
  await platform.call("POST", `/api/v1/webhooks/${webhook.id}/test`, undefined, { authorization: `Bearer ${token}` });
  const views = {
    home: "/",
    start: "/console",
    overview: `/console#/o/${ORG}/overview`,
    codes: `/console#/o/${ORG}/codes`,
    code: `/console#/o/${ORG}/codes/${codes.data[0].id}`,
    clicks: `/console#/o/${ORG}/clicks`,
    recruitments: `/console#/o/${ORG}/recruitments`,
    programs: `/console#/o/${ORG}/programs`,
    webhooks: `/console#/o/${ORG}/webhooks`,
    webhook: `/console#/o/${ORG}/webhooks/${webhook.id}`,
    keys: `/console#/o/${ORG}/keys`,
    mentor: `/console#/m/${ORG}/usr_jan`,
    docs: "/docs#getOrCreateReferralCode",
    share: `/s/${codes.data[0].code}`,
  };
  const wanted = process.argv.slice(3);
  for (const scheme of ["light", "dark"]) {
    for (const width of [360, 1440]) {
      for (const [name, address] of Object.entries(views)) {
        if (wanted.length && !wanted.includes(name)) continue;
        const { page, context, faults } = await openPage(browser, platform.origin, { width, scheme, locale: scheme === "dark" ? "nb-NO" : "en-GB", allowed: ["401"] });
        await page.goto(address);
        await settled(page).catch(() => {});
        if (["keys", "webhook", "webhooks"].includes(name)) {
          await page.locator("input[type=password]").fill(token);
          await page.keyboard.press("Enter");
          await page.locator("table").waitFor();
        }
        await page.screenshot({ path: path.join(folder, `${name}-${scheme}-${width}.png`), fullPage: name !== "docs" });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wide > 0) console.log(`${name} ${scheme} ${width}: ${wide} pixels too wide`);
        if (faults.length) console.log(name, scheme, width, faults);
        await context.close();
      }
    }
  }
}
