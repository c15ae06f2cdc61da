//! A request's line on Lambda: its log record, which CloudWatch reads its metrics out of.

use crate::emf;
use axum::http::StatusCode;
use serde_json::{Value, json};
use store::Usage;

/// What a request was, what it cost and how it ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured<'a> {
    pub(super) method: &'a str,
    /// The route's pattern, never the path, which holds ids.
    pub(super) route: &'a str,
    pub(super) status: StatusCode,
    pub(super) milliseconds: f64,
    pub(super) usage: Usage,
    pub(super) request_id: &'a str,
    /// What the client itself calls the request, on routes that echo such a name.
    pub(super) requestid: Option<&'a str>,
    /// Why a credential was refused.
    pub(super) unverified: Option<&'a str>,
    /// What failed.
    pub(super) cause: Option<&'a str>,
    pub(super) click_is_lost: bool,
    /// Whether a part of an answer failed, whose status the answer does not have.
    pub(super) part_failed: bool,
}

impl Measured<'_> {
    /// What the line says first.
    pub(super) fn message(&self) -> &'static str {
        match (self.cause, self.click_is_lost) {
            (None, _) => "request",
            (Some(_), false) => "request failed",
            (Some(_), true) => "a click was lost",
        }
    }

    /// The line. Metrics that are zero nearly always are in it only where they are not: alarms
    /// take missing ones for zero.
    pub(super) fn line(&self, stack: &str, timestamp_millis: i64) -> Value {
        let fields = json!({
            "level": if self.cause.is_some() { "ERROR" } else { "INFO" },
            "message": self.message(),
            "method": self.method,
            "route": self.route,
            "status": self.status.as_u16(),
            "milliseconds": self.milliseconds,
            "trips": self.usage.trips,
            "calls": self.usage.calls,
            "ReadUnits": self.usage.read_units,
            "WriteUnits": self.usage.write_units,
            "ServerErrors": one_if(self.status.is_server_error() || self.part_failed),
            "Refused": one_if(self.is_refused()),
            "ClicksLost": one_if(self.click_is_lost),
            "request_id": self.request_id,
            "requestid": self.requestid,
            "unverified": self.unverified,
            "cause": self.cause,
        });
        let rare = ["ServerErrors", "Refused", "ClicksLost"].into_iter();
        let rare = rare.filter(|name| !fields[name].is_null());
        let metrics: Vec<_> = ["ReadUnits", "WriteUnits"]
            .into_iter()
            .chain(rare)
            .collect();
        emf::line(fields, &metrics, stack, timestamp_millis)
    }

    /// Whether the caller has no right to it: many of these are somebody who tries.
    fn is_refused(&self) -> bool {
        matches!(
            self.status,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
        )
    }
}

fn one_if(counts: bool) -> Option<u8> {
    counts.then_some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(status: StatusCode) -> Measured<'static> {
        Measured {
            method: "GET",
            route: "/r/{code}",
            status,
            milliseconds: 12.5,
            usage: Usage {
                calls: 2,
                trips: 2,
                read_units: 0.5,
                write_units: 3.0,
            },
            request_id: "JKJaXmPLvHcES21=",
            requestid: None,
            unverified: None,
            cause: None,
            click_is_lost: false,
            part_failed: false,
        }
    }

    fn metrics(line: &Value) -> Vec<&str> {
        let metrics = line.pointer("/_aws/CloudWatchMetrics/0/Metrics");
        let metrics = metrics.and_then(Value::as_array).expect("metrics");
        metrics
            .iter()
            .map(|metric| metric["Name"].as_str().expect("a name"))
            .inspect(|name| assert!(line[name].is_number(), "{name} in {line}"))
            .collect()
    }

    #[test]
    fn a_line_is_a_record_and_its_metrics() {
        let line = measured(StatusCode::FOUND).line("verv", 1_774_526_400_000);
        assert_eq!(
            line,
            json!({
                "_aws": {
                    "Timestamp": 1_774_526_400_000_i64,
                    "CloudWatchMetrics": [{
                        "Namespace": "Verv",
                        "Dimensions": [["Stack"]],
                        "Metrics": [{"Name": "ReadUnits"}, {"Name": "WriteUnits"}],
                    }],
                },
                "Stack": "verv",
                "level": "INFO",
                "message": "request",
                "method": "GET",
                "route": "/r/{code}",
                "status": 302,
                "milliseconds": 12.5,
                "trips": 2,
                "calls": 2,
                "ReadUnits": 0.5,
                "WriteUnits": 3.0,
                "request_id": "JKJaXmPLvHcES21=",
            })
        );
    }

    #[test]
    fn what_is_rare_is_a_metric_where_it_happens() {
        for (status, expected) in [
            (StatusCode::SERVICE_UNAVAILABLE, "ServerErrors"),
            (StatusCode::UNAUTHORIZED, "Refused"),
            (StatusCode::FORBIDDEN, "Refused"),
        ] {
            let line = measured(status).line("verv", 0);
            assert_eq!(metrics(&line), ["ReadUnits", "WriteUnits", expected]);
        }
        for status in [StatusCode::OK, StatusCode::NOT_FOUND, StatusCode::CONFLICT] {
            let line = measured(status).line("verv", 0);
            assert_eq!(metrics(&line), ["ReadUnits", "WriteUnits"]);
        }
        let lost = Measured {
            click_is_lost: true,
            cause: Some("DynamoDB is out of reach"),
            ..measured(StatusCode::FOUND)
        };
        let line = lost.line("verv", 0);
        assert_eq!(metrics(&line), ["ReadUnits", "WriteUnits", "ClicksLost"]);
        assert_eq!(line["message"], "a click was lost");
        assert_eq!(line["level"], "ERROR");
        assert_eq!(line["cause"], "DynamoDB is out of reach");
    }
}
