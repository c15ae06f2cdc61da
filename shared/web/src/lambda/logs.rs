//! Logs as JSON lines.

use crate::middleware::AUDIT_TARGET;
use crate::settings::env_var;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The crates that a level is meant for.
const OWN_CRATES: [&str; 5] = ["domain", "store", "web", "stats_aggregator", "local"];

/// Begins to log: at the level of `RUST_LOG`, else at the one of Lambda's own logging
/// controls, else at info.
pub(super) fn init() {
    let level = env_var("RUST_LOG").or_else(|| env_var("AWS_LAMBDA_LOG_LEVEL"));
    let level = level.unwrap_or_else(|| "info".to_owned());
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        // The runtime's one span is in the line anyway.
        .with_span_list(false)
        .with_target(false);
    tracing_subscriber::registry()
        .with(lines)
        .with(filter(&level))
        .init();
}

/// What is logged at `level`: `debug`, or directives such as `info,hyper=debug`, which are
/// taken as they are. Anything else is info.
///
/// A level is that of Verv's own code. The libraries beneath it stay at info: in more detail
/// they print what they send and receive, which is what a log must never hold.
///
/// The audit trail is logged at every level.
#[must_use]
pub fn filter(level: &str) -> Targets {
    let level = level.to_lowercase();
    let filter = match level.parse::<LevelFilter>() {
        Ok(own) if own > LevelFilter::INFO => {
            let own_crates = OWN_CRATES.map(|name| (name, own));
            info().with_targets(own_crates)
        }
        _ => directives(&level).unwrap_or_else(info),
    };
    filter.with_target(AUDIT_TARGET, LevelFilter::INFO)
}

fn info() -> Targets {
    Targets::new().with_default(LevelFilter::INFO)
}

/// What `text` names, if every part of it is a directive.
fn directives(text: &str) -> Option<Targets> {
    // An empty part would be taken for the level of errors.
    let parts: Vec<_> = text.split(',').filter(|part| !part.is_empty()).collect();
    let filter = parts.join(",").parse().ok();
    filter.filter(|_| !parts.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_that_of_our_own_code() {
        for (level, expected) in [
            ("INFO", "info,audit=info"),
            ("warn", "warn,audit=info"),
            ("off", "off,audit=info"),
            (
                "DEBUG",
                "stats_aggregator=debug,domain=debug,store=debug,web=debug,local=debug,info,audit=info",
            ),
            ("info,hyper=trace", "hyper=trace,info,audit=info"),
            ("info,,hyper=trace,", "hyper=trace,info,audit=info"),
            ("store=loud", "info,audit=info"),
            ("", "info,audit=info"),
        ] {
            let sorted = |text: &str| {
                let mut parts: Vec<_> = text.split(',').map(ToOwned::to_owned).collect();
                parts.sort();
                parts
            };
            assert_eq!(
                sorted(&filter(level).to_string()),
                sorted(expected),
                "{level}"
            );
        }
    }
}
