//! The functions that answer HTTP, each with its own routes: as on Lambda, where a request
//! reaches one of them and no other.

use web::routes::Routes;

/// Every function that answers HTTP: its binary, and its routes.
#[must_use]
pub fn http_functions() -> Vec<(&'static str, Routes)> {
    vec![
        ("code-records", code_records::routes()),
        ("codes", codes::routes()),
        ("attributions", attributions::routes()),
        ("conversions", conversions::routes()),
        ("event-feed", event_feed::routes()),
        ("short-links", short_links::routes()),
        ("reward-promotion", reward_promotion::routes()),
        ("programs", programs::routes()),
        ("api-keys", api_keys::routes()),
        ("webhook-registry", webhook_registry::routes()),
        ("privacy", privacy::routes()),
        ("console", console::routes()),
    ]
}

/// The function behind the schedule.
pub const SCHEDULED: &str = "stats-aggregator";

/// The function behind the table's stream.
pub const STREAM: &str = "events";

/// The function behind the queue of deliveries to webhooks.
pub const QUEUED: &str = "webhooks";
