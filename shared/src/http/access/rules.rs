//! The table of who may do what: every route, every method. What is not here is refused,
//! whoever asks.
//!
//! Two of the rules say more than a role: whoever is let in as [`Role::Org`] reaches their
//! organisation's records alone, and as [`Role::Mentor`] or [`Role::Customer`] their own.

use super::token::Role::{self, Admin, Customer, Mentor, Org};
use axum::http::Method;

/// Who is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Anyone, and no token is looked at.
    Open,
    /// Whoever has a token of the company that the request names, even where the API is
    /// public. The route's own extractor asks for it.
    Company,
    /// These roles, where the API asks for tokens.
    Roles(&'static [Role]),
}

/// Everyone with a token, each for what is theirs.
const OWN: Door = Door::Roles(&[Admin, Org, Mentor, Customer]);
/// Who runs the organisation, or the platform.
const STAFF: Door = Door::Roles(&[Admin, Org]);
const OPEN: Door = Door::Open;
const COMPANY: Door = Door::Company;

/// One way into one route.
pub struct Rule {
    pub method: &'static str,
    pub route: &'static str,
    pub door: Door,
}

const fn rule(method: &'static str, route: &'static str, door: Door) -> Rule {
    Rule {
        method,
        route,
        door,
    }
}

/// The whole table. A `GET` answers `HEAD` too.
pub const RULES: &[Rule] = &[
    rule("GET", "/api/v1/referral-code-records", OWN),
    rule("POST", "/api/v1/referral-code-records", OWN),
    rule("GET", "/api/v1/referral-code-records/active", OWN),
    rule("GET", "/api/v1/referral-code-records/lookup", OWN),
    rule("GET", "/api/v1/referral-code-records/{id}", OWN),
    rule("PUT", "/api/v1/referral-code-records/{id}", OWN),
    rule("DELETE", "/api/v1/referral-code-records/{id}", STAFF),
    //
    rule("GET", "/api/v1/referral-codes", OWN),
    rule("POST", "/api/v1/referral-codes", OWN),
    rule("GET", "/api/v1/referral-codes/{id}", OWN),
    rule("PUT", "/api/v1/referral-codes/{id}", OWN),
    rule("DELETE", "/api/v1/referral-codes/{id}", OWN),
    rule("GET", "/api/v1/referral-codes/{id}/url", OWN),
    rule("GET", "/api/v1/referral-codes/{id}/stats", OWN),
    //
    rule("GET", "/api/v1/referral-attributions", OWN),
    rule("POST", "/api/v1/referral-attributions", OPEN),
    rule("GET", "/api/v1/referral-attributions/leaderboard", STAFF),
    rule("GET", "/api/v1/referral-attributions/{id}", OWN),
    // A mentor who could confirm would count their own recruits.
    rule("PUT", "/api/v1/referral-attributions/{id}", STAFF),
    rule("DELETE", "/api/v1/referral-attributions/{id}", STAFF),
    rule(
        "GET",
        "/api/v1/referral-attributions/mentor/{mentor_id}",
        OWN,
    ),
    rule(
        "GET",
        "/api/v1/referral-attributions/mentor/{mentor_id}/total",
        OWN,
    ),
    rule(
        "GET",
        "/api/v1/referral-attributions/mentor/{mentor_id}/timeseries",
        OWN,
    ),
    //
    rule("GET", "/api/v1/referral-programs", STAFF),
    rule("POST", "/api/v1/referral-programs", STAFF),
    rule("GET", "/api/v1/referral-programs/{id}", STAFF),
    rule("PUT", "/api/v1/referral-programs/{id}", STAFF),
    rule("DELETE", "/api/v1/referral-programs/{id}", STAFF),
    //
    rule("GET", "/r/{code}", OPEN),
    rule(
        "GET",
        "/gafapay/v3/reward_promotion/user_referral_code",
        COMPANY,
    ),
    rule(
        "POST",
        "/gafapay/v3/reward_promotion/validate_referral_code",
        OPEN,
    ),
];

/// What the table says of a route and a method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ruling {
    Door(Door),
    /// The route takes other methods: these, as the `Allow` header lists them.
    OtherMethods(String),
    NoRoute,
}

pub(super) fn ruling(method: &Method, route: &str) -> Ruling {
    let method = match method.as_str() {
        "HEAD" => "GET",
        other => other,
    };
    let of_route = || RULES.iter().filter(|rule| is_same_route(rule.route, route));
    if let Some(rule) = of_route().find(|rule| rule.method == method) {
        return Ruling::Door(rule.door);
    }
    let allowed: Vec<&str> = of_route()
        .map(|rule| match rule.method {
            "GET" => "GET,HEAD",
            other => other,
        })
        .collect();
    if allowed.is_empty() {
        Ruling::NoRoute
    } else {
        Ruling::OtherMethods(allowed.join(","))
    }
}

/// Whether two route patterns are alike, whatever they call what they capture.
fn is_same_route(a: &str, b: &str) -> bool {
    let captures = |segment: &str| segment.starts_with('{');
    let (mut a, mut b) = (a.split('/'), b.split('/'));
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(x), Some(y)) if x == y || (captures(x) && captures(y)) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_table_does_not_name_has_no_door() {
        let of = |method: Method, route| ruling(&method, route);
        let records = "/api/v1/referral-code-records";
        assert_eq!(of(Method::HEAD, records), Ruling::Door(OWN));
        assert_eq!(
            of(Method::PATCH, records),
            Ruling::OtherMethods("GET,HEAD,POST".to_owned())
        );
        assert_eq!(of(Method::GET, "/api/v1/secrets"), Ruling::NoRoute);
        assert_eq!(of(Method::GET, "/r/{anything}"), Ruling::Door(OPEN));
        assert_eq!(of(Method::GET, "/r/{code}/more"), Ruling::NoRoute);
    }
}
