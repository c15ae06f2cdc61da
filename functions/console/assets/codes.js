// The codes of an organisation: found, made, and listed.

import { get, post, segment } from "./api.js";
import { programOptions } from "./programs.js";
import { day, t } from "./text.js";
import { announce, badge, button, empty, field, fill, filterForm, formDialog, h, instant, link, pages, table, whole } from "./ui.js";
import { showCode } from "./code.js";

const BASE = "/api/v1/referral-codes";
const RECORDS = "/api/v1/referral-code-records";
const STATUSES = ["", "active", "inactive", "expired", "invalidated"];

export function show(view, { org, id }) {
  if (id) {
    showCode(view, org, id);
    return;
  }
  const list = h("div", {});
  let filter = {};
  const load = () => fill(list, () => codes(org, filter, () => find.reset()));
  const find = filterForm([
    field("code", t("codes.find"), { type: "search", hint: t("codes.find.hint"), maxlength: 100, spellcheck: "false" }),
    field("mentor_id", t("mentor"), { type: "search", maxlength: 128, spellcheck: "false" }),
    field("status", t("status"), { options: STATUSES.map((name) => [name, name ? t(`status.${name}`) : t("all")]) }),
  ], (given) => {
    filter = given;
    return load();
  });
  view.querySelector("h1").after(h("div", { class: "aside" }, button(t("codes.new"), () => makeCode(org, (code) => {
    location.hash = `#/o/${segment(org)}/codes/${code.id}`;
  }), "primary")));
  view.append(find, h("section", { class: "panel", "aria-label": t("nav.codes") }, list));
  load();
}

function codes(org, filter, reset) {
  const isFiltered = Object.values(filter).some(Boolean);
  return pages(
    (cursor) => get(BASE, { org_id: org, ...filter, cursor }),
    (rows) => table(t("nav.codes"), [
      [t("code"), (row) => link(row.code, `#/o/${segment(org)}/codes/${row.id}`, { class: "code" })],
      [t("mentor"), (row) => link(row.mentor_id, `#/m/${segment(org)}/${segment(row.mentor_id)}`)],
      [t("status"), (row) => badge(row.status)],
      [t("made"), (row) => day(row.created_at), "when"],
      [t("expires"), (row) => (row.expires_at ? day(row.expires_at) : t("never")), "when"],
    ], rows),
    () => (isFiltered ? empty(t("codes.none"), button(t("clear"), reset)) : empty(t("codes.empty"))));
}

/** Asks for a new code, and hands it to `made`. */
async function makeCode(org, made) {
  const programs = await programOptions(org);
  formDialog(t("codes.new"), [
    field("mentor_id", t("mentor"), { required: true, hint: t("codes.mentor.hint"), maxlength: 128, spellcheck: "false" }),
    field("code", t("codes.chosen"), { hint: t("codes.chosen.hint"), maxlength: 50, spellcheck: "false" }),
    field("referral_program_id", t("program"), { options: programs }),
    field("max_referrals", t("codes.limit"), { type: "number", min: 1, max: 1000000000, step: 1 }),
    field("expires_at", t("expires"), { type: "datetime-local" }),
  ], t("codes.make"), async (given) => {
    const wanted = { ...given, org_id: org, max_referrals: whole(given.max_referrals), expires_at: instant(given.expires_at) };
    const { answer, made: isNew } = await post(given.code ? RECORDS : BASE, wanted);
    announce(t(isNew ? "codes.made" : "codes.existing", { code: answer.code }));
    made(answer);
  }, { more: (problem) => problem.body.code_id && link(t("error.see"), `#/o/${segment(org)}/codes/${problem.body.code_id}`) });
}
