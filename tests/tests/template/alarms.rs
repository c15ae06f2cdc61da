//! What the alarms watch, and what they must not: each has a row in the guide, and what the
//! guide says to look at is on the dashboard.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use tests::functions::{QUEUED, SCHEDULED, STREAM};
use tests::template::{Template, repository};

/// Every alarm of the template: its name and its properties.
fn alarms(template: &Template) -> Vec<(&str, &Value)> {
    let resources = template.0["Resources"].as_object().expect("resources");
    resources
        .iter()
        .filter(|(_, resource)| resource["Type"] == "AWS::CloudWatch::Alarm")
        .map(|(name, resource)| (name.as_str(), &resource["Properties"]))
        .collect()
}

/// The metrics that an alarm watches, each as its namespace, name and dimensions.
fn metrics(alarm: &Value) -> Vec<(String, String, String)> {
    let metric = |value: &Value| {
        let name = value["MetricName"].as_str()?.to_owned();
        Some((
            value["Namespace"].to_string(),
            name,
            value["Dimensions"].to_string(),
        ))
    };
    let within = alarm["Metrics"].as_array().into_iter().flatten();
    let within = within.filter_map(|entry| metric(&entry["MetricStat"]["Metric"]));
    metric(alarm).into_iter().chain(within).collect()
}

fn watching<'t>(template: &'t Template, name: &str) -> Vec<(&'t str, &'t Value)> {
    let mut alarms = alarms(template);
    alarms.retain(|(_, alarm)| metrics(alarm).iter().any(|(_, metric, _)| metric == name));
    alarms
}

fn guide() -> String {
    fs::read_to_string(repository().join("docs/deploying.md")).expect("the guide")
}

/// The dashboard's widgets.
fn widgets(template: &Template) -> Vec<Value> {
    let body = &template.0["Resources"]["Dashboard"]["Properties"]["DashboardBody"];
    let body = body["Fn::Sub"][0].as_str().expect("a text");
    let body: Value = serde_json::from_str(body).expect("JSON");
    body["widgets"].as_array().expect("widgets").clone()
}

/// A run that lasts longer than its schedule has the next one wait and be dropped. None of what
/// that does to Lambda's metrics is watched, and nothing of it gets into the queue.
#[test]
fn a_run_that_outlasts_its_schedule_raises_no_alarm() {
    let template = Template::read();
    let overlapping = [
        "Throttles",
        "Duration",
        "ConcurrentExecutions",
        "AsyncEventsDropped",
        "AsyncEventAge",
    ];
    for (name, alarm) in alarms(&template) {
        for (_, metric, dimensions) in metrics(alarm) {
            let is_the_runs = dimensions.contains("StatsAggregatorFunction");
            let tells = overlapping.contains(&metric.as_str());
            assert!(!(is_the_runs && tells), "{name} watches {metric}");
        }
    }
    assert_eq!(
        watching(&template, "Throttles").len(),
        2,
        "callers' functions have one for each group"
    );

    let aggregator = template.function(SCHEDULED);
    let invoked = &aggregator["Properties"]["EventInvokeConfig"];
    assert!(
        invoked["DestinationConfig"].is_null(),
        "what is dropped is no failure"
    );
    // So no backlog of runs gathers, however long each takes.
    assert_eq!(invoked["MaximumEventAgeInSeconds"], 300);
    assert_eq!(invoked["MaximumRetryAttempts"], 0);
    // And the runs that take their whole time are not behind by that.
    let timeout = aggregator["Properties"]["Timeout"]
        .as_u64()
        .expect("seconds");
    for (name, alarm) in watching(&template, "AggregatorLag") {
        assert!(alarm["Threshold"].as_u64() > Some(2 * timeout), "{name}");
    }
    for (name, alarm) in watching(&template, "Invocations") {
        let periods = alarm["EvaluationPeriods"].as_u64().expect("a number");
        let period = alarm["Period"].as_u64().expect("seconds");
        assert!(periods * period > 2 * timeout, "{name}");
    }
}

/// 11,000 clicks from one address in 9 s raised no alarm once.
#[test]
fn volume_refusals_limits_and_cost_have_alarms() {
    let template = Template::read();
    for metric in [
        "Count",
        "Refused",
        "RateLimited",
        "ReadUnits",
        "WriteUnits",
        "ClicksLost",
    ] {
        assert!(!watching(&template, metric).is_empty(), "{metric}");
    }
    let filter = &template.0["Resources"]["RateLimitedRequests"]["Properties"];
    assert_eq!(filter["LogGroupName"], json!({"Ref": "AccessLogs"}));
    assert!(
        filter["FilterPattern"].to_string().contains("429"),
        "{filter}"
    );
    let cost = watching(&template, "WriteUnits");
    let [(name, cost)] = cost[..] else {
        panic!("one estimate: {cost:?}");
    };
    let expression = cost["Metrics"][0]["Expression"]
        .as_str()
        .expect("a formula");
    for term in ["requests", "0.125 * reads", "0.625 * writes"] {
        assert!(expression.contains(term), "{name}: {expression}");
    }
    // What a request costs beside DynamoDB, as the guide adds it up.
    let (_, price) = expression.split_once('(').expect("a sum");
    let price = price.split(' ').next().unwrap_or_default();
    let sentence = format!("*Everything else* comes to {price}:");
    assert!(guide().contains(&sentence), "{sentence}");
}

