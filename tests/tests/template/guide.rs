//! The guide's commands address the deployment that they mean.

use std::fs;
use tests::template::{Template, repository};

fn guide() -> String {
    fs::read_to_string(repository().join("docs/deploying.md")).expect("the guide")
}

/// Every command of the guide, in blocks or in text, with its continued lines.
fn commands(text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ");
    let mut in_block = false;
    let mut commands = Vec::new();
    for line in joined.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if in_block {
            commands.push(line.trim().to_owned());
        }
    }
    // And what is between single backticks, on one line or two.
    let outside: Vec<_> = joined.split("```").step_by(2).collect();
    let quoted = outside
        .iter()
        .flat_map(|text| text.split('`').skip(1).step_by(2));
    let quoted = quoted.map(|command| command.split_whitespace().collect::<Vec<_>>());
    // Two words name a command, and run none.
    let quoted = quoted.filter(|words| words.len() > 2);
    commands.extend(quoted.map(|words| words.join(" ")));
    commands
}

/// The part of the guide below `heading`, to the next one of its level.
fn section<'g>(guide: &'g str, heading: &str) -> &'g str {
    let (_, rest) = guide
        .split_once(heading)
        .unwrap_or_else(|| panic!("{heading}"));
    rest.split("\n## ").next().unwrap_or(rest)
}

/// A query is saved as the guide has it, over the logs of every function.
#[test]
fn the_saved_queries_are_those_of_the_guide() {
    let guide = guide();
    let template = Template::read();
    let functions = template.functions();
    let logs: Vec<_> = functions
        .iter()
        .map(|(_, function)| &function["Properties"]["LoggingConfig"]["LogGroup"])
        .collect();
    let resources = template.0["Resources"].as_object().expect("resources");
    let queries = resources
        .values()
        .filter(|resource| resource["Type"] == "AWS::Logs::QueryDefinition");
    let queries: Vec<_> = queries.map(|query| &query["Properties"]).collect();
    assert_eq!(queries.len(), 6);
    for query in queries {
        let name = query["Name"]["Fn::Sub"].as_str().expect("a name");
        let name = name.strip_prefix("${AWS::StackName}/").expect("a folder");
        assert!(guide.contains(&format!("`{name}`")), "{name}");
        let text = query["QueryString"].as_str().expect("a query");
        let fenced = format!("```\n{}\n```", text.trim_end());
        assert!(guide.contains(&fenced), "{name}: {text}");
        let searched = query["LogGroupNames"].as_array().expect("log groups");
        let missing = logs.iter().find(|group| !searched.contains(group));
        assert_eq!(missing, None, "{name}");
    }
}

#[test]
fn the_container_is_built_with_the_pinned_toolchain() {
    let read = |file: &str| fs::read_to_string(repository().join(file)).expect(file);
    let toolchain = read("rust-toolchain.toml");
    let version = toolchain.split("channel = \"").nth(1);
    let version = version.and_then(|rest| rest.split('"').next());
    let from = format!("FROM rust:{}-", version.expect("a version"));
    assert!(read("Containerfile").contains(&from), "{from}");
    assert_eq!(read(".containerignore"), read(".dockerignore"));
}

#[test]
fn every_command_of_the_guide_names_its_environment() {
    let guide = guide();
    let all = commands(&guide);
    let is_of = |command: &String, tool: &str| command.starts_with(&format!("{tool} "));
    let deployments: Vec<_> = all.iter().filter(|command| is_of(command, "sam")).collect();
    assert!(deployments.len() >= 10, "{deployments:?}");
    for command in deployments {
        let names = command.contains("--config-env ");
        assert!(names || command.starts_with("sam validate"), "{command}");
    }
    let secrets = all
        .iter()
        .filter(|command| command.starts_with("aws secretsmanager"));
    let secrets: Vec<_> = secrets.collect();
    assert!(secrets.len() >= 3, "{secrets:?}");
    for command in secrets {
        let names = [" verv/", " verv-dev/"];
        assert!(names.iter().any(|name| command.contains(name)), "{command}");
    }
    for file in ["README.md", "SECURITY.md"] {
        let text = fs::read_to_string(repository().join(file)).expect("a document");
        for line in text.lines().filter(|line| line.contains("sam deploy")) {
            assert!(line.contains("--config-env"), "{file}: {line}");
        }
    }
}

/// The commands once addressed the development stack, and a gradual rollout left the key valid
/// for ten minutes.
#[test]
fn a_leaked_key_is_revoked_on_the_right_stack_at_once() {
    let guide = guide();
    let leaked = section(&guide, "## A key that leaked");
    let commands = commands(leaked);
    let find = |start: &str| {
        let found = commands.iter().find(|command| command.starts_with(start));
        found
            .unwrap_or_else(|| panic!("{start} in {commands:?}"))
            .clone()
    };
    assert!(find("aws secretsmanager put-secret-value").contains("--secret-id verv/token-keys"));
    let deploy = find("sam deploy");
    for part in [
        "--config-env prod",
        "TokenKeysVersion=",
        "Rollout=AllAtOnce",
    ] {
        assert!(deploy.contains(part), "{part} in {deploy}");
    }
    // Whether it worked is tried, not assumed.
    assert!(find("curl").contains("authorization: Bearer"));
    let file = fs::read_to_string(repository().join("samconfig.toml")).expect("samconfig.toml");
    let (_, prod) = file
        .split_once("[prod.global.parameters]")
        .expect("an environment");
    let stack = prod.trim_start().lines().next();
    assert_eq!(stack, Some("stack_name = \"verv\""));
}

#[test]
fn each_stack_has_a_secret_of_its_own() {
    let guide = guide();
    let made: Vec<_> = commands(&guide)
        .into_iter()
        .filter(|command| command.starts_with("aws secretsmanager create-secret"))
        .collect();
    for name in ["verv-dev/token-keys", "verv/token-keys"] {
        let of = made
            .iter()
            .filter(|command| command.contains(&format!("--name {name} ")));
        assert_eq!(of.count(), 1, "{name} in {made:?}");
    }
}

#[test]
fn the_guide_says_what_anonymous_callers_can_do_in_each_mode() {
    let guide = guide();
    let section = section(&guide, "## Who may call");
    assert!(
        section.contains("| what | `public` | `token` |"),
        "{section}"
    );
    for what in [
        "confirm",
        "delete",
        "record a click",
        "short link",
        "validate",
    ] {
        assert!(section.contains(what), "{what}");
    }
}
