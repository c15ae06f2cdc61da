//! Whether a request that was carried out is one that the document allows: what is taken beyond
//! its bounds is a bound that the document has wrong.

use super::{Document, Operation};
use axum::extract::Query;
use axum::http::{HeaderMap, Uri};
use serde_json::Value;

/// A request that was answered by what it asked for.
#[derive(Debug)]
pub struct Sent<'a> {
    /// The method.
    pub method: &'a str,
    /// The path and the query.
    pub uri: &'a Uri,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body; `None` where it was not kept.
    pub body: Option<&'a [u8]>,
}

impl Sent<'_> {
    /// What `document` does not allow of it.
    #[must_use]
    pub fn undocumented(&self, document: &Document) -> Vec<String> {
        let Some(operation) = document.operation(self.method, self.uri.path()) else {
            return Vec::new();
        };
        let mut found = self.undocumented_body(document, operation);
        for pointer in document.parameters(operation) {
            let (_, parameter) = document.resolve(&pointer).expect("a parameter");
            let name = parameter["name"].as_str().expect("a name");
            let given: Vec<String> = match parameter["in"].as_str() {
                Some("query") => self.in_query(name),
                Some("header") => self.in_headers(name),
                _ => continue,
            };
            for text in given {
                found.extend(parameter_faults(document, &pointer, name, &text));
            }
        }
        found.extend(self.unknown_parameters(document, operation));
        found
    }

    fn undocumented_body(&self, document: &Document, operation: &Operation) -> Vec<String> {
        let pointer = format!(
            "{}/requestBody/content/application~1json/schema",
            operation.pointer
        );
        match (document.root.pointer(&pointer), self.body) {
            (Some(_), Some(body)) => {
                let body = serde_json::from_slice(body).unwrap_or(Value::Null);
                let faults = document.faults(&pointer, &body);
                faults.iter().map(|fault| format!("body{fault}")).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Parameters of the query that are taken and not documented. The payments company's clients
    /// and visitors may send others.
    fn unknown_parameters(&self, document: &Document, operation: &Operation) -> Vec<String> {
        if !operation.path.starts_with("/api/") {
            return Vec::new();
        }
        let known: Vec<_> = document
            .parameters(operation)
            .iter()
            .filter_map(|pointer| document.resolve(pointer)?.1["name"].as_str())
            .collect();
        let unknown = self.query().into_iter().map(|(name, _)| name);
        unknown
            .filter(|name| !known.contains(&name.as_str()))
            .map(|name| format!("the parameter {name}"))
            .collect()
    }

    fn query(&self) -> Vec<(String, String)> {
        Query::try_from_uri(self.uri).map_or_else(|_| Vec::new(), |Query(pairs)| pairs)
    }

    fn in_query(&self, wanted: &str) -> Vec<String> {
        let pairs = self.query().into_iter();
        let named = pairs.filter(|(name, _)| name == wanted);
        named.map(|(_, value)| value).collect()
    }

    fn in_headers(&self, name: &str) -> Vec<String> {
        let values = self.headers.get_all(name).into_iter();
        let texts = values.filter_map(|value| value.to_str().ok());
        texts.map(ToOwned::to_owned).collect()
    }
}

fn parameter_faults(document: &Document, pointer: &str, name: &str, text: &str) -> Vec<String> {
    let (pointer, _) = document.resolve(pointer).expect("a parameter");
    let schema = format!("{pointer}/schema");
    let (_, kind) = document.resolve(&schema).expect("a schema");
    let value = match kind["type"] == "integer" {
        true => serde_json::from_str(text).unwrap_or(Value::Null),
        false => text.into(),
    };
    let faults = document.faults(&schema, &value);
    faults
        .iter()
        .map(|fault| format!("{name}{fault}"))
        .collect()
}
