//! `template.yaml` against what it deploys: the routes of the routers and of the sample
//! events, the settings, the table's definition, the time that functions have.

use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;
use store::fold::SAFETY_MARGIN;
use tests::Verv;
use tests::functions::{SCHEDULED, http_functions};
use tests::samples::http_events;
use tests::template::{Template, repository, routes};
use web::middleware::RESERVE;
use web::settings::Settings;

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
        let is_tested = folder == SCHEDULED || tested.iter().any(|(name, _)| *name == folder);
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
        // API Gateway has a route of its own for HEAD; the router answers it wherever it
        // answers GET.
        let mut deployed = routes(template.function(name));
        deployed.retain(|(method, _)| method != "HEAD");
        let declared = declared.declarations().iter();
        let declared: BTreeSet<_> = declared
            .map(|route| (route.method.to_string(), route.path.clone()))
            .collect();
        assert_eq!(deployed, declared, "{name}");
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
fn every_setting_is_a_variable_of_the_functions() {
    // Where AWS_LAMBDA_FUNCTION_NAME comes from, and where secrets must not.
    let secrets = ["TOKEN_KEYS", "AUDIT_KEY", "TRUSTED_PROXY_SECRET"];
    let not_of_the_template = [&["AWS_LAMBDA_FUNCTION_NAME"][..], &secrets].concat();
    let asked = RefCell::new(BTreeSet::new());
    let settings = Settings::from_lookup(|variable| {
        asked.borrow_mut().insert(variable.to_owned());
        None
    });
    settings.expect("local defaults");
    let mut asked = asked.into_inner();
    for variable in not_of_the_template {
        asked.remove(variable);
    }
    // What others than Settings read: the log filter, the SDK, and whoever fetches the keys.
    let read_elsewhere = [
        "RUST_LOG",
        "AWS_ENDPOINT_URL_DYNAMODB",
        "TOKEN_KEYS_SECRET",
        "TOKEN_KEYS_VERSION",
        "SETTINGS_SECRET",
    ];
    let known: BTreeSet<_> = asked
        .iter()
        .map(String::as_str)
        .chain(read_elsewhere)
        .collect();

    let template = Template::read();
    let mut deployed = BTreeSet::new();
    for (binary, function) in template.functions() {
        let variables = template.variables(function);
        assert!(variables.contains("TABLE_NAME"), "{binary}");
        for variable in &variables {
            assert!(
                known.contains(variable.as_str()),
                "{binary}: nobody reads {variable}"
            );
        }
        deployed.extend(variables);
    }
    let missing: Vec<_> = asked.difference(&deployed).collect();
    assert!(missing.is_empty(), "no function is given {missing:?}");
    for secret in secrets {
        assert!(!deployed.contains(secret), "{secret}");
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
        assert!(timeout > RESERVE * 5, "{name}: no time is left to answer");
        // An HTTP API waits for 30 s at most.
        assert!(timeout <= Duration::from_secs(30), "{name}");
    }
    let scheduled = template.function(SCHEDULED);
    assert_eq!(scheduled["Properties"]["ReservedConcurrentExecutions"], 1);
}

#[test]
fn the_secret_is_read_by_those_who_verify_tokens_and_no_one_else() {
    let template = Template::read();
    for (name, function) in template.functions() {
        let variables = template.variables(function);
        let policies = function["Properties"]["Policies"].to_string();
        let may_read = policies.contains(r#"{"Ref":"TokenKeysSecretArn"}"#);
        assert_eq!(may_read, variables.contains("TOKEN_KEYS_SECRET"), "{name}");
        assert_eq!(may_read, variables.contains("API_ACCESS"), "{name}");
        // Declared for `sam local`, and never deployed.
        let declared = template.environment(function);
        assert_eq!(may_read, declared.contains_key("TOKEN_KEYS"), "{name}");
        assert!(!variables.contains("TOKEN_KEYS"), "{name}");
        // The redirect is open to all, and the aggregator has no caller.
        assert_eq!(
            may_read,
            !["short-links", SCHEDULED].contains(&name),
            "{name}"
        );
    }
    // The other secrets are read by all that answer a request.
    for (name, function) in template.functions() {
        let variables = template.variables(function);
        let policies = function["Properties"]["Policies"].to_string();
        let may_read = policies.contains(r#"{"Ref":"SettingsSecretArn"}"#);
        assert_eq!(may_read, variables.contains("SETTINGS_SECRET"), "{name}");
        assert_eq!(may_read, name != SCHEDULED, "{name}");
    }
    let parameter = &template.0["Parameters"]["TokenKeysSecretArn"];
    assert!(parameter["Default"].is_null(), "a key of nobody's choosing");
}

/// The variables of `events/local.env`, as cargo-lambda reads them: a value that holds more
/// than letters, digits and `:/._-` is in single quotes.
fn local_environment() -> BTreeMap<String, String> {
    let file = repository().join("events/local.env");
    let text = fs::read_to_string(file).expect("events/local.env");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.split_once('=').expect("NAME=value");
            let quoted = value
                .strip_prefix('\'')
                .and_then(|rest| rest.strip_suffix('\''));
            let is_plain = |c: char| c.is_ascii_alphanumeric() || ":/._-".contains(c);
            let value = quoted.unwrap_or(value);
            assert!(quoted.is_some() || value.chars().all(is_plain), "{line}");
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

#[test]
fn the_local_environment_starts_every_function() {
    let variables = local_environment();
    for needed in [
        "AWS_ENDPOINT_URL_DYNAMODB",
        "AWS_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    ] {
        assert!(variables.contains_key(needed), "{needed}");
    }
    let settings = Settings::from_lookup(|name| match name {
        "AWS_LAMBDA_FUNCTION_NAME" => Some("codes".to_owned()),
        name => variables.get(name).cloned(),
    });
    let settings = settings.expect("valid settings");
    assert_eq!(settings.table_name, "verv");
    assert!(!settings.tokens.has_no_key());
}

/// `sam local` gives a function only those variables of `events/env.json` that the template
/// declares for it.
#[test]
fn the_environment_of_sam_local_is_declared_and_starts_every_function() {
    let file = repository().join("events/env.json");
    let text = fs::read_to_string(file).expect("events/env.json");
    let file: Value = serde_json::from_str(&text).expect("JSON");
    let overrides = file["Parameters"].as_object().expect("variables");
    let template = Template::read();
    let reward_promotion = template.environment(template.function("reward-promotion"));
    for (variable, value) in overrides {
        assert!(reward_promotion.contains_key(variable), "{variable}");
        assert!(value.is_string(), "{variable}");
    }
    let settings = Settings::from_lookup(|name| match name {
        "AWS_LAMBDA_FUNCTION_NAME" => Some("RewardPromotionFunction".to_owned()),
        name => overrides.get(name)?.as_str().map(ToOwned::to_owned),
    });
    assert!(!settings.expect("valid settings").tokens.has_no_key());
}
