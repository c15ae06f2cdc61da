//! What a deployment takes: rates that the shards carry, throughput from the first moment on,
//! and no more requests than an environment is for.

use domain::Shard;
use serde_json::{Value, json};
use std::fs;
use tests::template::{Template, repository};

/// Writes a second that one partition key takes, of the table and of each index.
const WRITES: u64 = 1_000;

fn default(template: &Template, parameter: &str) -> u64 {
    let value = &template.0["Parameters"][parameter]["Default"];
    value
        .as_u64()
        .unwrap_or_else(|| panic!("{parameter}: {value}"))
}

#[test]
fn the_routes_of_clicks_together_take_what_the_shards_carry() {
    let template = Template::read();
    let routes = &template.0["Resources"]["Api"]["Properties"]["RouteSettings"];
    let rate = |route: &str| {
        let rate = &routes[route]["ThrottlingRateLimit"];
        let parameter = rate["Ref"].as_str();
        parameter.map_or_else(
            || rate.as_u64().unwrap_or_else(|| panic!("{route}: {rate}")),
            |parameter| default(&template, parameter),
        )
    };
    let rates: u64 = [
        "GET /r/{code}",
        "GET /r/{code+}",
        "POST /api/v1/referral-attributions",
    ]
    .into_iter()
    .map(rate)
    .sum();
    let shards = u64::try_from(Shard::all().len()).expect("few");
    assert_eq!(rates, shards * WRITES);
    // One viral mentor's 5,000 a second are visits.
    assert!(default(&template, "RedirectRateLimit") >= 5_000);
}

#[test]
fn table_and_indexes_are_warm_by_parameter() {
    let template = Template::read();
    let table = &template.0["Resources"]["Table"]["Properties"];
    let expected = json!({"Fn::If": [
        "IsWarm",
        {"ReadUnitsPerSecond": {"Ref": "WarmReads"}, "WriteUnitsPerSecond": {"Ref": "WarmWrites"}},
        {"Ref": "AWS::NoValue"},
    ]});
    assert_eq!(table["WarmThroughput"], expected);
    let indexes = table["GlobalSecondaryIndexes"].as_array().expect("indexes");
    assert_eq!(indexes.len(), 2);
    for index in indexes {
        assert_eq!(index["WarmThroughput"], expected);
    }
    for parameter in ["WarmReads", "WarmWrites"] {
        assert_eq!(
            default(&template, parameter),
            0,
            "{parameter}: none unless asked for"
        );
    }
}

/// The value of `parameter` in an environment of samconfig.toml.
fn configured(environment: &str, parameter: &str) -> Option<u64> {
    let file = fs::read_to_string(repository().join("samconfig.toml")).expect("samconfig.toml");
    let (_, section) = file.split_once(&format!("[{environment}.deploy.parameters]"))?;
    let section = section.split("\n[").next().unwrap_or(section);
    let (_, value) = section.split_once(&format!("\"{parameter}="))?;
    value.split('"').next()?.parse().ok()
}

#[test]
fn a_development_environment_takes_few_requests() {
    for parameter in [
        "RateLimit",
        "BurstLimit",
        "RedirectRateLimit",
        "ClickRateLimit",
        "ClickBurstLimit",
    ] {
        let limit = configured("dev", parameter);
        assert!(
            limit.is_some_and(|limit| limit <= 100),
            "{parameter}: {limit:?}"
        );
    }
    assert_eq!(
        configured("prod", "RedirectRateLimit"),
        None,
        "the template's own"
    );
}

#[test]
fn the_apis_own_address_is_closed_by_parameter() {
    let template = Template::read();
    let api = &template.0["Resources"]["Api"]["Properties"];
    let expected = json!({"Fn::If": ["IsClosed", true, false]});
    assert_eq!(api["DisableExecuteApiEndpoint"], expected);
    // API Gateway warns of how SAM writes it down.
    assert_ne!(api["FailOnWarnings"], true);
    let rule = &template.0["Rules"]["ClosedEndpointNeedsDomain"];
    assert!(
        rule["RuleCondition"].to_string().contains("disabled"),
        "{rule}"
    );
}

#[test]
fn nothing_is_measured_that_nobody_looks_at() {
    let template = Template::read();
    let text = template.0.to_string();
    for costly in ["DetailedMetricsEnabled", "\"Tracing\""] {
        assert!(!text.contains(costly), "{costly}");
    }
    let logging = &template.0["Globals"]["Function"]["LoggingConfig"];
    assert_eq!(logging["SystemLogLevel"], "WARN");
    // Lambda itself drops no line: each is a request's metrics too.
    assert_eq!(logging["ApplicationLogLevel"], "TRACE");
    assert_ne!(logging["LogFormat"], Value::Null);
}
