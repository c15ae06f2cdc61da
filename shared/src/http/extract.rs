//! Extractors: what a handler is given is valid, and what is not is a problem that names
//! the field.

use super::access::Caller;
use super::{MAX_BODY, Problem};
use crate::store::IdempotencyKey;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, MatchedPath, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use lambda_http::request::RequestContext;
use serde::de::DeserializeOwned;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// A JSON body.
pub struct Body<T>(pub T);

/// A JSON body of a `POST`, and the idempotency key that came with it.
pub struct Post<T> {
    pub value: T,
    pub key: Option<IdempotencyKey>,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read_json(&parts.headers, body).await?;
        parse_json(&bytes).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Post<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let given = idempotency_key(&parts.headers)?;
        let bytes = read_json(&parts.headers, body).await?;
        let value = parse_json(&bytes)?;
        let route = parts
            .extensions
            .get::<MatchedPath>()
            .map_or("", MatchedPath::as_str);
        let caller = parts.extensions.get::<Caller>();
        let caller = caller.ok_or_else(Problem::unauthorized)?.scope();
        let key = given.map(|given| IdempotencyKey::new(&caller, route, &given, &bytes));
        Ok(Self { value, key })
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut given = headers.get_all("idempotency-key").iter();
    let Some(first) = given.next() else {
        return Ok(None);
    };
    let text = first
        .to_str()
        .ok()
        .filter(|text| (1..=255).contains(&text.len()));
    match (text, given.next()) {
        (Some(text), None) => Ok(Some(text.to_owned())),
        _ => Err(Problem::bad_request(
            "invalid_idempotency_key",
            "Idempotency-Key must be one header of 1 to 255 printable characters.",
        )),
    }
}

async fn read_json(headers: &HeaderMap, body: axum::body::Body) -> Result<Bytes, Problem> {
    if let Some(content_type) = headers.get(header::CONTENT_TYPE) {
        let essence = content_type
            .to_str()
            .unwrap_or("")
            .split(';')
            .next()
            .unwrap_or("")
            .trim();
        let lower = essence.to_ascii_lowercase();
        let is_json = lower == "application/json"
            || (lower.starts_with("application/") && lower.ends_with("+json"));
        if !is_json {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "Send the body as Content-Type: application/json.",
            ));
        }
    }
    match Limited::new(body, MAX_BODY).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            "The body may have at most 64 KiB.",
        )),
        Err(_) => Err(Problem::bad_request(
            "unreadable_body",
            "The body broke off.",
        )),
    }
}

fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // serde would also take a list of the fields' values for the object.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        let value: Result<serde_json::Value, _> = serde_json::from_slice(bytes);
        return Err(value.map_or_else(|error| malformed(&error), |_| not_an_object()));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() {
            return field_problem(&path, &inner.to_string());
        }
        malformed(&inner)
    })?;
    // What follows the value must be nothing.
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
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

/// The longest part of a caller's own words that an answer repeats, in characters.
const REPEATED_AT_MOST: usize = 200;

/// Names the field that serde's message is about: the path, or where serde stands above the
/// field, the name in the message.
fn field_problem(path: &str, message: &str) -> Problem {
    let end = message.rfind(" at line ").unwrap_or(message.len());
    let message: String = message[..end].chars().take(REPEATED_AT_MOST).collect();
    let named = |start: &str| {
        let rest = message.strip_prefix(start)?;
        rest.split('`').next().map(str::to_owned)
    };
    if let Some(field) = named("missing field `") {
        return invalid(&field, "is required");
    }
    if let Some(field) = named("unknown field `") {
        let short: String = field.chars().take(REPEATED_AT_MOST).collect();
        return Problem::bad_request("unknown_field", format!("There is no field {short}."))
            .with_field(short, "is not known here");
    }
    if let Some(field) = named("duplicate field `") {
        return invalid(&field, "is given twice");
    }
    invalid(path, &message)
}

/// 400 for a field with a value that it cannot take.
pub fn invalid(field: &str, detail: &str) -> Problem {
    let short: String = field.chars().take(REPEATED_AT_MOST).collect();
    Problem::bad_request("invalid_field", format!("{short}: {detail}.")).with_field(short, detail)
}

/// The query string as a `T`. An unknown parameter is refused: a mistyped filter must not
/// give the unfiltered list.
pub struct QueryOf<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for QueryOf<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parse_query(parts.uri.query().unwrap_or("")).map(Self)
    }
}

pub(super) fn parse_query<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let deserializer = serde_urlencoded::Deserializer::new(pairs);
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let path = error.path().to_string();
        field_problem(&path, &error.into_inner().to_string())
    })
}

/// The id in the path. What cannot be an id is the id of nothing: 404.
pub struct PathId<T>(pub T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await.ok();
        text.and_then(|Path(text)| text.parse().ok())
            .map(Self)
            .ok_or_else(no_such_record)
    }
}

/// 404 for a record that is not there.
pub fn no_such_record() -> Problem {
    Problem::not_found("not_found", "There is no record with this id.")
}

/// Who sent the request, as the network tells and not as the request claims.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// API Gateway's `sourceIp`, or the peer's address; never `X-Forwarded-For`.
    pub address: Option<IpAddr>,
    pub user_agent: Option<String>,
    pub referrer: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let gateway = match parts.extensions.get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.as_deref(),
            _ => None,
        };
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|peer| peer.0.ip());
        let text = |name| {
            parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        Ok(Self {
            address: gateway.and_then(|ip| ip.parse().ok()).or(peer),
            user_agent: text(header::USER_AGENT),
            referrer: text(header::REFERER),
        })
    }
}
