// What the contract document says, as text and tables. Its own texts are English.

import { t } from "./text.js";
import { h } from "./ui.js";

let document_;

export function useDocument(document) {
  document_ = document;
}

/** What `node` refers to, with what is said beside the reference. */
export function resolve(node) {
  if (!node?.$ref) return node;
  const found = node.$ref.slice(2).split("/").reduce((place, part) => place[part.replaceAll("~1", "/").replaceAll("~0", "~")], document_);
  const { $ref, ...beside } = node;
  return { ...resolve(found), ...beside };
}

/** The schema of a response's JSON. */
export function schemaOf(response) {
  return response.content?.["application/json"]?.schema;
}

/** A schema's type and bounds in a few words. */
export function badges(given) {
  const schema = resolve(given ?? {});
  if (schema.const !== undefined) return h("code", {}, JSON.stringify(schema.const));
  if (schema.enum) return schema.enum.flatMap((value, index) => [index ? " | " : "", h("code", {}, String(value))]);
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) return alternatives.flatMap((one, index) => [index ? " | " : "", badges(one)].flat());
  const types = [schema.type ?? t("docs.any")].flat().join(" | ");
  const bounds = [];
  if (schema.format) bounds.push(schema.format);
  if (schema.minimum !== undefined || schema.maximum !== undefined) bounds.push(`${schema.minimum ?? ""}…${schema.maximum ?? ""}`);
  if (schema.minLength !== undefined || schema.maxLength !== undefined) bounds.push(t("docs.characters", { range: `${schema.minLength ?? 0}…${schema.maxLength ?? ""}` }));
  if (schema.default !== undefined) bounds.push(t("docs.default", { value: schema.default }));
  if (schema.type === "array") return [t("docs.array"), badges(schema.items)].flat();
  return [types, bounds.length ? ` (${bounds.join(", ")})` : ""].join("");
}

/** What marks a name that must be given. */
export function requiredMark() {
  return h("abbr", { title: t("docs.required") }, " *");
}

/** The fields of an object, and of the objects in it. */
export function shape(given, depth = 0) {
  const schema = resolve(given);
  const parts = schema.allOf ?? schema.oneOf ?? schema.anyOf;
  if (parts && !schema.properties) {
    return parts.map((part, index) => [index ? h("p", { class: "hint" }, t(schema.allOf ? "docs.and" : "docs.or")) : null, shape(part, depth)]);
  }
  if (schema.type === "array") return [h("p", { class: "hint" }, t("docs.list")), shape(schema.items, depth)];
  if (!schema.properties) return h("p", {}, badges(schema));
  const required = schema.required ?? [];
  const isOptional = ([name]) => !required.includes(name);
  const fields = Object.entries(schema.properties).sort((one, other) => isOptional(one) - isOptional(other));
  return h("dl", { class: "shape" }, fields.map(([name, property]) => {
    const inner = resolve(property);
    const nested = inner.type === "array" ? resolve(inner.items) : inner;
    const isDeep = nested.properties && depth < 3;
    return [
      h("dt", {}, h("code", {}, name), required.includes(name) ? requiredMark() : null),
      h("dd", {},
        isDeep ? [inner.type === "array" ? t("docs.array") : null, shape(nested, depth + 1)] : badges(property),
        inner.description ? prose(inner.description) : null),
    ];
  }));
}

/** The few marks that the document's texts have: paragraphs, bold, emphasis, code. */
export function prose(text) {
  const paragraphs = text.trim().split(/\n\s*\n/).filter(Boolean);
  return h("div", { class: "prose", lang: "en" }, paragraphs.map((paragraph) => h("p", {}, inline(paragraph))));
}

function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*|\*[^*]+\*)/).map((part) => {
    if (part.startsWith("`")) return h("code", {}, part.slice(1, -1));
    if (part.startsWith("**")) return h("strong", {}, part.slice(2, -2));
    if (part.startsWith("*") && part.length > 2) return h("em", {}, part.slice(1, -1));
    return part;
  });
}
