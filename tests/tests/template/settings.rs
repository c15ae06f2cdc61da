//! The settings of a deployment: which variables functions are given, and what has a default.

use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use tests::functions::{QUEUED, SCHEDULED, STREAM};
use tests::template::{Template, repository};
use web::settings::Settings;

#[test]
fn every_setting_is_a_variable_of_the_functions() {
    // Where AWS_LAMBDA_FUNCTION_NAME comes from, and where secrets must not.
    let secrets = ["TOKEN_KEYS", "AUDIT_KEY", "TRUSTED_PROXY_SECRET"];
    // On Lambda it has one value.
    let on_lambda = ["AWS_LAMBDA_FUNCTION_NAME", "WEBHOOK_TARGETS"];
    let not_of_the_template = [&on_lambda[..], &secrets].concat();
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
        // Redirect and pages are open to all, and schedule, stream and queue are no callers.
        assert_eq!(
            may_read,
            !["short-links", "console", SCHEDULED, STREAM, QUEUED].contains(&name),
            "{name}"
        );
    }
    // The other secrets are read by all that answer a request but with a page.
    for (name, function) in template.functions() {
        let variables = template.variables(function);
        let policies = function["Properties"]["Policies"].to_string();
        let may_read = policies.contains(r#"{"Ref":"SettingsSecretArn"}"#);
        assert_eq!(may_read, variables.contains("SETTINGS_SECRET"), "{name}");
        assert_eq!(
            may_read,
            !["console", SCHEDULED, STREAM, QUEUED].contains(&name),
            "{name}"
        );
    }
    let parameter = &template.0["Parameters"]["TokenKeysSecretArn"];
    assert!(parameter["Default"].is_null(), "a key of nobody's choosing");
}

/// The functions with a route that needs a token even where the API is public.
const VERIFY_ALWAYS: [&str; 4] = [
    "reward-promotion",
    "api-keys",
    "webhook-registry",
    "privacy",
];

/// With a public API, only those functions read the keys that verify tokens all the same.
#[test]
fn the_secret_is_read_only_where_tokens_are_verified() {
    let template = Template::read();
    for (name, function) in template.functions() {
        let statements = function["Properties"]["Policies"][0]["Statement"].as_array();
        let statements = statements.into_iter().flatten();
        let reads = |statement: &&Value| statement.to_string().contains("TokenKeysSecretArn");
        for statement in statements.filter(reads) {
            let choice = &statement["Fn::If"];
            if VERIFY_ALWAYS.contains(&name) {
                assert!(choice.is_null(), "{name}: {statement}");
            } else {
                assert_eq!(choice[0], "RequiresTokens", "{name}: {statement}");
                assert_eq!(choice[2], json!({"Ref": "AWS::NoValue"}), "{name}");
            }
        }
    }
    let condition = &template.0["Conditions"]["RequiresTokens"];
    let expected = json!({"Fn::Equals": [{"Ref": "ApiAccess"}, "token"]});
    assert_eq!(*condition, expected);
}

/// A deployment whose operator has said nothing opens no API and sends nobody to strangers.
#[test]
fn who_may_call_and_where_people_join_has_no_default() {
    let template = Template::read();
    let parameters = &template.0["Parameters"];
    for name in ["ApiAccess", "JoinBaseUrl"] {
        assert!(parameters[name].is_object(), "{name}");
        assert!(parameters[name]["Default"].is_null(), "{name}");
    }
    for name in ["JoinBaseUrl", "ShortBaseUrl"] {
        let pattern = parameters[name]["AllowedPattern"].as_str();
        let pattern = pattern.expect("a pattern").trim_start_matches('(');
        assert!(pattern.starts_with("https://"), "{name}: {pattern}");
    }
    assert_eq!(parameters["ShortBaseUrl"]["Default"], "");
    // A guided deployment prompts for what a file does not say.
    let file = fs::read_to_string(repository().join("samconfig.toml")).expect("samconfig.toml");
    assert!(!file.contains("ApiAccess=public"), "{file}");
    assert!(
        !file.contains("[default."),
        "a deployment names its environment"
    );
}

/// The short links' base is given, or the custom domain, or left to the functions, which take
/// the address from each event: [`web::extract::ShortBase`].
#[test]
fn short_links_follow_from_the_domain() {
    let template = Template::read();
    let function = template.function("codes");
    let base = template.environment(function).remove("SHORT_BASE_URL");
    let expected = json!({"Fn::If": ["HasShortBase", {"Ref": "ShortBaseUrl"}, {"Fn::If": [
        "HasDomain", {"Fn::Sub": "https://${DomainName}/r"}, {"Ref": "AWS::NoValue"},
    ]}]});
    assert_eq!(base, Some(expected));
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
