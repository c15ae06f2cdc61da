//! The compiled binaries on Lambda's own path: one process per function, which asks the
//! Runtime API for events and answers there, against the embedded DynamoDB. Their answers are
//! those of the router in this process.
//!
//! `VERV_BINARIES=target/release` runs release binaries; without it, debug ones are built.

mod comparison;
mod logs;
mod metrics;
mod start;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use comparison::comparable;
use domain::Clock;
use http_body_util::BodyExt;
use lambda_http::request::LambdaRequest;
use local::engine::{self, Engine};
use serde_json::{Value, json};
use std::sync::Arc;
use tests::Verv;
use tests::flows::CODE;
use tests::functions::{SCHEDULED, http_functions};
use tests::runtime_api::{InitFailure, Lambda, http_event};
use tests::samples::{self, Before, Sample, samples};
use tests::template::{Template, routes};
use tower::ServiceExt;
use web::App;
use web::lambda::encode_uri;
use web::routes::Routes;
use web::token::Claims;

const TABLE: &str = "verv";

/// Settings that a deployment gives and these functions may need.
const VARIABLES: [(&str, &str); 4] = [
    ("TABLE_NAME", TABLE),
    ("SHORT_BASE_URL", "https://org.no/r"),
    // The samples' tokens never end.
    ("TOKEN_LIFETIME_HOURS", "876000"),
    (
        "TOKEN_KEYS",
        r#"{"*":["a-key-of-a-test-that-is-long-enough-for-lambda"]}"#,
    ),
];

async fn start(function: &str, engine: &Engine) -> Lambda {
    let endpoint = engine.endpoint();
    let mut variables = VARIABLES.to_vec();
    variables.push(("AWS_ENDPOINT_URL_DYNAMODB", &endpoint));
    let started = Lambda::start(function, &variables).await;
    started.unwrap_or_else(|InitFailure(wrote)| panic!("{function} fails in init:\n{wrote}"))
}

/// A platform whose table, a fresh one, holds what an event finds. Its clock is the system's,
/// as the processes' is.
async fn fresh(engine: &Arc<Engine>, before: Before) -> Verv {
    let client = engine::client(&engine.endpoint());
    // There is no table before the first event.
    let _ = client.delete_table().table_name(TABLE).send().await;
    let mut verv = Verv::on(engine.clone(), client, TABLE, &VARIABLES).await;
    samples::fill(&verv, before).await;
    verv.clock = Clock::system();
    verv
}

/// `event` with a token that the keys of [`VARIABLES`] verify, where it carries one: Lambda
/// takes no token signed with the key of local runs, as the samples' are.
fn signed(mut event: Value, verv: &Verv) -> Value {
    let header = &mut event["headers"]["authorization"];
    if let Some(token) = header.as_str() {
        let claims = token.split('.').nth(1).expect("claims");
        let claims = URL_SAFE_NO_PAD.decode(claims).expect("claims in base 64");
        let claims: Claims = serde_json::from_slice(&claims).expect("claims");
        let token = verv.settings.tokens.issue(&claims);
        *header = json!(format!("Token {}", token.expect("a key")));
    } else {
        event["headers"]
            .as_object_mut()
            .map(|headers| headers.remove("authorization"));
    }
    event
}

/// The answer of the router in this process, as Lambda would hand it on.
async fn routed(routes: Routes, app: App, event: &Value) -> Value {
    let event: LambdaRequest = serde_json::from_value(event.clone()).expect("an event");
    let request = lambda_http::Request::from(encode_uri(event)).map(Body::new);
    let answer = routes.into_router(app).oneshot(request).await;
    let (parts, body) = answer.expect("infallible").into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    let headers = parts.headers.iter().map(|(name, value)| {
        let value = value.to_str().expect("text").to_owned();
        (name.as_str().to_owned(), json!(value))
    });
    json!({
        "statusCode": parts.status.as_u16(),
        "headers": headers.collect::<serde_json::Map<_, _>>(),
        "body": String::from_utf8_lossy(&body),
    })
}

/// What `function` declares.
fn routes_of(function: &str) -> Routes {
    let mut all = http_functions().into_iter();
    let found = all.find(|(name, _)| *name == function);
    found.expect("a function that answers HTTP").1
}

/// The function that an event's route leads to.
fn function_of(event: &Value, template: &Template) -> String {
    let key = event["routeKey"].as_str().expect("a route");
    let (method, path) = key.split_once(' ').expect("a method and a path");
    let route = (method.to_owned(), path.to_owned());
    let functions = template.functions();
    let found = functions
        .iter()
        .find(|(_, function)| routes(function).contains(&route));
    found
        .unwrap_or_else(|| panic!("no function has {key}"))
        .0
        .to_owned()
}

