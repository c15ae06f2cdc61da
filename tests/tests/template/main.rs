//! `template.yaml` against what it deploys: the routes of the routers and of the sample
//! events, the settings, the table's definition, the time that functions have.

mod alarms;
mod guide;
mod settings;
mod traffic;

use domain::event::SETTLING;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;
use store::fold::SAFETY_MARGIN;
use tests::Verv;
use tests::functions::{QUEUED, SCHEDULED, STREAM, http_functions};
use tests::samples::{http_events, read};
use tests::template::{Template, declared, repository, routes};
use web::middleware::RESERVE;

/// The functions that this repository holds, by the names of their folders.
fn folders() -> BTreeSet<String> {
    let folders = fs::read_dir(repository().join("functions")).expect("functions/");
    folders
        .map(|folder| folder.expect("a folder").file_name())
        .map(|name| name.into_string().expect("a plain name"))
        .collect()
}

#[test]
fn every_function_is_deployed_from_its_binary() {
    let template = Template::read();
    let deployed: BTreeSet<_> = template
        .functions()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    for folder in folders() {
        assert!(
            deployed.contains(folder.as_str()),
            "{folder} in template.yaml"
        );
        let tested = http_functions();
        let is_called_otherwise = [SCHEDULED, STREAM, QUEUED].contains(&folder.as_str());
        let is_tested = is_called_otherwise || tested.iter().any(|(name, _)| *name == folder);
        assert!(is_tested, "{folder} in tests::functions");
    }
    for (binary, function) in template.functions() {
        assert_eq!(
            function["Metadata"]["BuildMethod"], "rust-cargolambda",
            "{binary}"
        );
        assert_eq!(
            *template.property(function, "Runtime"),
            "provided.al2023",
            "{binary}"
        );
        assert_eq!(
            *template.property(function, "Architectures"),
            json!([{"Ref": "Architecture"}]),
            "{binary}"
        );
    }
    assert_eq!(template.0["Parameters"]["Architecture"]["Default"], "arm64");
}

#[test]
fn the_routes_are_those_that_the_functions_declare() {
    let template = Template::read();
    for (name, declared) in http_functions() {
        let mut deployed = routes(template.function(name));
        // API Gateway has a route of its own for HEAD, and for a path with a slash at its end.
        deployed.retain(|(method, path)| method != "HEAD" && !path.contains('+'));
        let declared = declared.declarations().iter();
        let declared: BTreeSet<_> = declared
            .map(|route| (route.method.to_string(), route.path.clone()))
            .collect();
        assert_eq!(deployed, declared, "{name}");
    }
}

#[test]
fn a_local_run_answers_head_where_the_deployment_does() {
    let template = Template::read();
    let functions = template.functions();
    let all: BTreeSet<_> = functions
        .iter()
        .flat_map(|(_, function)| routes(function))
        .collect();
    let of_method = |method: &str| -> BTreeSet<String> {
        let routes = all.iter().filter(|(of, _)| of == method);
        routes.map(|(_, path)| declared(path)).collect()
    };
    let head = of_method("HEAD");
    assert_eq!(head, local::gateway::HEAD_ROUTES.map(String::from).into());
    assert!(head.is_subset(&of_method("GET")));
    // With the slash at the end as without it.
    for (method, path) in &all {
        let slashed = path.replace("{code}", "{code+}");
        if path.starts_with("/r/") {
            assert!(all.contains(&(method.clone(), slashed)), "{method} {path}");
        }
    }
}

#[test]
fn every_deployed_route_has_a_sample_event() {
    let template = Template::read();
    let functions = template.functions();
    let deployed: BTreeSet<String> = functions
        .iter()
        .flat_map(|(_, function)| routes(function))
        .map(|(method, path)| format!("{method} {path}"))
        .collect();
    let events = http_events();
    let sampled = events
        .values()
        .filter_map(|event| event["routeKey"].as_str());
    assert_eq!(
        sampled.map(ToOwned::to_owned).collect::<BTreeSet<_>>(),
        deployed
    );
}

#[test]
fn every_throttled_route_is_a_route() {
    let template = Template::read();
    let functions = template.functions();
    let all: BTreeSet<String> = functions
        .iter()
        .flat_map(|(_, function)| routes(function))
        .map(|(method, path)| format!("{method} {path}"))
        .collect();
    let settings = &template.0["Resources"]["Api"]["Properties"]["RouteSettings"];
    for route in settings.as_object().expect("settings by route").keys() {
        assert!(all.contains(route), "{route}");
    }
}

