//! JSON bodies.

use super::body;
use super::faults::{Given, problem_of};
use super::field::field_problem;
use crate::problem::Problem;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A body that is a JSON object, as a `T`.
pub struct JsonBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read_json(&parts.headers, body).await?;
        parse_json(&bytes).map(Self)
    }
}

/// The bytes of a body that claims to be JSON, or claims nothing.
///
/// # Errors
/// 415 for another type, 413, 400.
pub(super) async fn read_json(
    headers: &HeaderMap,
    body: axum::body::Body,
) -> Result<Bytes, Problem> {
    if !claims_json(headers) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Send the body as Content-Type: application/json.",
        ));
    }
    body::read(body).await
}

fn claims_json(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(header::CONTENT_TYPE) else {
        return true;
    };
    let text = content_type.to_str().unwrap_or("");
    let essence = text.split(';').next().unwrap_or("").trim();
    let essence = essence.to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The object in `bytes`.
///
/// # Errors
/// 400, which names the field where the trouble is one field's.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // serde would also take a list of the fields' values for the object.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        let value: Result<Value, _> = serde_json::from_slice(bytes);
        return Err(value.map_or_else(|error| malformed(&error), |_| not_an_object()));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if !inner.is_data() {
            return malformed(&inner);
        }
        let fields = serde_json::from_slice(bytes).map(Fields);
        let problem = fields.ok().and_then(|fields| problem_of::<T>(&fields));
        problem.unwrap_or_else(|| field_problem(&path, &inner.to_string()))
    })?;
    // Nothing may follow the object.
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

/// The fields of an object.
struct Fields(Map<String, Value>);

impl Given for Fields {
    fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    fn fault<T: DeserializeOwned>(&self, name: &str) -> Option<String> {
        let value = self.0.get(name)?.clone();
        let alone = Value::Object(Map::from_iter([(name.to_owned(), value)]));
        let error = serde_path_to_error::deserialize::<_, T>(alone).err()?;
        let is_its_own = error.path().iter().next().is_some();
        is_its_own.then(|| error.into_inner().to_string())
    }
}

fn not_an_object() -> Problem {
    Problem::bad_request("invalid_body", "The body must be a JSON object.")
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::bad_request(
        "malformed_json",
        format!("The body is no JSON document: {error}."),
    )
}
