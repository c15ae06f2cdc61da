// The programs of an organisation: made, changed, archived.

import { get, post, put, remove, segment } from "./api.js";
import { day, number, t } from "./text.js";
import { announce, badge, button, checks, confirmDialog, empty, field, fill, formDialog, h, instant, local, pages, table, whole } from "./ui.js";

const BASE = "/api/v1/referral-programs";
const USER_TYPES = ["2", "3", "5"];

export function show(view, { org }) {
  const list = h("div", {});
  const load = () => fill(list, () => programs(org, load));
  view.querySelector("h1").after(h("div", { class: "aside" }, button(t("programs.new"), () => edit(org, null, load), "primary")));
  view.append(h("section", { class: "panel", "aria-label": t("nav.programs") }, list));
  load();
}

function programs(org, load) {
  const limit = (value) => (value === null ? t("unlimited") : number(value));
  return pages(
    (cursor) => get(BASE, { org_id: org, cursor }),
    (rows) => table(t("nav.programs"), [
      [t("programs.name"), (row) => row.name],
      [t("status"), (row) => badge(row.status)],
      [t("programs.currency"), (row) => row.currency_id],
      [t("programs.types"), (row) => row.eligible_user_types.map((type) => t(`user_type.${type}`)).join(", ")],
      [t("programs.limit"), (row) => limit(row.max_referrals_per_code), "number"],
      [t("programs.starts"), (row) => day(row.starts_at), "when"],
      [t("programs.ends"), (row) => day(row.ends_at), "when"],
      [t("actions"), (row) => buttons(org, row, load), "actions"],
    ], rows),
    () => empty(t("programs.empty")));
}

function buttons(org, program, load) {
  const values = { name: program.name };
  const path = `${BASE}/${segment(program.id)}`;
  return h("div", { class: "buttons" }, [
    button(t("programs.change"), () => edit(org, program, load), "quiet"),
    program.status === "active"
      ? button(t("programs.archive"), () => confirmDialog(t("programs.archive"), t("programs.archive.text", values), async () => {
        const { deleted } = await remove(path);
        announce(t(deleted ? "programs.deleted" : "programs.archived", values));
        load();
      }), "danger quiet")
      : button(t("programs.restore"), async () => {
        await put(path, { status: "active" }).then(() => announce(t("programs.saved", values)), (problem) => announce(problem.message));
        load();
      }, "quiet"),
  ]);
}

/** A new program, or a change of `program`. */
function edit(org, program, load) {
  const types = program?.eligible_user_types.map(String) ?? ["2"];
  const count = (name, label, max) => field(name, label, { type: "number", min: 1, max, step: 1, value: program?.[name] ?? undefined });
  formDialog(program ? t("programs.change") : t("programs.new"), [
    field("name", t("programs.name"), { required: true, maxlength: 120, value: program?.name }),
    field("currency_id", t("programs.currency"), { required: true, maxlength: 128, value: program?.currency_id ?? "NOK" }),
    checks("eligible_user_types", t("programs.types"), USER_TYPES.map((type) => [type, t(`user_type.${type}`)]), types),
    count("max_referrals_per_code", t("programs.limit"), 1000000000),
    count("attribution_window_days", t("programs.window"), 3650),
    count("code_ttl_days", t("programs.ttl"), 3650),
    field("starts_at", t("programs.starts"), { type: "datetime-local", value: local(program?.starts_at) }),
    field("ends_at", t("programs.ends"), { type: "datetime-local", value: local(program?.ends_at) }),
  ], t("save"), async (given) => {
    const terms = {
      name: given.name,
      currency_id: given.currency_id,
      eligible_user_types: given.eligible_user_types.map(Number),
      max_referrals_per_code: whole(given.max_referrals_per_code) ?? null,
      attribution_window_days: whole(given.attribution_window_days) ?? null,
      code_ttl_days: whole(given.code_ttl_days) ?? null,
      starts_at: instant(given.starts_at) ?? null,
      ends_at: instant(given.ends_at) ?? null,
    };
    if (program) await put(`${BASE}/${segment(program.id)}`, terms);
    else await post(BASE, { org_id: org, ...terms });
    announce(t("programs.saved", { name: given.name }));
    load();
  });
}

/** The programs that a code may have, as options; `kept` is one of them, whatever its status. */
export async function programOptions(org, kept = null) {
  const none = ["", t("none")];
  try {
    const { data } = await get(BASE, { org_id: org, status: "active", limit: 100 });
    const options = data.map(({ id, name }) => [id, name]);
    if (kept && !options.some(([id]) => id === kept)) options.push([kept, kept]);
    return [none, ...options];
  } catch {
    // Whoever may not see programs leaves a code the one that it has.
    return kept ? [none, [kept, kept]] : [none];
  }
}