#[test]
fn every_parameter_is_used() {
    let template = Template::read();
    let mut text = template.0.clone();
    text["Parameters"] = Value::Null;
    text["Metadata"] = Value::Null;
    let text = text.to_string();
    for parameter in template.0["Parameters"]
        .as_object()
        .expect("parameters")
        .keys()
    {
        let used = text.contains(&format!("{{\"Ref\":\"{parameter}\"}}"))
            || text.contains(&format!("${{{parameter}}}"));
        assert!(used, "{parameter}");
    }
}

#[tokio::test]
async fn the_table_is_the_one_that_code_creates() {
    let verv = Verv::start().await;
    let client = local::engine::client(&verv.engine.endpoint());
    let made = client.describe_table().table_name("verv").send().await;
    let made = made.expect("the engine answers").table.expect("a table");
    let ttl = client
        .describe_time_to_live()
        .table_name("verv")
        .send()
        .await;
    let ttl = ttl.expect("the engine answers").time_to_live_description;

    let keys = |schema: &[aws_sdk_dynamodb::types::KeySchemaElement]| -> Value {
        schema
            .iter()
            .map(|key| json!({"AttributeName": key.attribute_name(), "KeyType": key.key_type().as_str()}))
            .collect()
    };
    let mut attributes: Vec<_> = made
        .attribute_definitions()
        .iter()
        .map(|attribute| {
            json!({
                "AttributeName": attribute.attribute_name(),
                "AttributeType": attribute.attribute_type().as_str(),
            })
        })
        .collect();
    attributes.sort_by_key(Value::to_string);
    let mut indexes: Vec<_> = made
        .global_secondary_indexes()
        .iter()
        .map(|index| json!({
            "IndexName": index.index_name(),
            "KeySchema": keys(index.key_schema()),
            "Projection": {"ProjectionType": index.projection().and_then(|p| p.projection_type()).map(|p| p.as_str())},
        }))
        .collect();
    indexes.sort_by_key(Value::to_string);

    let template = Template::read();
    let table = &template.0["Resources"]["Table"];
    let deployed = &table["Properties"];
    let sorted = |name: &str| {
        let mut values = deployed[name].as_array().expect("a list").clone();
        for value in values.iter_mut().filter_map(Value::as_object_mut) {
            // Of the deployment alone; `traffic` holds it.
            value.remove("WarmThroughput");
        }
        values.sort_by_key(Value::to_string);
        values
    };
    assert_eq!(sorted("AttributeDefinitions"), attributes);
    assert_eq!(deployed["KeySchema"], keys(made.key_schema()));
    assert_eq!(sorted("GlobalSecondaryIndexes"), indexes);
    let billing = made
        .billing_mode_summary()
        .and_then(|mode| mode.billing_mode());
    assert_eq!(deployed["BillingMode"], billing.expect("a mode").as_str());
    let attribute = ttl
        .and_then(|ttl| ttl.attribute_name)
        .expect("a TTL attribute");
    assert_eq!(
        deployed["TimeToLiveSpecification"],
        json!({"AttributeName": attribute, "Enabled": true})
    );
    assert_eq!(
        deployed["StreamSpecification"],
        json!({"StreamViewType": "NEW_IMAGE"})
    );
    assert_eq!(table["DeletionPolicy"], "Retain");
    assert_eq!(table["UpdateReplacePolicy"], "Retain");
    assert_eq!(deployed["DeletionProtectionEnabled"], true);
    assert_eq!(
        deployed["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"],
        true
    );
}

#[test]
fn no_function_outlives_the_safety_margin() {
    let template = Template::read();
    let margin = SAFETY_MARGIN.to_std().expect("positive");
    // What two machines' clocks may differ.
    let skew = Duration::from_secs(5);
    for (name, _) in http_functions() {
        let timeout = template.property(template.function(name), "Timeout");
        let timeout = Duration::from_secs(timeout.as_u64().expect("seconds"));
        assert!(
            timeout + skew < margin,
            "{name}: a fact could be folded past"
        );
        let settling = SETTLING.to_std().expect("positive");
        assert!(
            timeout + skew < settling,
            "{name}: an event could be listed past"
        );
        assert!(timeout > RESERVE * 5, "{name}: no time is left to answer");
        // An HTTP API waits for 30 s at most.
        assert!(timeout <= Duration::from_secs(30), "{name}");
    }
    let scheduled = template.function(SCHEDULED);
    assert_eq!(scheduled["Properties"]["ReservedConcurrentExecutions"], 1);
}

