//! Every route of the platform's functions, once: tests hold the routers, the sample events
//! and the contracts against this list.

/// A route, and the sample event of `events/` that takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    pub method: &'static str,
    /// As the router spells it: `/api/v1/referral-codes/{id}`.
    pub path: &'static str,
    /// The event's file name without `.json`.
    pub event: &'static str,
}

const fn route(method: &'static str, path: &'static str, event: &'static str) -> Route {
    Route {
        method,
        path,
        event,
    }
}

const RECORDS: &str = "/api/v1/referral-code-records";
const RECORD: &str = "/api/v1/referral-code-records/{id}";
const CODES: &str = "/api/v1/referral-codes";
const CODE: &str = "/api/v1/referral-codes/{id}";
const ATTRIBUTIONS: &str = "/api/v1/referral-attributions";
const ATTRIBUTION: &str = "/api/v1/referral-attributions/{id}";
const OF_MENTOR: &str = "/api/v1/referral-attributions/mentor/{mentor_id}";
const TOTAL: &str = "/api/v1/referral-attributions/mentor/{mentor_id}/total";
const SERIES: &str = "/api/v1/referral-attributions/mentor/{mentor_id}/timeseries";
const LEADERBOARD: &str = "/api/v1/referral-attributions/leaderboard";
const PROGRAMS: &str = "/api/v1/referral-programs";
const PROGRAM: &str = "/api/v1/referral-programs/{id}";
const USER_CODE: &str = "/gafapay/v3/reward_promotion/user_referral_code";
const VALIDATE: &str = "/gafapay/v3/reward_promotion/validate_referral_code";
const SHORT_LINK: &str = "/r/{code}";

/// Every route. `HEAD` is one of its own where it does something of its own.
pub const ROUTES: [Route; 33] = [
    route("GET", RECORDS, "code-records-list"),
    route("POST", RECORDS, "code-records-create"),
    route(
        "GET",
        "/api/v1/referral-code-records/active",
        "code-records-active",
    ),
    route(
        "GET",
        "/api/v1/referral-code-records/lookup",
        "code-records-lookup",
    ),
    route("GET", RECORD, "code-records-get"),
    route("PUT", RECORD, "code-records-deactivate"),
    route("DELETE", RECORD, "code-records-delete"),
    route("GET", CODES, "codes-list"),
    route("POST", CODES, "codes-get-or-create"),
    route("GET", CODE, "codes-get"),
    route("PUT", CODE, "codes-rotate"),
    route("DELETE", CODE, "codes-invalidate"),
    route("GET", "/api/v1/referral-codes/{id}/url", "codes-url"),
    route("GET", "/api/v1/referral-codes/{id}/stats", "codes-stats"),
    route("GET", ATTRIBUTIONS, "attributions-list"),
    route("POST", ATTRIBUTIONS, "attributions-record-click"),
    route("GET", ATTRIBUTION, "attributions-get"),
    route("PUT", ATTRIBUTION, "attributions-confirm"),
    route("DELETE", ATTRIBUTION, "attributions-delete"),
    route("GET", OF_MENTOR, "attributions-mentor"),
    route("GET", TOTAL, "attributions-mentor-total"),
    route("GET", SERIES, "attributions-mentor-timeseries"),
    route("GET", LEADERBOARD, "attributions-leaderboard"),
    route("GET", PROGRAMS, "programs-list"),
    route("POST", PROGRAMS, "programs-create"),
    route("GET", PROGRAM, "programs-show"),
    route("PUT", PROGRAM, "programs-update"),
    route("DELETE", PROGRAM, "programs-delete"),
    route("GET", USER_CODE, "reward-promotion-user-referral-code"),
    route(
        "GET",
        USER_CODE,
        "reward-promotion-user-referral-code-by-code",
    ),
    route("POST", VALIDATE, "reward-promotion-validate-referral-code"),
    route("GET", SHORT_LINK, "short-links-follow"),
    route("HEAD", SHORT_LINK, "short-links-head"),
];
