// The frame of the console: which view is shown, for whom, in which language, with which
// credential. The address says all but the credential.

import { hasCredential, segment, useCredential } from "./api.js";
import { currentLanguage, switchLanguage, t } from "./text.js";
import { announce, button, field, form, h, link } from "./ui.js";

const SECTIONS = {
  overview: () => import("./overview.js"),
  codes: () => import("./codes.js"),
  clicks: () => import("./clicks.js"),
  recruitments: () => import("./recruitments.js"),
  programs: () => import("./programs.js"),
  webhooks: () => import("./webhooks.js"),
  keys: () => import("./keys.js"),
  privacy: () => import("./privacy.js"),
};

/** Those that need a credential even where the API is public. */
const FOR_STAFF = ["webhooks", "keys", "privacy"];

const main = document.getElementById("main");
const header = document.getElementById("header");

/** What the address says: `#/o/<organisation>/<section>/<id>` or `#/m/<organisation>/<mentor>`. */
function route() {
  const [, kind, org, name, id] = location.hash.split("/").map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  if (kind === "o" && org) return { kind, org, section: name in SECTIONS ? name : "overview", id };
  if (kind === "m" && org && name) return { kind, org, mentor: name };
  return { kind: "start" };
}

function heading(text) {
  document.title = text === "Verv" ? text : `${text} · Verv`;
  return h("h1", { tabindex: "-1" }, text);
}

async function render({ moved } = {}) {
  const current = route();
  document.getElementById("skip").textContent = t("skip");
  showHeader(current);
  const view = h("div", { class: `view ${current.section ?? current.kind}` });
  main.replaceChildren(view);
  if (current.kind === "start") {
    start(view);
  } else {
    const load = current.kind === "m" ? () => import("./mentor.js") : SECTIONS[current.section];
    const { show } = await load();
    if (!view.isConnected) return;
    const title = current.kind === "m" ? current.mentor : t(`nav.${current.section}`);
    view.append(heading(title));
    show(view, current);
  }
  if (moved) main.querySelector("h1")?.focus();
}

function showHeader({ kind, org, section }) {
  const other = currentLanguage() === "en" ? "nb" : "en";
  const tools = [
    button(t("language.other"), () => {
      switchLanguage();
      render();
    }, "quiet language"),
    hasCredential() && button(t("key.forget"), () => {
      useCredential(null);
      announce(t("key.forgotten"));
      render();
    }, "quiet"),
  ];
  tools[0].lang = other;
  const sections = kind === "o" && h("nav", { "aria-label": t("nav.label") },
    h("ul", {}, Object.keys(SECTIONS).map((name) => h("li", {},
      link(t(`nav.${name}`), `#/o/${segment(org)}/${name}`, {
        "aria-current": name === section ? "page" : undefined,
      })))));
  header.replaceChildren(...[
    h("div", { class: "bar" },
      link("Verv", "/", { class: "mark" }),
      org && link(org, "#/", { class: "org", title: t("start.change"), "aria-label": `${org}: ${t("start.change")}` }),
      h("div", { class: "tools" }, tools.filter(Boolean))),
    sections,
  ].filter(Boolean));
  header.querySelector("[aria-current]")?.scrollIntoView?.({ block: "nearest", inline: "center" });
}

/** Asks whose numbers are to be seen. */
function start(view) {
  view.append(
    heading(t("start.title")),
    h("p", { class: "lead" }, t("start.lead")),
    form([
      field("org", t("start.org"), { hint: t("start.org.hint"), required: true, maxlength: 128, autocapitalize: "none", spellcheck: "false" }),
      field("mentor", t("start.mentor"), { hint: t("start.mentor.hint"), maxlength: 128, autocapitalize: "none", spellcheck: "false" }),
    ], t("start.go"), async ({ org, mentor }) => {
      location.hash = mentor ? `#/m/${segment(org)}/${segment(mentor)}` : `#/o/${segment(org)}/overview`;
    }));
}

/** Asks for a credential where an answer was that it takes one. */
function gate() {
  const current = route();
  const refused = hasCredential();
  useCredential(null);
  showHeader(current);
  const view = h("div", { class: "view gate" },
    heading(t("key.title")),
    FOR_STAFF.includes(current.section) && h("p", { class: "lead" }, t("key.staff")),
    refused && h("p", { class: "fault summary", role: "alert" }, t("key.refused")),
    h("p", {}, t("key.lead")),
    form([
      field("credential", t("key.field"), { type: "password", required: true, spellcheck: "false" }),
    ], t("key.use"), async ({ credential }) => {
      useCredential(credential);
      await render({ moved: true });
    }));
  main.replaceChildren(view);
  view.querySelector("input").focus();
}

document.getElementById("app").addEventListener("unauthorized", (event) => {
  if (!event.target.closest("dialog")) gate();
});
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
window.addEventListener("hashchange", () => {
  document.querySelectorAll("dialog").forEach((open) => open.close());
  window.scrollTo(0, 0);
  render({ moved: true });
});
render();
