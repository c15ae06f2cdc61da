// Calls to the public API, and nothing else. The credential is a variable of this module: it is
// never stored and never part of an address.

import { currentLanguage } from "./text.js";

let credential = null;

export function useCredential(text) {
  credential = text ? text.trim() : null;
}

export function hasCredential() {
  return credential !== null;
}

/** An answer that is no success, or none at all (`status` 0). */
export class Problem extends Error {
  constructor(status, body, headers) {
    super(body?.detail ?? `HTTP ${status}`);
    this.status = status;
    this.body = body ?? {};
    this.code = this.body.code ?? "";
    this.errors = this.body.errors ?? [];
    this.retryAfter = headers?.get("retry-after") ?? "1";
    this.requestId = headers?.get("x-request-id") ?? "–";
  }
}

/** `path` with the parameters of `query` that have a value. */
export function address(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = new URLSearchParams(given).toString();
  return text ? `${path}?${text}` : path;
}

/** A segment of a path. */
export const segment = encodeURIComponent;

async function send(method, path, { body, accept, idempotencyKey } = {}) {
  const headers = { accept: accept ?? "application/json", "accept-language": currentLanguage() };
  if (credential) headers.authorization = `Bearer ${credential}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  if (idempotencyKey) headers["idempotency-key"] = idempotencyKey;
  let response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
    });
  } catch {
    throw new Problem(0, null, null);
  }
  if (!response.ok) {
    throw new Problem(response.status, await response.json().catch(() => null), response.headers);
  }
  return response;
}

/** The JSON of an answer. */
export async function get(path, query) {
  return (await send("GET", address(path, query))).json();
}

/** The JSON of an answer, with the moment up to which it counts. */
export async function getCounted(path, query) {
  const response = await send("GET", address(path, query));
  return { ...(await response.json()), as_of: response.headers.get("verv-as-of") };
}

/** An answer as a file. */
export async function getFile(path, query, accept) {
  return (await send("GET", address(path, query), { accept })).blob();
}

export async function put(path, body) {
  return (await send("PUT", path, { body })).json();
}

export async function patch(path, body) {
  return (await send("PATCH", path, { body })).json();
}

export async function remove(path, query) {
  return (await send("DELETE", address(path, query))).json();
}

let lastPost = { text: "", key: "" };

/** The JSON of an answer, and whether something was made. What is sent again unchanged, as after
 * an answer that was lost, has one effect. */
export async function post(path, body) {
  const text = `${path} ${JSON.stringify(body)}`;
  if (lastPost.text !== text) lastPost = { text, key: randomKey() };
  const response = await send("POST", path, { body, idempotencyKey: lastPost.key });
  const answer = await response.json();
  lastPost = { text: "", key: "" };
  return { answer, made: response.status === 201 };
}

function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
