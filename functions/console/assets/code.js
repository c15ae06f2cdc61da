// One code: its links, picture, numbers, terms, and what can be done with it.

import { get, getFile, patch, put, remove, segment } from "./api.js";
import { programOptions } from "./programs.js";
import { moment, number, percent, t } from "./text.js";
import { announce, badge, button, confirmDialog, copyable, download, field, fill, formDialog, h, instant, link, local, picture, tile, whole } from "./ui.js";

const BASE = "/api/v1/referral-codes";
const RECORDS = "/api/v1/referral-code-records";

export function showCode(view, org, id) {
  const place = h("div", {});
  view.querySelector("h1").before(h("p", { class: "back" }, link(`← ${t("codes.back")}`, `#/o/${segment(org)}/codes`)));
  view.append(place);
  const load = () => fill(place, async () => {
    const path = `${BASE}/${segment(id)}`;
    const [code, links, stats, drawing, terms] = await Promise.all([
      get(path), get(`${path}/url`), get(`${path}/stats`), getFile(`${path}/qr`, { margin: 2 }, "image/svg+xml"), get(`${path}/terms`),
    ]);
    return details({ org, code, links, stats, drawing, terms, load });
  });
  load();
}

function details({ org, code, links, stats, drawing, terms, load }) {
  document.title = `${code.code} · Verv`;
  const title = document.querySelector("h1");
  title.textContent = code.code;
  title.classList.add("code", "big");
  return [
    h("section", { class: "panel code-head", "aria-label": t("code") },
      h("div", {},
        h("p", {}, badge(code.status), " ", link(code.mentor_id, `#/m/${segment(org)}/${segment(code.mentor_id)}`),
          h("span", { class: "hint" }, ` · ${t("made")} ${moment(code.created_at)} · ${t("expires")} ${code.expires_at ? moment(code.expires_at) : t("never").toLowerCase()}`)),
        actions(code, terms, org, load)),
      h("dl", { class: "tiles" },
        tile(t("recruited"), number(stats.total_conversions)),
        tile(t("clicks"), number(stats.total_clicks)),
        tile(t("rate"), percent(stats.conversion_rate)))),
    h("div", { class: "columns" },
      h("section", { class: "panel", "aria-label": t("codes.links") },
        h("h2", {}, t("codes.links")),
        h("dl", { class: "links" },
          addresses(links))),
      qr(code, drawing)),
    termsPanel(terms),
  ];
}

/** The links of a code, to copy. */
export function addresses(links) {
  // Where short links have another address than the platform's own, the share page's is not known.
  const share = /^(.*)\/r(\/[^/]+)$/.exec(links.short_url);
  return [
    copyable(t("codes.short"), t("codes.short.hint"), links.short_url),
    share && copyable(t("codes.share"), t("codes.share.hint"), `${share[1]}/s${share[2]}`),
    copyable(t("codes.join"), t("codes.join.hint"), links.url),
  ];
}

/** The code to scan, and to download for print. */
export function qr(code, drawing) {
  const name = `${code.code}.`;
  const png = async () => download(await getFile(`${BASE}/${segment(code.id)}/qr`, { size: 1024 }, "image/png"), `${name}png`);
  return h("section", { class: "panel qr", "aria-label": t("codes.qr") },
    h("h2", {}, t("codes.qr")),
    picture(drawing, t("codes.qr.alt", { code: code.code }), { width: 220, height: 220 }),
    h("div", { class: "buttons" },
      button(t("codes.qr.svg"), () => download(drawing, `${name}svg`), "quiet"),
      button(t("codes.qr.png"), png, "quiet")));
}

/** The terms that hold now, each with where it comes from. */
function termsPanel({ terms, confirmed_referrals: confirmed }) {
  const { max_referrals: limit, expires_at: end, eligible_user_types: types } = terms;
  const term = (label, value, { source }) => h("div", { class: "term" },
    h("dt", {}, label), h("dd", {}, value, " ", h("span", { class: "hint" }, t(`source.of.${source}`))));
  return h("section", { class: "panel", "aria-label": t("codes.terms") },
    h("h2", {}, t("codes.terms")),
    h("dl", { class: "terms" },
      term(t("codes.limit"), limit.value === null ? t("unlimited") : t("codes.limit.used", { count: number(confirmed), limit: number(limit.value) }), limit),
      term(t("expires"), end.value === null ? t("never") : moment(end.value), end),
      term(t("programs.types"), types.value.map((type) => t(`user_type.${type}`)).join(", "), types)));
}

function actions(code, terms, org, load) {
  const values = { code: code.code };
  const path = `${BASE}/${segment(code.id)}`;
  const confirm = (name, done, act) => button(t(`codes.${name}`), () =>
    confirmDialog(t(`codes.${name}`), t(`codes.${name}.text`, values), async () => {
      await act();
      announce(t(done, values));
      load();
    }), name === "invalidate" ? "danger quiet" : "quiet");
  const rotate = button(t("codes.rotate"), () =>
    confirmDialog(t("codes.rotate"), t("codes.rotate.text", values), async () => {
      const made = await put(path, { mentor_id: code.mentor_id, action: "rotate" });
      announce(t("codes.rotated", { code: made.code }));
      location.hash = `#/o/${segment(org)}/codes/${made.id}`;
    }), "quiet");
  const isOver = code.status === "invalidated";
  return h("div", { class: "buttons" }, [
    code.status === "active" && rotate,
    !isOver && button(t("codes.terms.change"), () => changeTerms(org, path, terms.terms, load), "quiet"),
    code.status === "active" && confirm("deactivate", "codes.deactivated", () => put(`${RECORDS}/${segment(code.id)}`, { status: "inactive" })),
    code.status === "inactive" && button(t("codes.activate"), async (event) => {
      event.currentTarget.disabled = true;
      await patch(path, { status: "active" }).then(() => announce(t("codes.activated", values)), (problem) => announce(problem.message));
      load();
    }, "quiet"),
    !isOver && confirm("invalidate", "codes.invalidated", () => remove(path)),
  ].filter(Boolean));
}

/** The code's own terms: a field that is left as it is stays, and an emptied one is taken away. */
async function changeTerms(org, path, terms, load) {
  const own = ({ value, source }) => (source === "code" && value !== null ? value : undefined);
  const before = {
    referral_program_id: own(terms.referral_program_id),
    max_referrals: own(terms.max_referrals)?.toString(),
    expires_at: local(own(terms.expires_at)),
  };
  const programs = await programOptions(org, terms.referral_program_id.value);
  formDialog(t("codes.terms.change"), [
    field("referral_program_id", t("program"), { options: programs, value: before.referral_program_id }),
    field("max_referrals", t("codes.limit"), { type: "number", min: 1, max: 1000000000, step: 1, value: before.max_referrals }),
    field("expires_at", t("expires"), { type: "datetime-local", value: before.expires_at }),
  ], t("save"), async (given) => {
    const read = { referral_program_id: (text) => text, max_referrals: whole, expires_at: instant };
    const changed = Object.keys(read).filter((name) => given[name] !== before[name]);
    await patch(path, Object.fromEntries(changed.map((name) => [name, read[name](given[name]) ?? null])));
    announce(t("codes.terms.changed"));
    load();
  });
}
