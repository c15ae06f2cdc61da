//! How functions start: with what they need, and with a word about what is open.

use super::{TABLE, fresh, start};
use crate::{VARIABLES, http_event};
use local::engine::Engine;
use serde_json::Value;
use std::sync::Arc;
use tests::functions::{SCHEDULED, http_functions};
use tests::runtime_api::{InitFailure, Lambda};
use tests::samples::{self, Before};

const WARNING: &str = "API_ACCESS is public";

#[tokio::test]
async fn a_public_api_says_so_in_the_log() {
    let engine = Arc::new(Engine::in_memory().await.expect("the engine starts"));
    fresh(&engine, Before::Nothing).await;
    for (function, warns) in [("codes", true), ("short-links", false), (SCHEDULED, false)] {
        let lambda = start(function, &engine).await;
        assert_eq!(lambda.output().contains(WARNING), warns, "{function}");
        lambda.stop().await;
    }
    let endpoint = engine.endpoint();
    let mut variables = VARIABLES.to_vec();
    variables.push(("AWS_ENDPOINT_URL_DYNAMODB", &endpoint));
    variables.push(("API_ACCESS", "token"));
    let started = Lambda::start("codes", &variables).await;
    let codes = started.unwrap_or_else(|InitFailure(wrote)| panic!("{wrote}"));
    assert!(!codes.output().contains(WARNING));
    codes.stop().await;
}

#[tokio::test]
async fn short_links_follow_from_the_apis_own_address() {
    let engine = Arc::new(Engine::in_memory().await.expect("the engine starts"));
    fresh(&engine, Before::Code).await;
    let endpoint = engine.endpoint();
    let variables = [
        ("TABLE_NAME", TABLE),
        ("AWS_ENDPOINT_URL_DYNAMODB", &endpoint),
    ];
    let started = Lambda::start("codes", &variables).await;
    let codes = started.unwrap_or_else(|InitFailure(wrote)| panic!("{wrote}"));
    let base = "/api/v1/referral-codes";
    let path = format!("{base}/{}/url", samples::CODE_ID);
    let event = http_event("GET", &format!("{base}/{{id}}/url"), &path, &Value::Null);
    let answer = codes.invoke(&event).await.expect("an answer");
    let body = super::body(&answer);
    assert_eq!(body["short_url"], "https://x.org/r/JAN-VERV-8F3A", "{body}");
    codes.stop().await;
}

#[tokio::test]
async fn a_function_without_a_needed_setting_fails_in_init_and_names_it() {
    let functions = http_functions().into_iter().map(|(name, _)| name);
    for function in functions.chain([SCHEDULED]) {
        let Err(InitFailure(wrote)) = Lambda::start(function, &[]).await else {
            panic!("{function} starts without a table");
        };
        assert!(wrote.contains("TABLE_NAME"), "{function}: {wrote}");
    }
    let no_keys = [("TABLE_NAME", TABLE)];
    let Err(InitFailure(wrote)) = Lambda::start("reward-promotion", &no_keys).await else {
        panic!("reward-promotion starts without token keys");
    };
    assert!(wrote.contains("TOKEN_KEYS"), "{wrote}");
    let no_join = [("TABLE_NAME", TABLE), ("JOIN_BASE_URL", "")];
    let Err(InitFailure(wrote)) = Lambda::start("short-links", &no_join).await else {
        panic!("short-links starts without knowing where people join");
    };
    assert!(wrote.contains("JOIN_BASE_URL"), "{wrote}");
    let no_region = [("TABLE_NAME", TABLE), ("AWS_REGION", "")];
    let Err(InitFailure(wrote)) = Lambda::start("codes", &no_region).await else {
        panic!("codes starts without a region");
    };
    assert!(wrote.contains("AWS_REGION"), "{wrote}");
}

#[tokio::test]
async fn a_function_with_a_setting_at_fault_fails_in_init_and_names_it() {
    for (variable, value) in [
        ("TABLE_NAME", "my table"),
        ("RUST_LOG", "loud"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "localhost:8000"),
    ] {
        let variables = [("TABLE_NAME", TABLE), (variable, value)];
        let Err(InitFailure(wrote)) = Lambda::start("codes", &variables).await else {
            panic!("codes starts with {variable}={value}");
        };
        assert!(wrote.contains(variable), "{variable}: {wrote}");
    }
}

#[tokio::test]
async fn a_table_that_is_not_there_is_named_in_the_log() {
    let engine = Arc::new(Engine::in_memory().await.expect("the engine starts"));
    let endpoint = engine.endpoint();
    let variables = [
        ("TABLE_NAME", "nowhere"),
        ("AWS_ENDPOINT_URL_DYNAMODB", &endpoint),
    ];
    let started = Lambda::start("codes", &variables).await;
    let codes = started.unwrap_or_else(|InitFailure(wrote)| panic!("{wrote}"));
    let wrote = codes.output();
    assert!(
        wrote.contains("TABLE_NAME") && wrote.contains("nowhere"),
        "{wrote}"
    );
    codes.stop().await;
}
