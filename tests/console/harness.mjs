// A platform of its own for a test, and a browser that watches what a page does: every console
// message, every request off the origin, and every page error fails the test that caused it.

import { spawn, execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const binary = process.env.VERV_LOCAL ?? path.join(repository, "target/debug/local");
const packages = createRequire(path.join(repository, "target/console/package.json"));
const { chromium } = packages("playwright-core");
const axe = packages.resolve("axe-core/axe.min.js");

export const ORG = "org_demo";
const KEYS = JSON.stringify({ "*": ["a-key-of-the-console-tests-that-opens-nothing"], platform: ["a-platform-key-of-the-console-tests"] });

async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** `local` with the demonstration's data. */
export async function startPlatform({ access = "public", demo = true } = {}) {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  // Rankings are as of the last fold of details, which waits for five minutes unless told otherwise.
  const fold = { FOLD_WAIT_SECONDS: "0", FOLD_WAITING_FACTS: "1" };
  const env = { ...process.env, ...fold, API_ACCESS: access, TOKEN_KEYS: KEYS, SHORT_BASE_URL: `${origin}/r`, JOIN_BASE_URL: `${origin}/join` };
  const args = ["--in-memory", "--port", String(port), "--dynamodb-port", "0", ...(demo ? ["--demo"] : [])];
  const child = spawn(binary, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (text) => { said += text; });
  await new Promise((resolve, reject) => {
    child.stdout.on("data", (text) => { if (String(text).includes("Verv is up")) resolve(); });
    child.on("exit", (status) => reject(new Error(`local ended with ${status}: ${said}`)));
  });
  return {
    origin,
    token: (role, sub = "usr_staff") => execFileSync(binary, ["token", "--sub", sub, "--role", role, "--org", ORG], { env, encoding: "utf8" }).trim(),
    /** The JSON of an answer to a request from outside of the browser. */
    call: async (method, route, body, headers = {}) => {
      const response = await fetch(origin + route, {
        method,
        redirect: "manual",
        headers: { "user-agent": "console tests", ...(body ? { "content-type": "application/json" } : {}), ...headers },
        body: body && JSON.stringify(body),
      });
      return { status: response.status, headers: response.headers, json: await response.json().catch(() => null) };
    },
    stop: async () => {
      child.removeAllListeners("exit");
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

export async function startBrowser() {
  const named = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const executablePath = named.find((file) => file && existsSync(file));
  if (!executablePath) throw new Error("no Chromium: install the package chromium");
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
}

/** A page at `origin` whose misdeeds are counted. */
export async function openPage(browser, origin, { width = 1440, locale = "en-GB", scheme = "light", allowed = [] } = {}) {
  const context = await browser.newContext({
    viewport: { width, height: width < 600 ? 780 : 900 },
    locale,
    colorScheme: scheme,
    timezoneId: "Europe/Oslo",
    reducedMotion: "reduce",
    permissions: ["clipboard-read", "clipboard-write"],
    baseURL: origin,
    isMobile: width < 600,
    hasTouch: width < 600,
    acceptDownloads: true,
  });
  // Assets as they are in a folder, without building them in: for work on the pages.
  if (process.env.VERV_ASSETS) {
    await context.route("**/assets/*/*.{js,css,svg}", (route) =>
      route.fulfill({ path: path.join(process.env.VERV_ASSETS, path.basename(new URL(route.request().url()).pathname)) }));
  }
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const faults = [];
  page.on("console", (message) => {
    // Chromium itself writes a line for each answer that is an error; tests name those they want.
    const text = message.text();
    const isAllowed = allowed.some((status) => text.includes(`the server responded with a status of ${status}`) || text.includes(status));
    if (!isAllowed) faults.push(`console: ${text}`);
  });
  page.on("pageerror", (error) => faults.push(`error: ${error}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !/^(data|blob):/.test(url)) faults.push(`request: ${url}`);
  });
  return { page, context, faults };
}

/** What axe finds that is serious or critical. */
export async function accessibilityFaults(page) {
  // The page's own policy keeps scripts out that are written into it: this one is evaluated by the
  // browser's debugger, as the tests' own code is.
  await page.evaluate((await import("node:fs")).readFileSync(axe, "utf8"));
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations
    .filter(({ impact }) => ["serious", "critical"].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
}

/** Waits until nothing is loading. */
export async function settled(page) {
  await page.waitForFunction(() => document.querySelector("h1") && !document.querySelector("[aria-busy]"));
  await page.waitForFunction(() => Array.from(document.images).every((image) => image.complete));
}
