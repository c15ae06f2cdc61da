// Elements, forms, tables, dialogs and states, shared by every view.

import { Problem } from "./api.js";
import { number, t } from "./text.js";

/** An element with `properties`: `class`, listeners such as `onclick`, attributes. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

let ids = 0;
export function uniqueId(prefix) {
  ids += 1;
  return `${prefix}-${ids}`;
}

export function button(text, onclick, kind = "") {
  return h("button", { type: "button", class: kind, onclick }, text);
}

export function link(text, href, properties = {}) {
  return h("a", { href, ...properties }, text);
}

/** Says `text` to everyone, for a moment. */
export function announce(text) {
  const live = document.getElementById("toast");
  live.textContent = text;
  live.classList.add("shown");
  clearTimeout(announce.timer);
  announce.timer = setTimeout(() => live.classList.remove("shown"), 6000);
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    announce(t("copied"));
  } catch {
    announce(t("copy.failed"));
  }
}

export function copyButton(text, label = t("copy")) {
  return button(label, () => copy(text), "quiet");
}

/** A text to copy, with what it is. */
export function copyable(label, hint, text) {
  return h("div", { class: "copyable" },
    h("dt", {}, label, hint && h("span", { class: "hint" }, hint)),
    h("dd", {}, h("code", {}, text), copyButton(text, `${t("copy")}`)));
}

export function badge(status) {
  return h("span", { class: `badge ${status}` }, t(`status.${status}`));
}

/** A number with what it counts. */
export function tile(label, value) {
  return h("div", { class: "tile" }, h("dt", {}, label), h("dd", {}, value));
}

/** A table that is a list of cards on a phone. A column is `[title, cell, kind]`. */
export function table(caption, columns, rows) {
  const head = columns.map(([title, , kind]) => h("th", { scope: "col", class: kind }, title));
  const body = rows.map((row) => h("tr", {}, columns.map(([title, cell, kind], index) => {
    const content = cell(row);
    return index === 0
      ? h("th", { scope: "row", class: kind, "data-title": title }, content)
      : h("td", { class: kind, "data-title": title }, content);
  })));
  return h("table", { class: "cards" },
    h("caption", { class: "unseen" }, caption),
    h("thead", {}, h("tr", {}, head)),
    h("tbody", {}, body));
}

export function loading() {
  return h("p", { class: "state", role: "status" }, h("span", { class: "spinner", "aria-hidden": "true" }), t("loading"));
}

/** Where there is nothing, what to do about it. */
export function empty(text, ...actions) {
  return h("div", { class: "state" }, h("p", {}, text), actions);
}

/** What a problem is called, and what to do about it. */
export function explain(problem) {
  const known = { 0: "network", 403: "403", 404: "404", 429: "429", 503: "503" };
  const name = problem.status >= 500 && problem.status !== 503 ? "500" : known[problem.status];
  if (!name) return { title: t("error.400"), text: problem.message };
  const values = { seconds: problem.retryAfter, id: problem.requestId };
  return { title: t(`error.${name}`), text: t(`error.${name}.text`, values) };
}

export function failure(error, retry) {
  if (!(error instanceof Problem)) throw error;
  const { title, text } = explain(error);
  return h("div", { class: "state failed", role: "alert" },
    h("h2", {}, title), h("p", {}, text), retry && button(t("retry"), retry));
}

/** Fills `place` with what `load` gives: loading, then the content or the failure. */
export async function fill(place, load) {
  const run = Symbol("run");
  place.run = run;
  place.replaceChildren(loading());
  place.setAttribute("aria-busy", "true");
  let content;
  try {
    content = await load();
  } catch (error) {
    if (error instanceof Problem && error.status === 401 && place.run === run) {
      place.dispatchEvent(new CustomEvent("unauthorized", { bubbles: true }));
      return;
    }
    content = failure(error, () => fill(place, load));
  }
  if (place.run !== run) return;
  place.removeAttribute("aria-busy");
  place.replaceChildren(...[content].flat());
}

/** A field of a form. `options` make it a choice of `[value, text]`. */
export function field(name, label, { type = "text", hint, value, required, options, ...rest } = {}) {
  const id = uniqueId(name);
  const shared = { id, name, required, "aria-describedby": hint ? `${id}-hint` : undefined, ...rest };
  const input = options
    ? h("select", shared, options.map(([key, text]) => h("option", { value: key, selected: key === (value ?? "") }, text)))
    : h("input", { type, value, autocomplete: "off", ...shared });
  return h("div", { class: "field", "data-field": name },
    h("label", { for: id }, label, required || options ? null : h("span", { class: "hint" }, ` (${t("optional")})`)),
    input,
    hint && h("p", { class: "hint", id: `${id}-hint` }, hint));
}

/** Several of a set. */
export function checks(name, label, options, chosen = []) {
  return h("fieldset", { class: "field", "data-field": name },
    h("legend", {}, label),
    options.map(([value, text]) => h("label", { class: "check" },
      h("input", { type: "checkbox", name, value, checked: chosen.includes(value) }), text)));
}

