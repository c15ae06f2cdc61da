//! A request on each route for someone's belongings, and what shows that it reached them.

use crate::world::Belongings;
use axum::http::Method;
use serde_json::{Value, json};
use tests::Reply;

/// A request on a route for someone's belongings.
///
/// # Panics
/// When the route is not in the table: a new route has its request here.
pub(crate) fn request(method: &Method, route: &str, of: &Belongings) -> (String, Option<Value>) {
    let (short, id) = shortened(route, of);
    let path = route
        .replace("{id}", &id)
        .replace("{mentor_id}", &of.mentor)
        .replace("{code}", &of.code)
        .replace("{event_id}", &of.delivered)
        .replace("{version}/{file}", "0/app.js");
    match method.as_str() {
        "GET" => (format!("{path}{}", query(short, of)), None),
        "DELETE" if short.starts_with("privacy/m") => (format!("{path}?org_id={}", of.org), None),
        "DELETE" => (path, None),
        method => (
            path,
            Some(body(method, short, of)).filter(|body| !body.is_null()),
        ),
    }
}

/// The route without its base, and the id of what it is about.
fn shortened<'r>(route: &'r str, of: &Belongings) -> (&'r str, String) {
    let short = route.strip_prefix("/api/v1/").unwrap_or(route);
    let resource = short.split("/{").next().unwrap_or_default();
    let resource = match resource {
        "privacy/members" | "privacy/mentors" | "privacy/erasures" => resource,
        other => other.split('/').next().unwrap_or_default(),
    };
    let id = match resource {
        "referral-attributions" => &of.attribution,
        "referral-programs" => &of.program,
        "api-keys" => &of.api_key,
        "webhooks" => &of.webhook,
        "privacy/members" => &of.member(),
        "privacy/mentors" => &of.mentor,
        "privacy/erasures" => &of.erasure,
        "referral-codes" | "referral-code-records" => &of.code_id,
        // No route of theirs has an id.
        _ => &of.code,
    };
    (short, id.clone())
}

fn query(route: &str, of: &Belongings) -> String {
    match route {
        "referral-codes"
        | "referral-code-records"
        | "referral-code-records/active"
        | "referral-attributions"
        | "referral-conversions" => format!("?mentor_id={}&org_id={}", of.mentor, of.org),
        "referral-code-records/lookup" => format!("?code={}", of.code),
        "referral-programs"
        | "api-keys"
        | "webhooks"
        | "events"
        | "privacy/members/{id}"
        | "privacy/mentors/{id}"
        | "referral-attributions/leaderboard"
        | "referral-attributions/total"
        | "referral-attributions/timeseries"
        | "referral-attributions/mentor/{mentor_id}/total"
        | "referral-attributions/mentor/{mentor_id}/timeseries" => format!("?org_id={}", of.org),
        "/gafapay/v3/reward_promotion/user_referral_code" => format!("?user_id={}", of.mentor),
        // The path says it all.
        "/" | "/console" | "/docs" | "/openapi.yaml" => String::new(),
        _ if route.contains('{') => String::new(),
        _ => panic!("no request in the access matrix: GET {route}"),
    }
}

fn body(method: &str, route: &str, of: &Belongings) -> Value {
    let Belongings {
        org, mentor, code, ..
    } = of;
    match (method, route) {
        ("POST", "referral-codes") => json!({"mentor_id": mentor, "org_id": org}),
        ("POST", "referral-code-records") => {
            json!({"mentor_id": mentor, "org_id": org, "code": "FRESH-0001"})
        }
        ("POST", "referral-attributions") => json!({ "code": code }),
        ("POST", "referral-programs") => {
            json!({"org_id": org, "name": "Autumn", "currency_id": "NOK"})
        }
        ("POST", "api-keys") => json!({"org_id": org, "name": "New", "scopes": ["codes:read"]}),
        ("POST", "webhooks") => {
            json!({"org_id": org, "url": "https://hooks.example/new", "events": ["*"]})
        }
        // The path says it all.
        ("POST", path) if path.starts_with("webhooks/") => Value::Null,
        ("PATCH", "webhooks/{id}") => json!({"status": "disabled"}),
        ("POST", "/gafapay/v3/reward_promotion/validate_referral_code") => {
            json!({"referral_code": code, "user_type": 2})
        }
        ("POST", "referral-conversions") => {
            json!({"code": code, "new_member_id": format!("typed_{mentor}")})
        }
        ("PUT", "referral-codes/{id}") => json!({"mentor_id": mentor, "action": "rotate"}),
        ("PATCH", "referral-codes/{id}") => json!({"user_type": 3}),
        ("PUT", "referral-code-records/{id}") => json!({"status": "inactive"}),
        ("PUT", "referral-attributions/{id}") => {
            json!({"code": code, "new_member_id": format!("new_{mentor}")})
        }
        ("PUT", "referral-programs/{id}") => json!({"name": "Summer"}),
        _ => panic!("no request in the access matrix: {method} {route}"),
    }
}

/// Whether the caller was let in: the answer is about the object, not about the caller.
pub(crate) fn opens(answer: &Reply) -> bool {
    // The pair has an active code already: a conflict that only its owner hears of.
    let status = answer.status;
    status.is_success() || status.is_redirection() || status == 409
}

/// Whether a `GET` shows what it was asked for: an empty list opens too, and proves nothing.
pub(crate) fn shows(answer: &Reply, (method, route): (&Method, &str), of: &Belongings) -> bool {
    if method != Method::GET {
        return opens(answer);
    }
    let json = answer.json();
    match route.rsplit('/').next().unwrap_or_default() {
        // The organisation's, of which others have clicks as well.
        "total" if !route.contains("mentor") => {
            json["org_id"] == of.org.as_str() && json["total_clicks"].as_u64() > Some(0)
        }
        "timeseries" if !route.contains("mentor") => {
            let points = json["data"].as_array();
            let is_clicked = |point: &Value| point["clicks"].as_u64() > Some(0);
            json["org_id"] == of.org.as_str() && points.is_some_and(|it| it.iter().any(is_clicked))
        }
        "total" | "stats" => json["total_clicks"] == 1,
        "timeseries" => {
            let points = json["data"].as_array();
            points.is_some_and(|points| points.iter().any(|point| point["clicks"] == 1))
        }
        // The pages are the same for everyone.
        "" | "console" | "docs" | "openapi.yaml" | "{file}" => answer.status == 200,
        "qr" if route.starts_with("/s/") => answer.header("content-type") == "image/png",
        // The picture's title is the link.
        "qr" => answer.text.contains(&of.code),
        // Empty until something is confirmed and folded: `parts` does both.
        "leaderboard" => json["org_id"] == of.org.as_str(),
        // The redirect tells no more than the code that it was asked for.
        _ if route == "/r/{code}" => answer.header("location").contains(&of.code),
        _ => [
            &of.code,
            &of.code_id,
            &of.attribution,
            &of.program,
            &of.api_key,
            &of.webhook,
            &of.erasure,
        ]
        .iter()
        .any(|own| answer.text.contains(own.as_str())),
    }
}
