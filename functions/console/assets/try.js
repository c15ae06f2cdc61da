// Requests that are sent from the document's page. The credential is a variable of this module.

import { resolve } from "./schema.js";
import { t } from "./text.js";
import { h, uniqueId } from "./ui.js";

let credential = "";

export function credentialField() {
  const id = uniqueId("credential");
  return h("form", { class: "field panel", "aria-label": t("docs.credential"), onsubmit: (event) => event.preventDefault() },
    h("label", { for: id }, t("key.field")),
    h("input", {
      id,
      type: "password",
      autocomplete: "off",
      spellcheck: "false",
      value: credential,
      "aria-describedby": `${id}-hint`,
      oninput: (event) => { credential = event.currentTarget.value.trim(); },
    }),
    h("p", { class: "hint", id: `${id}-hint` }, t("docs.credential.hint")));
}

function exampleOf(parameter) {
  const schema = resolve(parameter.schema ?? {});
  return parameter.example ?? schema.example ?? "";
}

function exampleBody(operation) {
  const content = operation.requestBody && resolve(operation.requestBody).content?.["application/json"];
  if (!content) return null;
  const first = Object.values(content.examples ?? {})[0];
  return JSON.stringify(content.example ?? (first && resolve(first).value) ?? {}, null, 2);
}

/** Where a parameter is sent, in the reader's language. */
export function place(parameter) {
  return t(`docs.in.${parameter.in}`);
}

/** Parameters, body, a button, and the answer. */
export function tryForm(operation) {
  const inputs = operation.parameters.map((parameter) => {
    const id = uniqueId(parameter.name);
    const isFilled = parameter.required;
    const input = h("input", { id, autocomplete: "off", spellcheck: "false", value: isFilled ? exampleOf(parameter) : "" });
    return { parameter, input, row: h("div", { class: "field" }, h("label", { for: id }, parameter.name, h("span", { class: "hint" }, ` ${place(parameter)}`)), input) };
  });
  const example = exampleBody(operation);
  const bodyId = uniqueId("body");
  const body = example !== null && h("textarea", { id: bodyId, rows: Math.min(12, example.split("\n").length + 1), spellcheck: "false" });
  if (body) body.value = example;
  const result = h("div", { class: "result", "aria-live": "polite" });
  const send = h("button", { type: "submit", class: "primary" }, t("docs.send"));
  return h("form", {
    class: "try",
    "aria-label": t("docs.try.named", { name: operation.summary ?? operation.operationId }),
    onsubmit: async (event) => {
      event.preventDefault();
      send.disabled = true;
      result.replaceChildren(h("p", { class: "hint" }, t("docs.waiting")));
      result.replaceChildren(...await request(operation, inputs, body));
      send.disabled = false;
    },
  },
  h("h4", {}, t("docs.try")),
  h("div", { class: "filters" }, inputs.map(({ row }) => row)),
  body && h("div", { class: "field" }, h("label", { for: bodyId }, t("docs.body")), body),
  h("div", { class: "buttons start" }, send),
  result);
}

async function request(operation, inputs, body) {
  let path = operation.path;
  const query = new URLSearchParams();
  const headers = {};
  for (const { parameter, input } of inputs) {
    const value = input.value;
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (value === "") continue;
    else if (parameter.in === "query") query.append(parameter.name, value);
    else headers[parameter.name] = value;
  }
  if (credential) headers.authorization = `${operation.path.startsWith("/gafapay") ? "Token" : "Bearer"} ${credential}`;
  if (body) headers["content-type"] = "application/json";
  const address = query.size ? `${path}?${query}` : path;
  const begun = performance.now();
  try {
    const response = await fetch(address, { method: operation.method.toUpperCase(), headers, body: body ? body.value : undefined, redirect: "manual", cache: "no-store" });
    const took = Math.round(performance.now() - begun);
    if (response.type === "opaqueredirect") {
      return [h("p", {}, h("span", { class: "status s3" }, "302"), ` ${t("docs.redirect")} `, h("a", { href: address }, t("docs.follow")))];
    }
    return [
      h("p", {}, h("span", { class: `status s${String(response.status)[0]}` }, String(response.status)), ` ${operation.method.toUpperCase()} `, h("code", {}, address), ` · ${took} ms`),
      h("details", {}, h("summary", {}, t("docs.headers")), h("pre", { tabindex: "0" }, Array.from(response.headers, ([name, value]) => `${name}: ${value}`).join("\n"))),
      await shown(response),
    ].filter(Boolean);
  } catch {
    return [h("p", { class: "fault summary", role: "alert" }, t("docs.failed"))];
  }
}

async function shown(response) {
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("image/")) {
    return h("img", { src: URL.createObjectURL(await response.blob()), alt: t("docs.picture") });
  }
  const text = await response.text();
  if (!text) return null;
  return h("pre", { tabindex: "0" }, type.includes("json") ? JSON.stringify(JSON.parse(text), null, 2) : text);
}
