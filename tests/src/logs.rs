//! The log of the whole test run, searched line by line as it is written: no line may hold
//! what a request carried of its caller, be it a token, an address, a user agent or a member.
//!
//! The harness notes all of these as requests bring them, and logs at the most detailed level
//! that an operator may choose. A line that holds one ends the test binary: a panic in some
//! task would not be seen.

use axum::body::{Body, HttpBody};
use axum::extract::rejection::{QueryRejection, RawPathParamsRejection};
use axum::extract::{Query, RawPathParams, Request};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use lambda_http::request::RequestContext;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Once, PoisonError, RwLock};

/// Fields, parameters and path segments that say who somebody is.
const PRIVATE: [&str; 6] = [
    "mentor_id",
    "new_member_id",
    "user_id",
    "ip_address",
    "user_agent",
    "sub",
];

/// The largest body that is looked into: larger ones are refused unread.
const BODY: u64 = 128 * 1024;

static PLANTED: RwLock<BTreeSet<String>> = RwLock::new(BTreeSet::new());
static LINES: AtomicUsize = AtomicUsize::new(0);

/// Logs everything from now on, and searches it.
pub fn watch() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        tracing_subscriber::fmt()
            .json()
            .with_env_filter(shared::http::logs::filter("trace"))
            .with_writer(|| Searched)
            .init();
    });
}

/// How many lines were searched so far.
#[must_use]
pub fn lines() -> usize {
    LINES.load(Ordering::SeqCst)
}

/// No line may hold `secret` from now on. Words, short values and the names of parameters,
/// which stand in lines for other reasons, are left out.
pub fn plant(secret: &str) {
    let is_word = secret.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_parameter = PRIVATE.contains(&secret.trim_matches(['{', '}']));
    if secret.len() < 5 || is_word || is_parameter || is_planted(secret) {
        return;
    }
    let mut planted = PLANTED.write().unwrap_or_else(PoisonError::into_inner);
    planted.insert(secret.to_owned());
}

fn is_planted(secret: &str) -> bool {
    let planted = PLANTED.read().unwrap_or_else(PoisonError::into_inner);
    planted.contains(secret)
}

/// Every private value of `json`, however deep.
pub fn plant_all(json: &Value) {
    match json {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if PRIVATE.contains(&name.as_str()) => plant(text),
                    deeper => plant_all(deeper),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(plant_all),
        _ => {}
    }
}

/// Ends the test binary when a line of `log` holds anything that was planted.
pub fn search(log: &str) {
    let planted = PLANTED.read().unwrap_or_else(PoisonError::into_inner);
    for line in log.lines() {
        LINES.fetch_add(1, Ordering::SeqCst);
        if let Some(secret) = planted.iter().find(|secret| holds(line, secret)) {
            // Not through the test's captured output, which ends with the process.
            let _ = writeln!(io::stderr(), "\na log line holds {secret:?}:\n{line}");
            std::process::exit(101);
        }
    }
}

/// Whether `secret` stands in `line` by itself: `usr_1` does not stand in `usr_10`.
fn holds(line: &str, secret: &str) -> bool {
    let continues = |text: Option<char>| text.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(secret).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + secret.len()..].chars().next();
        !continues(before) && !continues(after)
    })
}

struct Searched;

impl Write for Searched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        search(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Plants what a request carries, and answers it.
pub(crate) async fn plant_request(
    path: Result<RawPathParams, RawPathParamsRejection>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
    request: Request,
    next: Next,
) -> Response {
    let path = path.iter().flatten();
    let query = query.iter().flat_map(|Query(pairs)| pairs);
    let query = query.map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in path.chain(query) {
        if PRIVATE.contains(&name) {
            plant(value);
        }
    }
    plant_headers(request.headers());
    if let Some(RequestContext::ApiGatewayV2(context)) = request.extensions().get() {
        let http = &context.http;
        http.source_ip.iter().for_each(|address| plant(address));
        http.user_agent.iter().for_each(|agent| plant(agent));
    }
    next.run(plant_body(request).await).await
}

fn plant_headers(headers: &HeaderMap) {
    let forwarded = header::HeaderName::from_static("x-forwarded-for");
    for name in [header::USER_AGENT, forwarded] {
        let values = headers.get_all(name).into_iter();
        values
            .filter_map(|value| value.to_str().ok())
            .for_each(plant);
    }
    // `Bearer eyJ…`: the scheme is no secret.
    let authorizations = headers.get_all(header::AUTHORIZATION).into_iter();
    let words = authorizations
        .filter_map(|value| value.to_str().ok())
        .flat_map(str::split_whitespace);
    words.skip(1).for_each(plant);
}

async fn plant_body(request: Request) -> Request {
    let size = request.body().size_hint().upper();
    if size.is_none_or(|size| size > BODY) {
        return request;
    }
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await;
    let body = body.unwrap_or_default();
    if let Ok(json) = serde_json::from_slice(&body) {
        plant_all(&json);
    }
    Request::from_parts(parts, Body::from(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_by_itself_and_not_within_another_word() {
        for line in [
            r#"{"cause":"no usr_4491"}"#,
            r#"{"key":"MENTOR#usr_4491#ORG#1"}"#,
            "usr_4491",
            "usr_44912 usr_4491",
        ] {
            assert!(holds(line, "usr_4491"), "{line}");
        }
        for line in ["", "usr_44912", "my_usr_4491", "usr_449"] {
            assert!(!holds(line, "usr_4491"), "{line}");
        }
    }
}
