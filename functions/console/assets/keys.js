// The API keys of an organisation: made, shown once, revoked.

import { get, post, remove, segment } from "./api.js";
import { day, t } from "./text.js";
import { announce, badge, button, checks, confirmDialog, copyButton, dialog, empty, field, fill, formDialog, h, instant, pages, table } from "./ui.js";

const BASE = "/api/v1/api-keys";
const SCOPES = ["codes:read", "codes:write", "clicks:write", "attributions:read", "conversions:write", "stats:read", "events:read", "programs:read", "programs:write", "webhooks:read", "webhooks:write"];

export function show(view, { org }) {
  const list = h("div", {});
  const load = () => fill(list, () => keys(org, load));
  view.querySelector("h1").after(h("div", { class: "aside" }, button(t("keys.new"), () => make(org, load), "primary")));
  view.append(h("section", { class: "panel", "aria-label": t("nav.keys") }, list));
  load();
}

function keys(org, load) {
  return pages(
    (cursor) => get(BASE, { org_id: org, cursor }),
    (rows) => table(t("nav.keys"), [
      [t("keys.name"), (row) => row.name],
      [t("status"), (row) => badge(row.status)],
      [t("keys.scopes"), (row) => h("span", { class: "scopes" }, row.scopes.map((scope) => h("code", {}, scope)))],
      [t("keys.used"), (row) => (row.last_used_on ? day(row.last_used_on) : t("never")), "when"],
      [t("expires"), (row) => (row.expires_at ? day(row.expires_at) : t("never")), "when"],
      [t("actions"), (row) => row.status === "active" ? revocation(row, load) : "", "actions"],
    ], rows),
    () => empty(t("keys.empty")));
}

function revocation(key, load) {
  const values = { name: key.name };
  return button(t("keys.revoke"), () => confirmDialog(t("keys.revoke"), t("keys.revoke.text", values), async () => {
    await remove(`${BASE}/${segment(key.id)}`);
    announce(t("keys.revoked", values));
    load();
  }), "danger quiet");
}

function make(org, load) {
  formDialog(t("keys.new"), [
    field("name", t("keys.name"), { required: true, maxlength: 120 }),
    checks("scopes", t("keys.scopes"), SCOPES.map((scope) => [scope, h("code", {}, scope)])),
    field("expires_at", t("expires"), { type: "datetime-local" }),
  ], t("keys.make"), async (given) => {
    const { answer } = await post(BASE, { org_id: org, name: given.name, scopes: given.scopes, expires_at: instant(given.expires_at) });
    load();
    if (answer.key) reveal(answer.key);
  });
}

/** The text of a key, which is nowhere else. */
function reveal(text) {
  dialog(t("keys.shown"), (close) => [
    h("p", {}, t("keys.shown.text")),
    h("p", { class: "secret" }, h("code", {}, text)),
    h("div", { class: "buttons" }, button(t("close"), close, "quiet"), copyButton(text)),
  ]);
}
