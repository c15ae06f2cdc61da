// The webhooks of an organisation: made, their secrets shown once, changed, tested and deleted; and
// the deliveries to one.

import { get, patch, post, remove, segment } from "./api.js";
import { moment, number, t } from "./text.js";
import { announce, badge, button, checks, confirmDialog, copyButton, dialog, empty, field, fill, filterForm, form, formDialog, h, link, pages, table } from "./ui.js";

const BASE = "/api/v1/webhooks";
const EVENTS = [
  "*", "code.created", "code.rotated", "code.updated", "code.activated", "code.deactivated", "code.invalidated", "code.deleted",
  "attribution.confirmed", "attribution.deleted", "limit.reached",
  "program.created", "program.updated", "program.archived", "program.deleted", "member.erased",
];
const STATUSES = ["", "pending", "delivered", "failed"];

export function show(view, { org, id }) {
  if (id) {
    showWebhook(view, org, id);
    return;
  }
  const list = h("div", {});
  const load = () => fill(list, () => webhooks(org));
  view.querySelector("h1").after(h("div", { class: "aside" }, button(t("webhooks.new"), () => make(org, load), "primary")));
  view.append(h("section", { class: "panel", "aria-label": t("nav.webhooks") }, list));
  load();
}

const addressOf = (org, id) => `#/o/${segment(org)}/webhooks/${id}`;
const types = (events) => h("span", { class: "scopes" }, events.map((type) => (type === "*" ? t("webhooks.all") : h("code", {}, type))));

function webhooks(org) {
  return pages(
    (cursor) => get(BASE, { org_id: org, cursor }),
    (rows) => table(t("nav.webhooks"), [
      [t("webhooks.url"), (row) => link(row.url, addressOf(org, row.id))],
      [t("status"), (row) => badge(row.status)],
      [t("webhooks.events"), (row) => types(row.events)],
      [t("webhooks.failing"), (row) => (row.failing_since ? moment(row.failing_since) : t("webhooks.failing.not")), "when"],
      [t("made"), (row) => moment(row.created_at), "when"],
    ], rows),
    () => empty(t("webhooks.empty")));
}

function fields(webhook) {
  return [
    field("url", t("webhooks.url"), { type: "url", required: true, maxlength: 2048, value: webhook?.url, hint: t("webhooks.url.hint"), spellcheck: "false" }),
    checks("events", t("webhooks.events"), EVENTS.map((type) => [type, type === "*" ? t("webhooks.all") : h("code", {}, type)]), webhook?.events),
  ];
}

/** Every type includes each of them. */
const chosen = (events) => (events.includes("*") ? ["*"] : events);

function make(org, load) {
  formDialog(t("webhooks.new"), fields(), t("webhooks.make"), async (given) => {
    const { answer } = await post(BASE, { org_id: org, url: given.url, events: chosen(given.events) });
    load();
    if (answer.secret) reveal(answer.secret);
  });
}

/** A secret, which is shown nowhere else. */
function reveal(secret) {
  dialog(t("webhooks.shown"), (close) => [
    h("p", {}, t("webhooks.shown.text")),
    h("p", { class: "secret" }, h("code", {}, secret)),
    h("div", { class: "buttons" }, button(t("close"), close, "quiet"), copyButton(secret)),
  ]);
}

function showWebhook(view, org, id) {
  const path = `${BASE}/${segment(id)}`;
  const [head, list] = [h("div", {}), h("div", {})];
  let filter = {};
  const loadList = () => fill(list, () => deliveries(path, filter, loadList));
  const loadHead = () => fill(head, async () => details(org, await get(path), loadHead, loadList));
  const find = filterForm([
    field("status", t("status"), { options: STATUSES.map((name) => [name, name ? t(`status.${name}`) : t("all")]) }),
  ], (given) => {
    filter = given;
    return loadList();
  });
  view.querySelector("h1").before(h("p", { class: "back" }, link(`← ${t("nav.webhooks")}`, `#/o/${segment(org)}/webhooks`)));
  view.append(head, h("section", { class: "panel", "aria-label": t("deliveries") },
    h("h2", {}, t("deliveries")), find, list));
  loadHead();
  loadList();
}

