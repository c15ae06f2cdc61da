//! How many bytes of logs a visit of a short link leaves: what the compiled function writes,
//! what Lambda adds, and the API's access log.

use crate::ask::again;
use crate::bed::own_runtime;
use ::tests::Verv;
use ::tests::flows::CODE;
use ::tests::runtime_api::{Lambda, http_event};
use ::tests::samples::{Before, fill};
use ::tests::template::Template;
use local::engine::{self, Engine};
use serde_json::Value;
use std::sync::Arc;

/// The function that answers visits.
pub(crate) const FUNCTION: &str = "short-links";

/// What Lambda writes for every invocation at its level INFO: some bytes more or less.
const LAMBDAS: [&str; 2] = [
    r#"{"time":"2026-03-26T12:00:00.000Z","type":"platform.start","record":{"requestId":"00000001-0000-4000-8000-000000000000","version":"12"}}"#,
    r#"{"time":"2026-03-26T12:00:00.012Z","type":"platform.report","record":{"requestId":"00000001-0000-4000-8000-000000000000","metrics":{"durationMs":11.921,"billedDurationMs":12,"memorySizeMB":512,"maxMemoryUsedMB":32},"tracing":{"spanId":"53995c3f42cd8ad8","type":"X-Amzn-Trace-Id","value":"Root=1-69c51fc0-5f3a21bc00000000aa000011;Parent=53995c3f42cd8ad8;Sampled=0"},"status":"success"}}"#,
];

/// Bytes a visit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogBytes {
    pub(crate) function: f64,
    pub(crate) lambda: f64,
    pub(crate) access: f64,
}

impl LogBytes {
    /// Counts them, as the template deploys the function.
    pub(crate) fn count(template: &Template) -> Self {
        let own = std::env::current_exe().expect("this program's path");
        let binaries = own
            .parent()
            .and_then(|path| path.to_str())
            .expect("a plain path");
        let text = again(&["log-lines"], &[("VERV_BINARIES", binaries)]);
        let logging = template.property(template.function(FUNCTION), "LoggingConfig");
        let globals = &template.0["Globals"]["Function"]["LoggingConfig"];
        let level = [logging, globals].map(|config| config["SystemLogLevel"].as_str());
        let is_quiet = level.contains(&Some("WARN"));
        let lambda: usize = LAMBDAS.iter().map(|line| line.len()).sum();
        let access = &template.0["Resources"]["Api"]["Properties"]["AccessLogSettings"]["Format"];
        Self {
            function: text.trim().parse().expect("a number of bytes"),
            lambda: if is_quiet { 0.0 } else { lambda as f64 },
            access: filled_in(access.as_str().unwrap_or("")).len() as f64,
        }
    }
}

/// An access log's line, with values of usual length.
fn filled_in(format: &str) -> String {
    let mut parts = format.split("$context.");
    let mut line = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '.';
        let end = part.find(|c| !is_name(c)).unwrap_or(part.len());
        line.push_str(match &part[..end] {
            "requestId" => "JKJaXmPLvHcES00=",
            "requestTime" => "26/Mar/2026:12:00:00 +0000",
            "routeKey" => "GET /r/{code}",
            "status" => "302",
            "responseLatency" | "integrationLatency" => "12",
            _ => "-",
        });
        line.push_str(&part[end..]);
    }
    line
}

/// Prints how many bytes the function writes for a visit.
pub(crate) fn print() {
    const VISITS: usize = 20;
    own_runtime().block_on(async {
        let engine = Arc::new(Engine::in_memory().await.expect("the engine starts"));
        let client = engine::client(&engine.endpoint());
        let verv = Verv::unwatched(Arc::clone(&engine), client, "verv", &[]).await;
        fill(&verv, Before::Code).await;
        let endpoint = engine.endpoint();
        let keys = r#"{"*":["a-key-of-a-bench-that-is-long-enough-for-it"]}"#;
        let variables = [
            ("TABLE_NAME", "verv"),
            ("TOKEN_KEYS", keys),
            ("RUST_LOG", "INFO"),
            ("AWS_ENDPOINT_URL_DYNAMODB", endpoint.as_str()),
        ];
        let function = Lambda::start(FUNCTION, &variables)
            .await
            .expect("the function starts");
        let visit = http_event("GET", "/r/{code}", &format!("/r/{CODE}"), &Value::Null);
        let answer = function.invoke(&visit).await.expect("an answer");
        assert_eq!(answer["statusCode"], 302, "{answer}");
        let before = function.output().len();
        for _ in 0..VISITS {
            function.invoke(&visit).await.expect("an answer");
        }
        println!(
            "{}",
            (function.output().len() - before) as f64 / VISITS as f64
        );
        function.stop().await;
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_of_an_access_log_is_filled_in() {
        let format = r#"{"route":"$context.routeKey","error":"$context.error.message"}"#;
        assert_eq!(
            filled_in(format),
            r#"{"route":"GET /r/{code}","error":"-"}"#
        );
    }
}
