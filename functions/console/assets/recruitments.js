// The recruitments of an organisation by when they were confirmed, and who recruited a member.

import { get, post, segment } from "./api.js";
import { deletion, joined } from "./clicks.js";
import { hasText, moment, t } from "./text.js";
import { announce, button, empty, field, fill, filterForm, formDialog, h, instant, link, pages, table } from "./ui.js";

const BASE = "/api/v1/referral-conversions";

export function show(view, { org }) {
  const list = h("div", {});
  let filter = {};
  const load = () => fill(list, () => recruitments(org, filter, load, () => find.reset()));
  const find = filterForm([
    field("new_member_id", t("recruitments.find"), { type: "search", hint: t("clicks.member.hint"), maxlength: 128, spellcheck: "false" }),
    field("mentor_id", t("mentor"), { type: "search", maxlength: 128, spellcheck: "false" }),
    field("code", t("code"), { type: "search", maxlength: 100, spellcheck: "false" }),
  ], (given) => {
    filter = given;
    return load();
  });
  view.querySelector("h1").after(h("div", { class: "aside" }, button(t("recruitments.new"), () => add(load), "primary")));
  view.append(find, h("section", { class: "panel", "aria-label": t("nav.recruitments") }, list));
  load();
}

function recruitments(org, filter, load, reset) {
  const isFiltered = Object.values(filter).some(Boolean);
  return pages(
    (cursor) => get(BASE, { org_id: org, ...filter, cursor }),
    (rows) => table(t("nav.recruitments"), [
      [t("member"), (row) => row.new_member_id],
      [t("when"), (row) => moment(row.confirmed_at), "when"],
      [t("mentor"), (row) => link(row.mentor_id, `#/m/${segment(org)}/${segment(row.mentor_id)}`)],
      [t("code"), (row) => h("span", { class: "code" }, row.code)],
      [t("recruitments.source"), (row) => (hasText(`source.${row.source}`) ? t(`source.${row.source}`) : row.source)],
      [t("actions"), (row) => deletion(row, load), "actions"],
    ], rows),
    () => (isFiltered ? empty(t("recruitments.none"), button(t("clear"), reset)) : empty(t("recruitments.empty"))));
}

function add(load) {
  formDialog(t("recruitments.new"), [
    h("p", {}, t("recruitments.new.text")),
    field("code", t("code"), { required: true, hint: t("codes.find.hint"), maxlength: 100, spellcheck: "false" }),
    ...joined(),
  ], t("recruitments.new"), async (given) => {
    const { answer } = await post(BASE, { ...given, confirmed_at: instant(given.confirmed_at) });
    announce(t("clicks.confirmed", { member: answer.new_member_id, mentor: answer.mentor_id }));
    load();
  });
}
