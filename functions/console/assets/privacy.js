// What is kept about one person: shown, handed over, erased.

import { get, remove, segment } from "./api.js";
import { number, t } from "./text.js";
import { announce, button, download, empty, field, fill, form, formDialog, h, tile } from "./ui.js";
import { Problem } from "./api.js";

const BASE = "/api/v1/privacy";

export function show(view, { org }) {
  const found = h("div", {});
  const find = form([
    field("kind", t("privacy.kind"), { options: ["members", "mentors"].map((kind) => [kind, t(`privacy.${kind}`)]), value: "members" }),
    field("id", t("privacy.id"), { required: true, maxlength: 128, spellcheck: "false" }),
  ], t("privacy.find"), async ({ kind, id }) => {
    const path = `${BASE}/${kind}/${segment(id)}`;
    const load = () => fill(found, () => kept(org, path, id, load));
    await load();
  });
  find.classList.add("filters", "find");
  view.append(h("p", { class: "lead" }, t("privacy.lead")), find, found);
}

/** All pages of what is kept. */
async function everything(org, path) {
  const data = [];
  let counts = {};
  let cursor;
  do {
    const page = await get(path, { org_id: org, cursor });
    data.push(...page.data);
    for (const [kind, count] of Object.entries(page.counts)) counts[kind] = (counts[kind] ?? 0) + count;
    cursor = page.next_cursor;
  } while (cursor);
  return { data, counts };
}

async function kept(org, path, id, load) {
  const known = await everything(org, path);
  const counts = Object.entries(known.counts).filter(([, count]) => count > 0);
  if (counts.length === 0) return empty(t("privacy.nothing", { id }));
  const file = new Blob([JSON.stringify(known, null, 2)], { type: "application/json" });
  return h("section", { class: "panel", "aria-label": t("privacy.found", { id }) },
    h("h2", {}, t("privacy.found", { id })),
    h("dl", { class: "tiles" }, counts.map(([kind, count]) => tile(t(`tally.${kind}`), number(count)))),
    h("div", { class: "buttons" },
      button(t("privacy.erase"), () => erase(org, path, id, load), "danger quiet"),
      button(t("privacy.download"), () => download(file, `${id}.json`))));
}

function erase(org, path, id, load) {
  formDialog(t("privacy.erase"), [
    h("p", {}, t("privacy.erase.text", { id })),
    field("typed", t("privacy.id"), { required: true, spellcheck: "false" }),
  ], t("privacy.erase"), async ({ typed }) => {
    if (typed !== id) {
      throw new Problem(422, { errors: [{ field: "typed", detail: t("privacy.erase.mismatch") }] }, null);
    }
    const receipt = await remove(path, { org_id: org });
    announce(receipt.status === "done" ? t("privacy.erased", { id }) : t("privacy.under_way"));
    load();
  }, { kind: "danger" });
}