/// What the stream's function is called for, and what becomes of what it cannot tell.
#[test]
fn the_stream_leads_to_its_function_in_parts_that_can_fail() {
    let template = Template::read();
    let stream = &template.function(STREAM)["Properties"]["Events"]["Stream"]["Properties"];
    let streams = json!({"Fn::If": [
        "IsRestored", {"Ref": "RestoredStreamArn"}, {"Fn::GetAtt": ["Table", "StreamArn"]},
    ]});
    assert_eq!(stream["Stream"], streams);
    assert_eq!(
        stream["FunctionResponseTypes"],
        json!(["ReportBatchItemFailures"])
    );
    assert_eq!(stream["BisectBatchOnFunctionError"], true);
    assert_eq!(stream["StartingPosition"], "TRIM_HORIZON");
    assert!(stream["MaximumRetryAttempts"].is_u64(), "{stream}");
    // A stream keeps a record for a day.
    let age = stream["MaximumRecordAgeInSeconds"]
        .as_u64()
        .expect("seconds");
    assert!(age < 86_400, "{age}");
    let on_failure = &stream["DestinationConfig"]["OnFailure"];
    assert_eq!(on_failure["Type"], "SQS");
    assert_eq!(
        on_failure["Destination"],
        json!({"Fn::GetAtt": ["EventFailures", "Arn"]})
    );
    let pattern = stream["FilterCriteria"]["Filters"][0]["Pattern"].as_str();
    let pattern: Value = serde_json::from_str(pattern.expect("a pattern")).expect("JSON");
    let record = read("events-stream")["Records"][0].clone();
    let kind = &record["dynamodb"]["NewImage"]["kind"]["S"];
    assert_eq!(pattern["eventName"], json!([record["eventName"]]));
    assert_eq!(pattern["dynamodb"]["NewImage"]["kind"]["S"], json!([kind]));
}

/// How long a message is hidden while it is worked on, and what one receiver can take up.
#[test]
fn the_queue_leads_to_its_function_one_attempt_at_a_time() {
    let template = Template::read();
    let function = template.function(QUEUED);
    let mapping = &function["Properties"]["Events"]["Queue"]["Properties"];
    assert_eq!(
        mapping["Queue"],
        json!({"Fn::GetAtt": ["Deliveries", "Arn"]})
    );
    assert_eq!(
        mapping["FunctionResponseTypes"],
        json!(["ReportBatchItemFailures"])
    );
    assert!(mapping["BatchSize"].as_u64() <= Some(10), "{mapping}");
    assert!(mapping["ScalingConfig"]["MaximumConcurrency"].is_u64());
    let timeout = template.property(function, "Timeout").as_u64();
    let timeout = timeout.expect("seconds");
    assert!(timeout >= 2 * webhooks::receiver::TIMEOUT.as_secs());
    let queue = &template.0["Resources"]["Deliveries"]["Properties"];
    let hidden = queue["VisibilityTimeout"].as_u64().expect("seconds");
    assert!(hidden >= 6 * timeout, "{hidden}");
    let redrive = &queue["RedrivePolicy"];
    assert_eq!(
        redrive["deadLetterTargetArn"],
        json!({"Fn::GetAtt": ["DeliveryFailures", "Arn"]})
    );
    // A message outlives its own delay and all of its repetitions.
    let kept = queue["MessageRetentionPeriod"].as_u64().expect("seconds");
    let most = redrive["maxReceiveCount"].as_u64().expect("a number");
    let delay = queue::LONGEST_DELAY.num_seconds().unsigned_abs();
    assert!(kept > delay + most * hidden, "{kept}");
}

#[test]
fn pages_may_call_the_deployment_as_they_may_call_a_local_run() {
    let template = Template::read();
    let cors = &template.0["Resources"]["Api"]["Properties"]["CorsConfiguration"];
    let methods = local::cors::METHODS.map(|method| method.to_string());
    assert_eq!(cors["AllowMethods"], json!(methods));
    assert_eq!(cors["AllowHeaders"], json!(local::cors::SENT));
    assert_eq!(cors["ExposeHeaders"], json!(local::cors::READ));
    assert_eq!(cors["MaxAge"], json!(local::cors::MAX_AGE.as_secs()));
}
