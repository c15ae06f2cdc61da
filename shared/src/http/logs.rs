//! Logs as JSON lines, and the metrics line of a request.

use super::settings::variable;
use crate::store::Usage;
use serde_json::{Value, json};
use std::sync::OnceLock;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Begins to log: at the level of `RUST_LOG`, else at the one of Lambda's own logging
/// controls, else at info.
pub(super) fn init() {
    let level = variable("RUST_LOG").or_else(|| variable("AWS_LAMBDA_LOG_LEVEL"));
    let level = level.unwrap_or_else(|| "info".to_owned());
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        // The runtime's one span is in the line anyway.
        .with_span_list(false)
        .with_env_filter(filter(&level))
        .with_target(false)
        .init();
}

/// What is logged at `level`: `debug`, or directives such as `info,hyper=debug`, which are
/// taken as they are. Anything else is info.
///
/// A level is that of Verv's own code. The libraries beneath it stay at info: in more detail
/// they print what they send and receive, which is what a log must never hold.
#[must_use]
pub fn filter(level: &str) -> EnvFilter {
    let level = level.to_lowercase();
    let directives = match level.parse::<LevelFilter>() {
        Ok(own) if own > LevelFilter::INFO => {
            format!("info,shared={level},stats_aggregator={level},local={level}")
        }
        _ => level,
    };
    EnvFilter::try_new(directives).unwrap_or_else(|_| EnvFilter::new("info"))
}

/// What a request came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured<'a> {
    pub(super) route: &'a str,
    pub(super) method: &'a str,
    pub(super) status: u16,
    pub(super) milliseconds: f64,
    pub(super) usage: Usage,
    pub(super) request_id: &'a str,
    pub(super) trace_id: Option<&'a str>,
}

/// Prints a request's metrics, on Lambda only: CloudWatch reads them out of the log.
pub(super) fn print_metrics(measured: Measured<'_>, timestamp_millis: i64) {
    static FUNCTION: OnceLock<Option<String>> = OnceLock::new();
    let function = FUNCTION.get_or_init(|| variable("AWS_LAMBDA_FUNCTION_NAME"));
    if let Some(function) = function {
        println!("{}", metrics(function, measured, timestamp_millis));
    }
}

/// The embedded metric format. The function is the only dimension, as each combination is
/// paid for as a metric of its own: the route is in the line, for queries over the logs, and
/// API Gateway measures by route anyway.
fn metrics(function: &str, measured: Measured<'_>, timestamp_millis: i64) -> Value {
    let Measured { usage, .. } = measured;
    json!({
        "_aws": {
            "Timestamp": timestamp_millis,
            "CloudWatchMetrics": [{
                "Namespace": "Verv",
                "Dimensions": [["Function"]],
                "Metrics": [
                    {"Name": "Latency", "Unit": "Milliseconds"},
                    {"Name": "ServerErrors", "Unit": "Count"},
                    {"Name": "Trips", "Unit": "Count"},
                    {"Name": "ReadUnits", "Unit": "Count"},
                    {"Name": "WriteUnits", "Unit": "Count"},
                ],
            }],
        },
        "Function": function,
        "Route": measured.route,
        "Method": measured.method,
        "Status": measured.status,
        "Latency": measured.milliseconds,
        "ServerErrors": u8::from(measured.status >= 500),
        "Trips": usage.trips,
        "ReadUnits": usage.read_units,
        "WriteUnits": usage.write_units,
        "RequestId": measured.request_id,
        "TraceId": measured.trace_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_that_of_our_own_code() {
        for (level, expected) in [
            ("INFO", "info"),
            ("warn", "warn"),
            (
                "DEBUG",
                "stats_aggregator=debug,shared=debug,local=debug,info",
            ),
            ("info,hyper=trace", "hyper=trace,info"),
            ("shared=loud", "info"),
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

    #[test]
    fn every_metric_of_the_line_has_its_value() {
        let measured = Measured {
            route: "/r/{code}",
            method: "GET",
            status: 503,
            milliseconds: 12.5,
            usage: Usage {
                calls: 2,
                trips: 2,
                read_units: 0.5,
                write_units: 3.0,
            },
            request_id: "JKJaXmPLvHcES21=",
            trace_id: None,
        };
        let line = metrics("verv-ShortLinksFunction-1", measured, 1_774_526_400_000);
        let metrics = line.pointer("/_aws/CloudWatchMetrics/0/Metrics");
        for metric in metrics.and_then(Value::as_array).expect("metrics") {
            let name = metric["Name"].as_str().expect("a name");
            assert!(line[name].is_number(), "{name} in {line}");
        }
        assert_eq!(line["Function"], "verv-ShortLinksFunction-1");
        assert_eq!(line["ServerErrors"], 1);
        assert_eq!(line["WriteUnits"], 3.0);
    }
}
