// The attributions of an organisation: clicks to confirm, and what became of them.

import { get, put, remove, segment } from "./api.js";
import { moment, t } from "./text.js";
import { announce, badge, button, confirmDialog, empty, field, fill, filterForm, formDialog, h, instant, link, pages, table } from "./ui.js";

const BASE = "/api/v1/referral-attributions";
const STATUSES = ["", "pending", "confirmed"];

export function show(view, { org }) {
  const list = h("div", {});
  let filter = {};
  const load = () => fill(list, () => clicks(org, filter, load, () => find.reset()));
  const find = filterForm([
    field("code", t("code"), { type: "search", hint: t("codes.find.hint"), maxlength: 100, spellcheck: "false" }),
    field("mentor_id", t("mentor"), { type: "search", maxlength: 128, spellcheck: "false" }),
    field("status", t("status"), { options: STATUSES.map((name) => [name, name ? t(`status.${name}`) : t("all")]) }),
    field("from", t("from"), { type: "date" }),
    field("to", t("to"), { type: "date" }),
  ], (given) => {
    filter = { ...given, from: given.from && instant(`${given.from}T00:00`), to: dayAfter(given.to) };
    return load();
  });
  view.append(find, h("section", { class: "panel", "aria-label": t("nav.clicks") }, list));
  load();
}

function clicks(org, filter, load, reset) {
  const isFiltered = Object.values(filter).some(Boolean);
  return pages(
    (cursor) => get(BASE, { org_id: org, ...filter, cursor }),
    (rows) => table(t("nav.clicks"), [
      [t("when"), (row) => moment(row.occurred_at ?? row.created_at), "when"],
      [t("code"), (row) => h("span", { class: "code" }, row.code)],
      [t("mentor"), (row) => link(row.mentor_id, `#/m/${segment(org)}/${segment(row.mentor_id)}`)],
      [t("status"), (row) => badge(row.status)],
      [t("member"), (row) => row.new_member_id ?? "–"],
      [t("referrer"), (row) => host(row.referrer_url)],
      [t("actions"), (row) => buttons(row, load), "actions"],
    ], rows),
    () => (isFiltered ? empty(t("clicks.none"), button(t("clear"), reset)) : empty(t("clicks.empty"))));
}

/** The end of a day that is meant as a whole. */
function dayAfter(text) {
  if (text === undefined) return undefined;
  const [year, month, date] = text.split("-").map(Number);
  return new Date(year, month - 1, date + 1).toISOString().replace(/\.\d+Z$/, "Z");
}

function host(address) {
  try {
    return new URL(address).hostname;
  } catch {
    return "–";
  }
}

function buttons(row, load) {
  return h("div", { class: "buttons" }, [
    row.status === "pending" && button(t("clicks.confirm"), () => confirm(row, load), "quiet"),
    deletion(row, load),
  ].filter(Boolean));
}

/** The button that deletes an attribution. */
export function deletion(row, load) {
  return button(t("clicks.delete"), () => confirmDialog(t("clicks.delete"), t("clicks.delete.text"), async () => {
    await remove(`${BASE}/${segment(row.id)}`);
    announce(t("clicks.deleted"));
    load();
  }), "danger quiet");
}

function confirm(row, load) {
  formDialog(t("clicks.confirm"), [
    h("p", {}, t("clicks.confirm.text", { code: row.code })),
    ...joined(),
  ], t("clicks.confirm"), async (given) => {
    await put(`${BASE}/${segment(row.id)}`, { code: row.code, ...given, confirmed_at: instant(given.confirmed_at) });
    announce(t("clicks.confirmed", { member: given.new_member_id, mentor: row.mentor_id }));
    load();
  });
}

/** Who joined, and when. */
export function joined() {
  return [
    field("new_member_id", t("member"), { required: true, hint: t("clicks.member.hint"), maxlength: 128, spellcheck: "false" }),
    field("confirmed_at", t("clicks.confirmed_at"), { type: "datetime-local", hint: t("clicks.confirmed_at.hint") }),
  ];
}
