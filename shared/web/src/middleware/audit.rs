//! The audit trail: one log line for each change of state, and for each refusal of a credential.
//! It says who by a keyed hash of their `sub` or key id, and names no member, mentor, address or
//! token.

use crate::access::Answered;
use crate::app::App;
use crate::problem::Problem;
use crate::settings::AuditKey;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use domain::CallerKind;
use store::Usage;

/// The target of the lines, which a level of less than info does not silence.
pub(crate) const TARGET: &str = "audit";

/// How ids begin that Verv makes: they name nobody.
const ISSUED: [&str; 6] = ["attr_", "evt_", "key_", "prg_", "rc_", "whk_"];

/// What the trail says of a request before it is answered.
struct Action {
    method: Method,
    /// The route's pattern, never the path.
    route: String,
    /// The record in the path.
    object: Option<String>,
    has_credential: bool,
}

/// Logs a request that changed something, or whose credential was refused.
pub(super) async fn audit(State(app): State<App>, request: Request, next: Next) -> Response {
    let key = &app.settings().audit_key;
    let action = Action::of(&request, key);
    let response = next.run(request).await;
    if action.is_change(&response) || action.is_refusal(response.status()) {
        action.log(&response, key);
    }
    response
}

impl Action {
    fn of(request: &Request, key: &AuditKey) -> Self {
        let route = request.extensions().get::<MatchedPath>();
        let route = route.map_or("(none)", MatchedPath::as_str).to_owned();
        Self {
            method: request.method().clone(),
            object: captured(&route, request.uri().path()).map(|id| named(id, key)),
            route,
            has_credential: request.headers().contains_key(header::AUTHORIZATION),
        }
    }

    /// Whether something may have changed. A `POST` that is answered 200 and wrote nothing is a
    /// question, or found what was there.
    fn is_change(&self, response: &Response) -> bool {
        if matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS) {
            return false;
        }
        let status = response.status();
        let usage = response.extensions().get::<Usage>();
        let wrote = usage.is_none_or(|usage| usage.write_units > 0.0);
        let only_asked = self.method == Method::POST && status == StatusCode::OK && !wrote;
        status.is_success() && !only_asked
    }

    fn is_refusal(&self, status: StatusCode) -> bool {
        let is_refused = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        is_refused && self.has_credential
    }

    fn log(self, response: &Response, key: &AuditKey) {
        let answered = response.extensions().get::<Answered>();
        let caller = answered.map_or("unverified", |answered| kind(answered.kind));
        let subject = answered.and_then(|answered| answered.subject.as_deref());
        let made = || {
            let location = text(response.headers(), header::LOCATION.as_str())?;
            location.rsplit('/').next().map(|id| named(id, key))
        };
        let object = self.object.or_else(made);
        let problem = response.extensions().get::<Problem>();
        tracing::info!(
            target: TARGET,
            caller,
            subject,
            action = format!("{} {}", self.method, self.route),
            object,
            status = response.status().as_u16(),
            outcome = problem.map_or("done", Problem::code),
            request_id = text(response.headers(), "x-request-id"),
            "audit"
        );
    }
}

fn kind(kind: CallerKind) -> &'static str {
    match kind {
        CallerKind::Public => "public",
        CallerKind::Anonymous => "anonymous",
        CallerKind::Owner => "owner",
        CallerKind::Organisation => "organisation",
        CallerKind::Platform => "platform",
        CallerKind::ApiKey => "api_key",
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// The last segment of `path` that the route's pattern captures.
fn captured<'p>(route: &str, path: &'p str) -> Option<&'p str> {
    let pairs = route.split('/').zip(path.split('/'));
    let captured = pairs.filter(|(pattern, _)| pattern.starts_with('{'));
    captured.last().map(|(_, segment)| segment)
}

/// What the trail calls a record: its id where Verv made it, else a keyed hash of the id, which
/// may be a person's.
fn named(id: &str, key: &AuditKey) -> String {
    let is_issued = ISSUED.iter().any(|prefix| {
        id.strip_prefix(prefix)
            .is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
    });
    if is_issued {
        return id.to_owned();
    }
    key.hash(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_named_by_its_own_id_and_a_person_by_a_hash() {
        let settings = crate::settings::Settings::from_lookup(|_| None).expect("local settings");
        let key = &settings.audit_key;
        let own = "rc_019d2a5c000070008000000000000003";
        assert_eq!(named(own, key), own);
        for person in [
            "usr_5892",
            "rc_somebody",
            "usr_019d2a5c000070008000000000000003",
        ] {
            assert_eq!(named(person, key), key.hash(person));
        }
    }

    #[test]
    fn what_a_pattern_captures_is_the_object() {
        for (route, path, object) in [
            ("/api/v1/things/{id}", "/api/v1/things/x", Some("x")),
            ("/api/v1/things", "/api/v1/things", None),
            ("/a/{org}/b/{id}", "/a/o/b/x", Some("x")),
            ("(none)", "/a/b", None),
        ] {
            assert_eq!(captured(route, path), object, "{route}");
        }
    }
}
