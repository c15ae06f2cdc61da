// The contract document as a page: what it says of every operation, and a form to try it.

import { badges, schemaOf, shape, prose, resolve, useDocument } from "./schema.js";
import { tryForm, credentialField } from "./try.js";
import { h } from "./ui.js";

const METHODS = ["get", "post", "put", "patch", "delete", "head"];
const main = document.getElementById("main");
const contents = document.getElementById("contents");

const answer = await fetch(new URL("openapi.json", import.meta.url));
const api = await answer.json();
useDocument(api);

const operations = Object.entries(api.paths).flatMap(([path, item]) =>
  METHODS.filter((method) => item[method]).map((method) => ({
    method,
    path,
    ...item[method],
    parameters: [...(item.parameters ?? []), ...(item[method].parameters ?? [])].map(resolve),
  })));

/** What is sent to the receivers of webhooks, by the type of the event. */
const sent = Object.entries(api.webhooks).map(([type, { post }]) => ({
  ...post,
  method: "sent",
  path: type,
  operationId: `sent-${type}`,
  parameters: post.parameters.map(resolve),
}));

function table(caption, columns, rows) {
  return h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": caption },
    h("table", {}, h("caption", { class: "unseen" }, caption),
      h("thead", {}, h("tr", {}, columns.map((title) => h("th", { scope: "col" }, title)))),
      h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell, index) =>
        h(index === 0 ? "th" : "td", index === 0 ? { scope: "row" } : {}, cell)))))));
}

function parameters(operation) {
  if (operation.parameters.length === 0) return null;
  return [h("h4", {}, "Parameters"), table("Parameters", ["Name", "In", "Value", "Meaning"], operation.parameters.map((one) => [
    h("code", {}, one.name, one.required ? h("abbr", { title: "required" }, " *") : null),
    one.in,
    badges(one.schema),
    prose(one.description ?? resolve(one.schema ?? {}).description ?? ""),
  ]))];
}

function body(operation) {
  const content = operation.requestBody && resolve(operation.requestBody).content;
  if (!content) return null;
  const schema = content["application/json"]?.schema;
  return schema && [h("h4", {}, "Body"), shape(schema)];
}

function responses(operation) {
  const rows = Object.entries(operation.responses).map(([status, given]) => {
    const response = resolve(given);
    const content = Object.entries(response.content ?? {});
    const codes = content.flatMap(([, { schema }]) => problemCodes(schema));
    return [
      h("span", { class: `status s${status[0]}` }, status),
      prose(response.description ?? ""),
      codes.length ? codes.flatMap((code) => [h("code", {}, code), " "]) : content.map(([type]) => type).join(", "),
    ];
  });
  const success = Object.entries(operation.responses).find(([status]) => status.startsWith("2"));
  const schema = success && schemaOf(resolve(success[1]));
  return [
    h("h4", {}, "Answers"),
    table("Answers", ["Status", "Meaning", "Codes or types"], rows),
    schema && h("details", {}, h("summary", {}, `Fields of ${success[0]}`), shape(schema)),
  ];
}

function problemCodes(schema) {
  const parts = resolve(schema ?? {}).allOf ?? [];
  return parts.flatMap((part) => {
    const code = part.properties?.code ?? part.properties?.error?.items;
    return code?.enum ?? (code?.const ? [code.const] : []);
  });
}

function access(operation) {
  const names = (operation.security ?? []).flatMap((one) => Object.entries(one));
  if (names.length === 0) return h("p", { class: "hint" }, "Open to everyone.");
  const parts = names.map(([scheme, scopes]) => `${scheme === "apiKey" ? "API key" : "Token"}${scopes.length ? `: ${scopes.join(", ")}` : ""}`);
  const isPublic = operation.security.some((one) => Object.keys(one).length === 0);
  return h("p", { class: "hint" }, `${isPublic ? "Where the deployment asks for it: " : "Always: "}${parts.join(" · ")}`);
}

function details(operation) {
  return [
    prose(operation.description ?? ""),
    operation.method !== "sent" && access(operation),
    parameters(operation),
    body(operation),
    responses(operation),
    operation.method !== "sent" && tryForm(operation),
  ];
}

/** An operation, whose details are made when it is first opened. */
function section(operation) {
  const place = h("div", { class: "operation-body" });
  const element = h("details", {
    class: "operation panel",
    id: operation.operationId,
    ontoggle: () => {
      if (element.open && !place.hasChildNodes()) place.append(...details(operation).flat(3).filter(Boolean));
    },
  },
  h("summary", {},
    h("span", { class: `method ${operation.method}` }, operation.method.toUpperCase()),
    h("code", {}, operation.path),
    h("span", { class: "what" }, operation.summary ?? "")),
  place);
  return element;
}

const groups = api.tags.flatMap(({ name, description }) => {
  const of = (all) => all.filter((operation) => (operation.tags ?? [])[0] === name);
  return [
    { name, description, of: of(operations) },
    { name: "What webhooks are sent", description: "One request for each event, signed by the secret of the webhook.", of: of(sent) },
  ];
}).filter(({ of }) => of.length > 0);

main.replaceChildren(
  h("h1", { tabindex: "-1" }, `${api.info.title} API`),
  h("p", { class: "lead" }, api.info.summary),
  prose(api.info.description),
  credentialField(),
  ...groups.map(({ name, description, of }) => h("section", { class: "group", id: `tag-${name.replaceAll(" ", "-")}` },
    h("h2", {}, name), h("p", {}, description), of.map(section))),
);
contents.replaceChildren(h("ul", {}, groups.map(({ name, of }) => h("li", {},
  h("strong", {}, name),
  h("ul", {}, of.map((operation) => h("li", {}, h("a", { href: `#${operation.operationId}` }, operation.summary ?? operation.operationId))))))));

function openNamed() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named?.matches("details")) {
    named.open = true;
    named.scrollIntoView();
    named.querySelector("summary").focus({ preventScroll: true });
  }
}
window.addEventListener("hashchange", openNamed);
openNamed();
