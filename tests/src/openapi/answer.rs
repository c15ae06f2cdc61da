//! Whether an answer is one that the document says.

use super::{Document, Operation, escaped};
use axum::http::{HeaderMap, header};
use serde_json::Value;

/// Headers of every answer, or of every answer of a limited operation, which the document's
/// introduction tells of.
const GENERAL: [&str; 8] = [
    "cache-control",
    "content-length",
    "content-security-policy",
    "content-type",
    "ratelimit",
    "ratelimit-policy",
    "x-content-type-options",
    "x-request-id",
];

/// An answer, and what it answers.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The request's method.
    pub method: &'a str,
    /// The request's path, without its query.
    pub path: &'a str,
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// What `document` does not say of it.
    #[must_use]
    pub fn undocumented(&self, document: &Document) -> Vec<String> {
        // Short links are pasted with a slash at the end, too.
        let path = match self.path.starts_with("/r/") {
            true => self.path.trim_end_matches('/'),
            false => self.path,
        };
        match document.operation(self.method, path) {
            Some(operation) => self.of_operation(document, operation),
            None => self.without_operation(document),
        }
    }

    fn of_operation(&self, document: &Document, operation: &Operation) -> Vec<String> {
        let Operation { method, path, .. } = operation;
        let pointer = format!("{}/responses/{}", operation.pointer, self.status);
        let Some((pointer, response)) = document.resolve(&pointer) else {
            return vec![format!("status {} of {method} {path}", self.status)];
        };
        let mut found = self.undocumented_headers(document, &pointer, response);
        if self.method != "HEAD" {
            found.extend(self.undocumented_body(document, &pointer, response));
        }
        found
    }

    /// What the introduction says of paths and methods that are not there.
    fn without_operation(&self, document: &Document) -> Vec<String> {
        if !matches!(self.status, 404 | 405) {
            return vec![format!("an operation {} {}", self.method, self.path)];
        }
        let is_below = |base: &str| {
            let rest = self.path.strip_prefix(base);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if self.method == "HEAD" || is_below("/r") || is_below("/s") {
            return Vec::new();
        }
        if is_below("/gafapay") {
            return self.schema_faults(document, "/components/schemas/Refusal");
        }
        let mut found = self.schema_faults(document, "/components/schemas/Problem");
        let code = match self.status {
            404 => "route_not_found",
            _ => "method_not_allowed",
        };
        if self.json()["code"] != code {
            found.push(format!("another code than {code}"));
        }
        found
    }

    fn undocumented_headers(
        &self,
        document: &Document,
        pointer: &str,
        response: &Value,
    ) -> Vec<String> {
        let documented = response["headers"].as_object();
        let is_documented = |name: &str| {
            let mut names = documented.into_iter().flat_map(|headers| headers.keys());
            GENERAL.contains(&name) || names.any(|known| known.eq_ignore_ascii_case(name))
        };
        let names = self.headers.keys().map(header::HeaderName::as_str);
        let unknown = names.filter(|name| !is_documented(name));
        let mut found: Vec<_> = unknown.map(|name| format!("the header {name}")).collect();
        for name in documented.into_iter().flat_map(|headers| headers.keys()) {
            let header = document.resolve(&format!("{pointer}/headers/{}", escaped(name)));
            let (header_pointer, header) = header.expect("a header");
            match self.headers.get(name) {
                Some(value) => {
                    let text = value.to_str().unwrap_or_default();
                    let value = match header["schema"]["type"] == "integer" {
                        true => serde_json::from_str(text).unwrap_or(Value::Null),
                        false => text.into(),
                    };
                    let faults = document.faults(&format!("{header_pointer}/schema"), &value);
                    found.extend(faults.iter().map(|fault| format!("{name}{fault}")));
                }
                None if header["required"] == true => found.push(format!("no header {name}")),
                None => {}
            }
        }
        found
    }

    fn undocumented_body(
        &self,
        document: &Document,
        pointer: &str,
        response: &Value,
    ) -> Vec<String> {
        let Some(content) = response["content"].as_object() else {
            return match self.body.is_empty() {
                true => Vec::new(),
                false => vec!["a body".to_owned()],
            };
        };
        let kind = self.headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default();
        if !content.contains_key(kind) {
            return vec![format!("the media type {kind:?}")];
        }
        match kind.ends_with("json") {
            true => {
                let schema = format!("{pointer}/content/{}/schema", escaped(kind));
                self.schema_faults(document, &schema)
            }
            false => Vec::new(),
        }
    }

    fn schema_faults(&self, document: &Document, schema: &str) -> Vec<String> {
        document.faults(schema, &self.json())
    }

    /// The body; `Null` where it is no JSON.
    fn json(&self) -> Value {
        serde_json::from_slice(self.body).unwrap_or(Value::Null)
    }
}
