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
use http_body_util::BodyExt;
use lambda_http::request::RequestContext;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Once, PoisonError, RwLock};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

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

static PLANTED: RwLock<Planted> = RwLock::new(Planted(BTreeMap::new()));
static LINES: AtomicUsize = AtomicUsize::new(0);

/// Logs everything from now on, and searches it.
pub fn watch() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        let searched = tracing_subscriber::fmt::layer()
            .json()
            .with_writer(|| Searched);
        tracing_subscriber::registry()
            .with(searched.with_filter(web::lambda::logs::filter("trace").expect("a level")))
            .init();
    });
}

/// How many lines were searched so far.
#[must_use]
pub fn lines() -> usize {
    LINES.load(Ordering::SeqCst)
}

/// No line may hold `secret` from now on. Words, short values, mere punctuation and the names of
/// parameters, which stand in lines for other reasons, are left out.
pub fn plant(secret: &str) {
    let is_word = secret.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_parameter = PRIVATE.contains(&secret.trim_matches(['{', '}']));
    if secret.len() < 5 || is_word || is_parameter {
        return;
    }
    // Most are planted again and again: only a new one waits for all searches to end.
    let planted = PLANTED.read().unwrap_or_else(PoisonError::into_inner);
    if planted.found_in(secret) == Some(secret) {
        return;
    }
    drop(planted);
    let mut planted = PLANTED.write().unwrap_or_else(PoisonError::into_inner);
    planted.add(secret);
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
        if let Some(secret) = planted.found_in(line) {
            // Not through the test's captured output, which ends with the process.
            let _ = writeln!(io::stderr(), "\na log line holds {secret:?}:\n{line}");
            std::process::exit(101);
        }
    }
}

/// Secrets, by the first word of each: a line is compared with those alone that begin with one
/// of its words. Some tests plant thousands.
struct Planted(BTreeMap<String, BTreeSet<String>>);

impl Planted {
    fn add(&mut self, secret: &str) {
        if let Some(word) = words(secret).next() {
            let alike = self.0.entry(word.to_owned()).or_default();
            alike.insert(secret.to_owned());
        }
    }

    fn found_in(&self, line: &str) -> Option<&str> {
        let mut alike = words(line).filter_map(|word| self.0.get(word)).flatten();
        let found = alike.find(|secret| holds(line, secret));
        found.map(String::as_str)
    }
}

fn is_in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|c| !is_in_word(c));
    parts.filter(|part| !part.is_empty())
}

/// Whether `secret` is in `line` as a word of its own: `usr_1` is not in `usr_10`.
fn holds(line: &str, secret: &str) -> bool {
    let continues = |text: Option<char>| text.is_some_and(is_in_word);
    line.match_indices(secret).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + secret.len()..].chars().next();
        !continues(before) && !continues(after)
    })
}

struct Searched;

/// The last lines of the audit trail.
static AUDIT: Mutex<VecDeque<Value>> = Mutex::new(VecDeque::new());

/// How many of them are kept.
const KEPT: usize = 10_000;

/// What the lines of the audit trail say, the last 10,000 of all tests of this binary.
#[must_use]
pub fn audit_trail() -> Vec<Value> {
    let lines = AUDIT.lock().unwrap_or_else(PoisonError::into_inner);
    lines.iter().cloned().collect()
}

fn keep_audit(log: &str) {
    let lines = log.lines().filter(|line| line.contains("\"audit\""));
    let lines = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    for line in lines.filter(|line| line["target"] == "audit") {
        let mut kept = AUDIT.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(line["fields"].clone());
    }
}

impl Write for Searched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let log = String::from_utf8_lossy(bytes);
        search(&log);
        keep_audit(&log);
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
    let body = match body.collect().await {
        Ok(collected) => {
            let bytes = collected.to_bytes();
            if let Ok(json) = serde_json::from_slice(&bytes) {
                plant_all(&json);
            }
            Body::from(bytes)
        }
        // The platform meets a body that breaks off, as it would without this.
        Err(error) => Body::from_stream(futures::stream::iter([Err::<Vec<u8>, _>(error)])),
    };
    Request::from_parts(parts, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_secret_is_found() {
        let kinds = [
            "usr_4491",
            "203.0.113.7",
            "::ffff:203.0.113.8",
            "eyJhbGciOi.J9-_x.4Q",
            "Mozilla/5.0 (X11; Linux x86_64)",
            "(no name)",
        ];
        let mut planted = Planted(BTreeMap::new());
        kinds.iter().for_each(|secret| planted.add(secret));
        for secret in kinds {
            let line = format!(r#"{{"level":"WARN","cause":"no {secret}, it says"}}"#);
            assert_eq!(planted.found_in(&line), Some(secret));
        }
        assert_eq!(planted.found_in(r#"{"level":"WARN","cause":"no"}"#), None);
    }

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
