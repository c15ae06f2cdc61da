//! Requests that may be sent again under one `Idempotency-Key`.

use super::json::{parse_json, read_json};
use crate::problem::Problem;
use axum::extract::{FromRequest, FromRequestParts, MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use serde::de::DeserializeOwned;
use store::IdempotencyKey;

/// A JSON body, and the idempotency key that came with it.
pub struct IdempotentJson<T> {
    /// The body.
    pub value: T,
    /// The header `Idempotency-Key`, scoped to caller, route and body.
    pub key: Option<IdempotencyKey>,
}

/// The idempotency key of a request that says everything by its path: the header
/// `Idempotency-Key`, scoped to caller and path.
pub struct Idempotent(pub Option<IdempotencyKey>);

/// A name that no other caller has: idempotency keys and misses are counted by it. The route's
/// guard puts it among the request's extensions. Whoever nobody knows is `public`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerName(pub String);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for IdempotentJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let given = given_key(&parts.headers)?;
        let bytes = read_json(&parts.headers, body).await?;
        let value = parse_json(&bytes)?;
        let route = parts.extensions.get::<MatchedPath>();
        let route = route.map_or("", MatchedPath::as_str);
        let owner = owner(&parts.extensions)?;
        let key = given.map(|given| IdempotencyKey::new(owner, route, given, &bytes));
        Ok(Self { value, key })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Idempotent {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let owner = owner(&parts.extensions)?;
        let given = given_key(&parts.headers)?;
        let path = parts.uri.path();
        Ok(Self(
            given.map(|given| IdempotencyKey::new(owner, path, given, b"")),
        ))
    }
}

fn owner(extensions: &Extensions) -> Result<&str, Problem> {
    let owner = extensions.get::<CallerName>();
    let CallerName(owner) = owner.ok_or_else(Problem::unauthorized)?;
    Ok(owner)
}

fn given_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut given = headers.get_all("idempotency-key").iter();
    let Some(first) = given.next() else {
        return Ok(None);
    };
    let text = first
        .to_str()
        .ok()
        .filter(|text| (1..=255).contains(&text.len()));
    match (text, given.next()) {
        (Some(text), None) => Ok(Some(text)),
        _ => Err(Problem::bad_request(
            "invalid_idempotency_key",
            "Idempotency-Key must be one header of 1 to 255 printable characters.",
        )),
    }
}