function details(org, webhook, load, loadList) {
  document.title = `${webhook.url} · Verv`;
  const title = document.querySelector("h1");
  title.textContent = webhook.url;
  title.classList.add("address");
  const since = webhook.failing_since && t("webhooks.failing.since", { time: moment(webhook.failing_since) });
  return h("section", { class: "panel", "aria-label": t("nav.webhooks") },
    h("p", {}, badge(webhook.status), " ",
      h("span", { class: "hint" }, `${t("made")} ${moment(webhook.created_at)}`)),
    webhook.disabled_reason && h("p", {}, t(`webhooks.disabled.${webhook.disabled_reason}`, { time: moment(webhook.disabled_at) })),
    !webhook.disabled_reason && since && h("p", {}, since),
    h("p", {}, types(webhook.events)),
    actions(org, webhook, load, loadList));
}

function actions(org, webhook, load, loadList) {
  const path = `${BASE}/${segment(webhook.id)}`;
  const isEnabled = webhook.status === "enabled";
  const turn = (status, done) => async () => {
    await patch(path, { status });
    announce(t(done));
    load();
  };
  const change = () => formDialog(t("webhooks.change"), fields(webhook), t("save"), async (given) => {
    await patch(path, { url: given.url, events: chosen(given.events) });
    announce(t("webhooks.changed"));
    load();
  });
  return h("div", { class: "buttons" },
    isEnabled && run(t("webhooks.test"), async () => {
      await post(`${path}/test`);
      announce(t("webhooks.tested"));
      loadList();
    }),
    button(t("webhooks.change"), change, "quiet"),
    button(t("webhooks.rotate"), () => confirmDialog(t("webhooks.rotate"), t("webhooks.rotate.text"), async () => {
      const { answer } = await post(`${path}/secret`);
      if (answer.secret) reveal(answer.secret);
    }), "quiet"),
    isEnabled
      ? button(t("webhooks.disable"), () => confirmDialog(t("webhooks.disable"), t("webhooks.disable.text"), turn("disabled", "webhooks.disabled")), "quiet")
      : run(t("webhooks.enable"), turn("enabled", "webhooks.enabled")),
    button(t("webhooks.delete"), () => confirmDialog(t("webhooks.delete"), t("webhooks.delete.text"), async () => {
      await remove(path);
      announce(t("webhooks.deleted"));
      location.hash = `#/o/${segment(org)}/webhooks`;
    }), "danger quiet"));
}

/** A button that runs `act`, and says what refuses it. */
const run = (text, act) => form([], text, act, { kind: "quiet" });

function deliveries(path, filter, load) {
  return pages(
    (cursor) => get(`${path}/deliveries`, { ...filter, cursor }),
    (rows) => table(t("deliveries"), [
      [t("deliveries.type"), (row) => h("code", {}, row.type)],
      [t("status"), (row) => badge(row.status)],
      [t("deliveries.happened"), (row) => moment(row.created_at), "when"],
      [t("deliveries.attempts"), (row) => attempts(row)],
      [t("actions"), (row) => run(t("deliveries.replay"), async () => {
        await post(`${path}/deliveries/${segment(row.event_id)}/replay`);
        announce(t("deliveries.replayed"));
        load();
      }), "actions"],
    ], rows),
    () => empty(t("deliveries.empty")));
}

function attempts({ attempts: made, due_at: due }) {
  const last = made[made.length - 1];
  const outcome = last && (last.status ?? (last.error ? t(`deliveries.error.${last.error}`) : t("deliveries.under_way")));
  const when = [last && moment(last.at), due && t("deliveries.next", { time: moment(due) })].filter(Boolean);
  return h("span", {}, last ? `${number(made.length)}: ${outcome} ` : `${t("none")} `,
    h("span", { class: "hint" }, when.join(" · ")));
}