#[tokio::test]
async fn every_function_answers_its_sample_events_as_the_router_does() {
    let engine = Arc::new(Engine::in_memory().await.expect("the engine starts"));
    let template = Template::read();
    let mut answered = 0;
    for (function, _) in http_functions() {
        fresh(&engine, Before::Nothing).await;
        let lambda = start(function, &engine).await;
        for Sample {
            name,
            event,
            before,
            status,
        } in samples()
        {
            if function_of(&event, &template) != function {
                continue;
            }
            let event = signed(event, &fresh(&engine, before).await);
            let answer = lambda.invoke(&event).await;
            let answer = answer.unwrap_or_else(|error| panic!("{name}: {error}"));
            let app = fresh(&engine, before).await.app();
            let expected = routed(routes_of(function), app, &event).await;
            assert_eq!(comparable(&answer), comparable(&expected), "{name}");
            assert_eq!(answer["statusCode"], status, "{name}: {answer}");
            answered += 1;
        }
        lambda.stop().await;
    }
    assert_eq!(answered, samples().len());
}

fn body(answer: &Value) -> Value {
    let text = answer["body"].as_str().expect("a body");
    serde_json::from_str(text).expect("JSON")
}

#[tokio::test]
async fn a_click_becomes_a_recruitment_across_processes() {
    let engine = Arc::new(Engine::in_memory().await.expect("the engine starts"));
    fresh(&engine, Before::CodeAndClick).await;
    let links = start("short-links", &engine).await;
    let attributions = start("attributions", &engine).await;
    let aggregator = start(SCHEDULED, &engine).await;

    let follow = http_event("GET", "/r/{code}", &format!("/r/{CODE}"), &Value::Null);
    let answer = links.invoke(&follow).await.expect("an answer");
    assert_eq!(answer["statusCode"], 302);
    let location = answer["headers"]["location"].as_str().expect("a location");
    let (_, click) = location.split_once("click=").expect("a click");

    let base = "/api/v1/referral-attributions";
    let confirmation = json!({"code": CODE, "new_member_id": "usr_5892"});
    let path = format!("{base}/{click}");
    let confirm = http_event("PUT", &format!("{base}/{{id}}"), &path, &confirmation);
    let answer = attributions.invoke(&confirm).await.expect("an answer");
    assert_eq!(answer["statusCode"], 200, "{answer}");
    assert_eq!(body(&answer)["status"], "confirmed");

    let schedule = samples::read("stats-aggregator-schedule");
    aggregator.invoke(&schedule).await.expect("a run");
    let report = aggregator.output();
    assert!(report.contains("\"AggregatorLag\":0"), "{report}");

    let route = format!("{base}/mentor/{{mentor_id}}/total");
    let total = http_event(
        "GET",
        &route,
        &format!("{base}/mentor/usr_4491/total"),
        &Value::Null,
    );
    let total = attributions.invoke(&total).await.expect("an answer");
    assert_eq!(body(&total)["total_conversions"], 1, "{total}");
    let verify = samples::read("stats-aggregator-verify");
    let verified = aggregator.invoke(&verify).await.expect("a recount");
    assert_eq!(
        (&verified["differ"], &verified["complete"]),
        (&json!(0), &json!(true))
    );
    let rebuild = samples::read("stats-aggregator-rebuild");
    let rebuilt = aggregator.invoke(&rebuild).await.expect("a rebuild");
    assert_eq!(rebuilt["complete"], true, "{rebuilt}");
    let forget = samples::read("stats-aggregator-forget-visitors");
    let forgotten = aggregator.invoke(&forget).await.expect("a run");
    assert_eq!(forgotten["complete"], true, "{forgotten}");
    for lambda in [links, attributions, aggregator] {
        lambda.stop().await;
    }
}

#[tokio::test]
async fn a_request_that_dynamodb_does_not_answer_is_503_before_lambda_ends_it() {
    // Takes connections and never answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let silent = silent.expect("a free port");
    let endpoint = format!("http://{}", silent.local_addr().expect("an address"));
    let variables = [
        ("TABLE_NAME", TABLE),
        ("AWS_ENDPOINT_URL_DYNAMODB", &endpoint),
    ];
    let started = Lambda::start("short-links", &variables).await;
    let links = started.unwrap_or_else(|InitFailure(wrote)| panic!("{wrote}"));
    let follow = http_event("GET", "/r/{code}", &format!("/r/{CODE}"), &Value::Null);
    let begun = std::time::Instant::now();
    let answer = links.invoke(&follow).await.expect("an answer");
    assert_eq!(answer["statusCode"], 503);
    assert_eq!(answer["headers"]["retry-after"], "1");
    assert!(begun.elapsed() < std::time::Duration::from_secs(10));
    links.stop().await;
    drop(silent);
}