/** The values of a form: text without what is around it, `undefined` where there is none. */
export function values(form) {
  const data = new FormData(form);
  const result = {};
  for (const name of new Set(Array.from(form.elements, (input) => input.name).filter(Boolean))) {
    const given = data.getAll(name).map((text) => String(text).trim()).filter(Boolean);
    const isList = form.querySelector(`input[type=checkbox][name="${name}"]`);
    result[name] = isList ? given : given[0];
  }
  return result;
}

/** A whole number of a form, or nothing. */
export const whole = (text) => (text === undefined ? undefined : Number(text));

/** The moment of a `datetime-local` field, as the API has it. */
export const instant = (text) => (text === undefined ? undefined : new Date(text).toISOString().replace(/\.\d+Z$/, "Z"));

/** A moment of the API, for a `datetime-local` field. */
export function local(text) {
  if (!text) return undefined;
  const date = new Date(text);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function clearFaults(form) {
  form.querySelectorAll(".fault").forEach((fault) => fault.remove());
  form.querySelectorAll("[aria-invalid]").forEach((input) => {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-errormessage");
  });
}

/** Shows a problem at the fields that it names, and above the form. */
export function showProblem(form, problem, more) {
  clearFaults(form);
  let first = null;
  const others = [];
  for (const { field: name, detail } of problem.errors) {
    const place = form.querySelector(`[data-field="${CSS.escape(name)}"]`);
    if (!place) {
      others.push(`${name}: ${detail}`);
      continue;
    }
    const id = uniqueId("fault");
    place.append(h("p", { class: "fault", id }, detail));
    const input = place.querySelector("input, select");
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-errormessage", id);
    first ??= input;
  }
  if (!first || others.length || more) {
    const { title, text } = explain(problem);
    const summary = h("div", { class: "fault summary", role: "alert", tabindex: "-1" },
      h("strong", {}, title), h("p", {}, others.length ? others.join(" ") : text), more);
    form.prepend(summary);
    first ??= summary;
  }
  first.focus();
}

/** A form whose button runs `submit`, and shows what it refuses. */
export function form(fields, text, submit, { kind = "primary", more, extra } = {}) {
  const send = h("button", { type: "submit", class: kind }, text);
  return h("form", {
    novalidate: true,
    onsubmit: async (event) => {
      event.preventDefault();
      const target = event.currentTarget;
      clearFaults(target);
      if (!target.reportValidity()) return;
      send.disabled = true;
      try {
        await submit(values(target), target);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (error.status === 401) target.dispatchEvent(new CustomEvent("unauthorized", { bubbles: true }));
        showProblem(target, error, more?.(error));
      } finally {
        send.disabled = false;
      }
    },
  }, fields, h("div", { class: "buttons" }, extra, send));
}

/** The form that filters a list: `apply` gets what it is filtered by, and {} once it is cleared. */
export function filterForm(fields, apply) {
  const find = form(fields, t("filter"), apply, { kind: "" });
  find.classList.add("filters", "find");
  find.addEventListener("reset", () => apply({}));
  return find;
}

/** Opens a dialog with `content`, which gets what closes it. */
export function dialog(title, content) {
  const id = uniqueId("dialog");
  const element = h("dialog", { "aria-labelledby": id });
  const close = () => element.close();
  element.append(h("div", { class: "dialog" }, h("h2", { id }, title), content(close)));
  element.addEventListener("close", () => element.remove());
  element.addEventListener("click", (event) => {
    if (event.target === element) close();
  });
  document.getElementById("app").append(element);
  element.showModal();
  return element;
}

/** A dialog with a form. */
export function formDialog(title, fields, text, submit, options = {}) {
  return dialog(title, (close) => form(fields, text, async (given, target) => {
    await submit(given, target);
    close();
  }, { ...options, extra: button(t("cancel"), close, "quiet") }));
}

/** Asks before `act` is done. */
export function confirmDialog(title, text, act) {
  return formDialog(title, [h("p", {}, text)], title, act, { kind: "danger" });
}

/** A list whose pages follow each other: `page(cursor)` loads one, `show` makes its rows. */
export async function pages(load, show, nothing) {
  const rows = [];
  let total = 0;
  const place = h("div", {});
  const render = (answer) => {
    rows.push(...answer.data);
    total = Math.max(answer.pagination.total, rows.length);
    const { total_is_lower_bound: isLeast } = answer.pagination;
    const shown = t(isLeast ? "shown.least" : "shown", { count: number(rows.length), total: number(total) });
    const more = answer.next_cursor && button(t("more"), async (event) => {
      event.currentTarget.disabled = true;
      try {
        render(await load(answer.next_cursor));
      } catch (error) {
        place.append(failure(error));
      }
    });
    place.replaceChildren(...(rows.length || answer.next_cursor
      ? [show(rows), h("div", { class: "more" }, h("p", { class: "hint" }, shown), more)]
      : [nothing()]).filter(Boolean));
  };
  render(await load(undefined));
  return place;
}

/** A picture of the API's, which needs the credential of a call. */
export function picture(blob, alt, properties = {}) {
  const address = URL.createObjectURL(blob);
  return h("img", { src: address, alt, onload: () => URL.revokeObjectURL(address), ...properties });
}

export function download(blob, name) {
  const address = URL.createObjectURL(blob);
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
