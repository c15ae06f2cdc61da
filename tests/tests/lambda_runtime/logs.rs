//! One line a request, which is log and metrics at once, at every level.

use super::{TABLE, fresh};
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use local::engine::Engine;
use serde_json::{Value, json};
use std::sync::Arc;
use tests::flows::CODE;
use tests::runtime_api::{InitFailure, Lambda, http_event};
use tests::samples::Before;

/// The short links' function, which reaches DynamoDB at `endpoint` and logs at `level`.
pub(crate) async fn links(endpoint: &str, level: &str) -> Lambda {
    let variables = [
        ("TABLE_NAME", TABLE),
        ("AWS_ENDPOINT_URL_DYNAMODB", endpoint),
        ("RUST_LOG", level),
        ("STACK_NAME", "verv-dev"),
    ];
    let started = Lambda::start("short-links", &variables).await;
    started.unwrap_or_else(|InitFailure(wrote)| panic!("{wrote}"))
}

/// The answer to one visit, and what the function wrote for it.
pub(crate) async fn visit(links: Lambda) -> (Value, Vec<Value>) {
    let mut follow = http_event("GET", "/r/{code}", &format!("/r/{CODE}"), &Value::Null);
    follow["requestContext"]["requestId"] = json!("JKJaXmPLvHcES21=");
    let answer = links.invoke(&follow).await.expect("an answer");
    let output = links.output();
    for private in ["203.0.113.7", "Mozilla", CODE] {
        assert!(!output.contains(private), "{private} in {output}");
    }
    let lines = output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    links.stop().await;
    (answer, lines)
}

#[tokio::test]
async fn every_request_is_one_line_that_is_its_metrics_too_at_every_level() {
    for level in ["INFO", "WARN", "ERROR"] {
        let engine = Arc::new(Engine::in_memory().await.expect("the engine starts"));
        fresh(&engine, Before::CodeAndClick).await;
        let (_, lines) = visit(links(&engine.endpoint(), level).await).await;
        let [line] = &lines[..] else {
            panic!("one line at {level}: {lines:?}");
        };
        assert_eq!(line["message"], "request");
        assert_eq!(line["route"], "/r/{code}");
        assert_eq!(line["status"], 302);
        assert_eq!(line["trips"], 2);
        assert_eq!(line["WriteUnits"], 3.0);
        assert_eq!(line["request_id"], "JKJaXmPLvHcES21=");
        assert_eq!(line["Stack"], "verv-dev");
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Dimensions"], json!([["Stack"]]));
        assert!(line.to_string().len() < 450, "{line}");
    }
}

/// A DynamoDB that does what the one at `endpoint` does, and throttles every call of these
/// operations.
pub(crate) async fn refusing(endpoint: String, operations: &'static [&'static str]) -> String {
    let forward = async move |headers: HeaderMap, body: Bytes| {
        let target = headers["x-amz-target"].to_str().unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        if operations.contains(&operation) {
            let refusal = json!({"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException"});
            return (StatusCode::BAD_REQUEST, refusal.to_string().into());
        }
        let call = reqwest::Client::new().post(&endpoint).headers(headers);
        let answer = call.body(body).send().await.expect("the engine answers");
        let status = answer.status();
        (status, answer.bytes().await.expect("a whole body"))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let router = Router::new().route("/", post(forward));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[tokio::test]
async fn a_lost_click_is_counted_and_its_visitor_led_on() {
    let engine = Arc::new(Engine::in_memory().await.expect("the engine starts"));
    fresh(&engine, Before::CodeAndClick).await;
    let endpoint = refusing(engine.endpoint(), &["PutItem"]).await;
    let (answer, lines) = visit(links(&endpoint, "INFO").await).await;
    assert_eq!(answer["statusCode"], 302);
    let location = answer["headers"]["location"].as_str();
    assert!(!location.expect("a location").contains("click="));
    let [line] = &lines[..] else {
        panic!("one line: {lines:?}");
    };
    assert_eq!(line["message"], "a click was lost");
    assert_eq!(line["ClicksLost"], 1);
    let metrics = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].to_string();
    assert!(metrics.contains("ClicksLost"), "{metrics}");
    let cause = line["cause"].as_str().expect("a cause");
    assert!(
        cause.contains("ThrottlingException") || cause.contains("throttles"),
        "{cause}"
    );
}
