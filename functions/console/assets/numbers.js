// Totals and the chart by day, of an organisation or of a mentor.

import { get, getCounted, getFile } from "./api.js";
import { day, moment, number, percent, t } from "./text.js";
import { fill, h, picture, table, tile, uniqueId } from "./ui.js";

const PERIODS = ["7d", "30d", "90d", "month", "previous_month", "ytd", "all_time"];

/** A series has a first day. */
const SERIES_OF_ALL = "90d";

let period = "30d";

/** Shows the numbers at `path` (`…/total` and `…/timeseries`), and beside them what `more` gives. */
export function showNumbers(place, path, query, more = async () => []) {
  const id = uniqueId("period");
  const choice = h("select", {
    id,
    onchange: (event) => {
      period = event.currentTarget.value;
      load();
    },
  }, PERIODS.map((name) => h("option", { value: name, selected: name === period }, t(`period.${name}`))));
  const totals = h("div", { class: "totals" });
  const chart = h("section", { class: "panel chart", "aria-label": t("chart") });
  place.append(h("div", { class: "toolbar" }, h("label", { for: id }, t("period")), choice), totals, chart);

  function load() {
    fill(totals, async () => {
      const [total, others] = await Promise.all([getCounted(`${path}/total`, { ...query, period }), more()]);
      return [
        h("dl", { class: "tiles" },
          tile(t("recruited"), number(total.total_conversions)),
          tile(t("clicks"), number(total.total_clicks)),
          tile(t("rate"), percent(total.conversion_rate)),
          others),
        total.as_of && h("p", { class: "hint" }, t("as_of", { time: moment(total.as_of) })),
      ].filter(Boolean);
    });
    fill(chart, () => drawn(path, query));
  }
  load();
}

async function drawn(path, query) {
  const wanted = { ...query, period: period === "all_time" ? SERIES_OF_ALL : period };
  const [series, drawing] = await Promise.all([
    get(`${path}/timeseries`, wanted),
    getFile(`${path}/timeseries`, wanted, "image/svg+xml"),
  ]);
  const sum = (name) => series.data.reduce((total, point) => total + point[name], 0);
  const alt = t("chart.alt", { clicks: number(sum("clicks")), conversions: number(sum("conversions")), days: number(series.data.length) });
  const days = series.data.filter((point) => point.clicks || point.conversions).reverse();
  const frame = h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": t("chart") }, picture(drawing, alt, { width: 720, height: 320 }));
  // The newest days are what a narrow screen begins with.
  requestAnimationFrame(() => { frame.scrollLeft = frame.scrollWidth; });
  return [
    frame,
    h("details", {}, h("summary", {}, t("chart.table")),
      table(t("chart.table"), [
        [t("day"), (point) => day(point.date)],
        [t("clicks"), (point) => number(point.clicks), "number"],
        [t("recruited"), (point) => number(point.conversions), "number"],
      ], days)),
  ];
}
