//! The metrics that functions write, and those that alarms and the dashboard watch.

use crate::logs::{links, refusing, visit};
use crate::{fresh, start};
use local::engine::Engine;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use tests::functions::SCHEDULED;
use tests::runtime_api::http_event;
use tests::samples::{self, Before};
use tests::template::Template;

/// A metric's name and the names of its dimensions.
type Metric = (String, BTreeSet<String>);

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// The metrics that a function's output holds.
fn written(output: &str) -> BTreeSet<Metric> {
    let lines = output
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    let mut metrics = BTreeSet::new();
    for line in lines.filter(|line: &Value| line["_aws"].is_object()) {
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "Verv");
        let dimensions = directive["Dimensions"][0].as_array().expect("dimensions");
        let dimensions: BTreeSet<_> = dimensions.iter().map(text).collect();
        for dimension in &dimensions {
            assert!(line[dimension].is_string(), "{dimension} in {line}");
        }
        for metric in directive["Metrics"].as_array().expect("metrics") {
            metrics.insert((text(&metric["Name"]), dimensions.clone()));
        }
    }
    metrics
}

/// The platform's own metrics that alarms watch, however deep, and those on the dashboard.
fn watched(template: &Value) -> BTreeSet<Metric> {
    let mut metrics = BTreeSet::new();
    let mut within = vec![template];
    while let Some(value) = within.pop() {
        if value["Namespace"] == "Verv" {
            let dimensions = value["Dimensions"].as_array().expect("dimensions");
            let names = dimensions.iter().map(|dimension| text(&dimension["Name"]));
            metrics.insert((text(&value["MetricName"]), names.collect()));
        }
        within.extend(
            value
                .as_object()
                .into_iter()
                .flat_map(|fields| fields.values()),
        );
        within.extend(value.as_array().into_iter().flatten());
    }
    let dashboard = &template["Resources"]["Dashboard"]["Properties"]["DashboardBody"];
    let dashboard = text(&dashboard["Fn::Sub"][0]);
    let dashboard: Value = serde_json::from_str(&dashboard).expect("JSON");
    for widget in dashboard["widgets"].as_array().expect("widgets") {
        // A widget without metrics is a query over the logs.
        let metrics_shown = widget["properties"]["metrics"].as_array();
        for shown in metrics_shown.into_iter().flatten() {
            let shown = shown.as_array().expect("a metric");
            if shown[0] == "Verv" {
                let names = shown[2..].iter().step_by(2).map(text);
                metrics.insert((text(&shown[1]), names.collect()));
            }
        }
    }
    metrics
}

/// What the short links' function writes for a visit with a DynamoDB that throttles
/// `operations`.
async fn visited(engine: &Engine, operations: &'static [&'static str]) -> BTreeSet<Metric> {
    let endpoint = refusing(engine.endpoint(), operations).await;
    let (_, lines) = visit(links(&endpoint, "INFO").await).await;
    let lines: Vec<_> = lines.iter().map(Value::to_string).collect();
    written(&lines.join("\n"))
}

/// A metric that nothing watches is paid for and never looked at; one that is watched and not
/// written is an alarm that cannot go off.
#[tokio::test]
async fn the_metrics_that_are_watched_are_those_that_are_written() {
    let engine = Arc::new(Engine::in_memory().await.expect("the engine starts"));
    fresh(&engine, Before::CodeAndClick).await;
    let mut written = BTreeSet::new();
    for refused in [&[][..], &["PutItem"], &["GetItem"]] {
        written.extend(visited(&engine, refused).await);
    }
    let route = "/gafapay/v3/reward_promotion/user_referral_code";
    let rewards = start("reward-promotion", &engine).await;
    let mut without_token = http_event("GET", route, route, &Value::Null);
    without_token["headers"]["companyid"] = json!("org_1");
    without_token["rawQueryString"] = json!("user_id=usr_1");
    let answer = rewards.invoke(&without_token).await.expect("an answer");
    assert_eq!(answer["statusCode"], 401, "{answer}");
    let aggregator = start(SCHEDULED, &engine).await;
    let schedule = samples::read("stats-aggregator-schedule");
    aggregator.invoke(&schedule).await.expect("a run");
    for lambda in [rewards, aggregator] {
        written.extend(self::written(&lambda.output()));
        lambda.stop().await;
    }
    assert_eq!(watched(&Template::read().0), written);
    assert!(written.len() >= 8, "{written:?}");
}
