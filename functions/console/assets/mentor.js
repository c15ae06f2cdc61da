// A mentor's own page: the code to share, what it came to, and what came last.

import { get, getFile, post, segment } from "./api.js";
import { addresses, qr } from "./code.js";
import { showNumbers } from "./numbers.js";
import { moment, t } from "./text.js";
import { announce, badge, button, copy, empty, fill, h, link, pages, table } from "./ui.js";

const CODES = "/api/v1/referral-codes";
const ATTRIBUTIONS = "/api/v1/referral-attributions";

export function show(view, { org, mentor }) {
  const own = h("div", {});
  const recent = h("div", {});
  const numbers = h("section", { "aria-label": t("mentor.numbers") });
  view.append(own, numbers, h("section", { class: "panel", "aria-label": t("mentor.recent") }, h("h2", {}, t("mentor.recent")), recent),
    h("p", { class: "hint" }, link(t("mentor.org"), `#/o/${segment(org)}/overview`)));
  fill(own, () => ownCode(own, org, mentor));
  const path = `${ATTRIBUTIONS}/mentor/${segment(mentor)}`;
  showNumbers(numbers, path, { org_id: org });
  fill(recent, () => latest(path, org));
}

/** The mentor's active code, by the list: that there is none is no error there. */
async function activeCode(org, mentor) {
  const { data } = await get(CODES, { org_id: org, mentor_id: mentor, status: "active", limit: 1 });
  return data[0];
}

/** What is shown of the mentor's code in `place`; it may have been `made` just now. */
async function ownCode(place, org, mentor, made) {
  const code = made ?? await activeCode(org, mentor);
  if (!code) {
    return empty(t("mentor.none"), button(t("mentor.make"), () => {
      fill(place, async () => {
        const { answer } = await post(CODES, { mentor_id: mentor, org_id: org });
        announce(t("codes.made", { code: answer.code }));
        return ownCode(place, org, mentor, answer);
      });
    }, "primary"));
  }
  const path = `${CODES}/${segment(code.id)}`;
  const [links, drawing] = await Promise.all([get(`${path}/url`), getFile(`${path}/qr`, { margin: 2 }, "image/svg+xml")]);
  return h("div", { class: "columns" },
    h("section", { class: "panel", "aria-label": t("mentor.code") },
      h("h2", {}, t("mentor.code")),
      h("p", { class: "code big" }, code.code),
      h("div", { class: "buttons start" },
        button(t("mentor.share"), () => share(links.short_url, code.code), "primary"),
        button(t("mentor.copy"), () => copy(links.short_url), "quiet")),
      h("dl", { class: "links" },
        addresses(links))),
    qr(code, drawing));
}

/** The browser's own share sheet, or a copy where it has none. */
async function share(url, code) {
  const text = t("mentor.share.text", { code });
  if (!navigator.share) {
    await copy(url);
    return;
  }
  try {
    await navigator.share({ title: text, text, url });
  } catch (error) {
    // Closing the sheet is no failure.
    if (error.name !== "AbortError") await copy(url);
  }
}

function latest(path, org) {
  return pages(
    (cursor) => get(path, { org_id: org, limit: 10, cursor }),
    (rows) => table(t("mentor.recent"), [
      [t("when"), (row) => moment(row.occurred_at), "when"],
      [t("status"), (row) => badge(row.status)],
      [t("code"), (row) => h("span", { class: "code" }, row.code)],
      [t("member"), (row) => row.new_member_id ?? "–"],
    ], rows),
    () => empty(t("mentor.recent.empty")));
}
