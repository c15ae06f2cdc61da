//! The metrics line of a request, which CloudWatch reads out of the log.

use crate::settings::env_var;
use serde_json::{Value, json};
use std::sync::OnceLock;
use store::Usage;

/// What a request cost and how it ended.
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

/// Prints a request's metrics, on Lambda only.
pub(super) fn print(measured: Measured<'_>, timestamp_millis: i64) {
    static FUNCTION: OnceLock<Option<String>> = OnceLock::new();
    let function = FUNCTION.get_or_init(|| env_var("AWS_LAMBDA_FUNCTION_NAME"));
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