#[test]
fn every_alarm_has_a_row_in_the_guide() {
    let template = Template::read();
    let guide = guide();
    let rows = guide.lines().filter_map(|line| line.strip_prefix("| `"));
    let named: BTreeSet<_> = rows
        .filter_map(|row| row.split('`').next())
        .filter(|name| name.ends_with("Alarm"))
        .collect();
    let deployed: BTreeSet<_> = alarms(&template)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(named, deployed);
    for (name, alarm) in alarms(&template) {
        let actions = alarm["AlarmActions"].to_string();
        assert!(actions.contains("AlarmTopicArn"), "{name} tells nobody");
    }
}

#[test]
fn what_an_alarm_watches_and_the_guide_says_to_look_at_is_on_the_dashboard() {
    let template = Template::read();
    let widgets = widgets(&template);
    let shown: BTreeSet<_> = widgets
        .iter()
        .flat_map(|widget| {
            widget["properties"]["metrics"]
                .as_array()
                .into_iter()
                .flatten()
        })
        .filter_map(|metric| metric[1].as_str())
        .collect();
    for (name, alarm) in alarms(&template) {
        for (_, metric, _) in metrics(alarm) {
            // Whether it runs at all is seen by its lag.
            assert!(
                metric == "Invocations" || shown.contains(&metric[..]),
                "{name}: {metric}"
            );
        }
    }
    // The guide quotes the titles of widgets.
    let titles: BTreeSet<_> = widgets
        .iter()
        .filter_map(|widget| widget["properties"]["title"].as_str())
        .collect();
    let guide = guide();
    let (_, alarms) = guide.split_once("## Alarms").expect("a section");
    let (alarms, _) = alarms.split_once("\n## ").expect("a next section");
    let quoted: BTreeSet<_> = alarms.split("dashboard *").skip(1).collect();
    assert!(quoted.len() >= 5, "{quoted:?}");
    for quoted in quoted {
        let title = quoted.split('*').next().unwrap_or_default();
        assert!(titles.contains(title), "{title} of {titles:?}");
    }
}

#[test]
fn every_function_is_watched_and_shown() {
    let template = Template::read();
    let resources = template.0["Resources"].as_object().expect("resources");
    let functions = resources
        .iter()
        .filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function");
    let dashboard = resources["Dashboard"].to_string();
    for (name, function) in functions {
        let binary = &function["Metadata"]["BuildProperties"]["Binary"];
        let has_no_caller = [SCHEDULED, STREAM, QUEUED]
            .iter()
            .any(|name| binary == name);
        let watched = |metric| {
            let alarms = watching(&template, metric);
            let named = format!("\"{name}\"");
            let found = alarms
                .iter()
                .filter(|(_, alarm)| alarm.to_string().contains(&named));
            found.count()
        };
        assert_eq!(watched("Errors"), 1, "{name}");
        assert_eq!(watched("Throttles"), usize::from(!has_no_caller), "{name}");
        assert!(dashboard.contains(&format!("${{{name}}}")), "{name}");
        let logs = function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"].as_str();
        let logs = format!("SOURCE '${{{}}}'", logs.expect("a log group"));
        assert_eq!(dashboard.contains(&logs), !has_no_caller, "{name}");
    }
}

/// CloudWatch takes no more in one formula. Three more functions find room.
#[test]
fn a_formula_has_ten_metrics_at_most() {
    let template = Template::read();
    for name in ["Errors", "Throttles"] {
        let mut room = 0;
        for (alarm, properties) in watching(&template, name) {
            let metrics = metrics(properties).len();
            assert!(metrics <= 9, "{alarm}: {metrics}");
            room += 9 - metrics;
        }
        assert!(room >= 3, "{name}");
    }
}

/// CloudFormation has budgets in few regions: theirs is a stack of its own.
#[test]
fn a_budget_is_announced_to_somebody() {
    let text = fs::read_to_string(repository().join("budget.yaml")).expect("budget.yaml");
    for part in [
        "AWS::Budgets::Budget",
        "NotificationType: ACTUAL",
        "NotificationType: FORECASTED",
        "SomebodyReads",
    ] {
        assert!(text.contains(part), "{part}");
    }
    assert!(guide().contains("--template-file budget.yaml"));
}
