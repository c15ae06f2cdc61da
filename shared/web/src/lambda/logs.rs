//! Logs as JSON lines.

use crate::middleware::AUDIT_TARGET;
use crate::settings::{SettingError, env_var};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The crates that a level is meant for.
const OWN_CRATES: [&str; 5] = ["domain", "store", "web", "stats_aggregator", "local"];

/// Begins to log: at the level of `RUST_LOG`, else at the one of Lambda's own logging
/// controls, else at info.
///
/// # Errors
/// `RUST_LOG` names no level.
pub(super) fn init() -> Result<(), SettingError> {
    let filter = match env_var("RUST_LOG") {
        Some(level) => filter(&level)?,
        // Lambda has a level that we lack, FATAL.
        None => env_var("AWS_LAMBDA_LOG_LEVEL")
            .and_then(|level| filter(&level).ok())
            .unwrap_or_else(info),
    };
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        // The runtime's one span is in the line anyway.
        .with_span_list(false)
        .with_target(false);
    tracing_subscriber::registry()
        .with(lines)
        .with(filter)
        .init();
    Ok(())
}

/// What is logged at `level`: `debug`, or directives such as `info,hyper=debug`, which are
/// taken as they are.
///
/// A level is that of Verv's own code. The libraries beneath it stay at info: in more detail
/// they print what they send and receive, which is what a log must never hold.
///
/// The audit trail is logged at every level.
///
/// # Errors
/// [`SettingError`] that names `RUST_LOG`, where `level` is neither.
pub fn filter(level: &str) -> Result<Targets, SettingError> {
    let level = level.to_lowercase();
    let filter = match level.parse::<LevelFilter>() {
        Ok(own) if own > LevelFilter::INFO => {
            let own_crates = OWN_CRATES.map(|name| (name, own));
            info().with_targets(own_crates)
        }
        _ => directives(&level).ok_or_else(|| {
            SettingError::new(
                "RUST_LOG",
                "must be off, error, warn, info, debug or trace, or parts such as info,hyper=debug",
            )
        })?,
    };
    Ok(filter.with_target(AUDIT_TARGET, LevelFilter::INFO))
}

fn info() -> Targets {
    Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target(AUDIT_TARGET, LevelFilter::INFO)
}

/// What `text` names, if every part of it is a directive.
fn directives(text: &str) -> Option<Targets> {
    // An empty part would be taken for the level of errors.
    let parts: Vec<_> = text.split(',').filter(|part| !part.is_empty()).collect();
    // A word that is no level would be taken for a target, and silence all others.
    let is_level = |part: &str| {
        let level = part.rsplit_once('=').map_or(part, |(_, level)| level);
        !level.is_empty() && level.parse::<LevelFilter>().is_ok()
    };
    let is_plain = !parts.is_empty() && parts.iter().all(|part| is_level(part));
    is_plain.then(|| parts.join(",").parse().ok())?
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
        ] {
            let sorted = |text: &str| {
                let mut parts: Vec<_> = text.split(',').map(ToOwned::to_owned).collect();
                parts.sort();
                parts
            };
            assert_eq!(
                sorted(&filter(level).expect("a level").to_string()),
                sorted(expected),
                "{level}"
            );
        }
    }

    #[test]
    fn what_is_no_level_is_refused_by_name() {
        for level in [
            "loud",
            "store=loud",
            "info,loud",
            "verbose=",
            ",",
            "info=debug=trace",
        ] {
            let error = filter(level).expect_err(level).to_string();
            assert!(error.starts_with("RUST_LOG"), "{error}");
        }
    }
}
