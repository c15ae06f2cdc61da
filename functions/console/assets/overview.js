// An organisation at a glance: totals, the chart by day, and who recruits most.

import { get, segment } from "./api.js";
import { showNumbers } from "./numbers.js";
import { moment, number, percent, t } from "./text.js";
import { empty, fill, h, link, table, tile, uniqueId } from "./ui.js";

const BASE = "/api/v1/referral-attributions";
const PERIODS = ["all_time", "month", "previous_month"];

export function show(view, { org }) {
  showNumbers(view, BASE, { org_id: org }, async () => {
    const codes = await get("/api/v1/referral-codes", { org_id: org, status: "active", limit: 1 });
    const least = codes.pagination.total_is_lower_bound ? "+" : "";
    return tile(t("codes.active"), `${number(codes.pagination.total)}${least}`);
  });
  showBoard(view, org);
}

function showBoard(view, org) {
  const id = uniqueId("board");
  const place = h("div", {});
  let period = PERIODS[0];
  const load = () => fill(place, async () => {
    const board = await get(`${BASE}/leaderboard`, { org_id: org, period });
    if (board.data.length === 0) return empty(t("board.empty"));
    return [
      table(t("board"), [
        [t("board.rank"), (row) => number(row.rank), "number rank"],
        [t("mentor"), (row) => link(row.mentor_id, `#/m/${segment(org)}/${segment(row.mentor_id)}`)],
        [t("recruited"), (row) => number(row.conversions), "number strong"],
        [t("clicks"), (row) => number(row.clicks), "number"],
        [t("rate"), (row) => percent(row.conversion_rate), "number"],
      ], board.data),
      h("p", { class: "hint" }, t("as_of", { time: moment(board.as_of) })),
    ];
  });
  view.append(h("section", { class: "panel", "aria-labelledby": id },
    h("div", { class: "toolbar" },
      h("h2", { id }, t("board")),
      h("select", {
        "aria-label": `${t("board")}: ${t("period")}`,
        onchange: (event) => {
          period = event.currentTarget.value;
          load();
        },
      }, PERIODS.map((name) => h("option", { value: name }, t(`period.${name}`))))),
    place));
  load();
}
