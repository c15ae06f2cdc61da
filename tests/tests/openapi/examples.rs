//! Every example is right by its schema, and those of the contracts are all there.

use crate::references::walk;
use serde_json::Value;
use std::collections::BTreeMap;
use tests::contract::endpoints;
use tests::openapi::{Document, escaped};

const CONTRACTS: [&str; 3] = [
    include_str!("../../contracts/referral-attributions.txt"),
    include_str!("../../contracts/referral-code-records.txt"),
    include_str!("../../contracts/referral-codes.txt"),
];

const USER_REFERRAL_CODE: &str = include_str!("../../contracts/user-referral-code.txt");
const VALIDATE: &str = include_str!("../../contracts/validate-referral-code.txt");

/// The examples of the node at `pointer`, which has a schema.
fn examples_at(pointer: &str) -> Vec<&'static Value> {
    let document = Document::get();
    let node = document.root.pointer(pointer).expect("a node");
    let named = node["examples"].as_object().into_iter();
    let named = named.flat_map(|named| named.keys()).map(|name| {
        let example = document.resolve(&format!("{pointer}/examples/{}", escaped(name)));
        &example.expect("an example").1["value"]
    });
    node.get("example").into_iter().chain(named).collect()
}

#[test]
fn every_example_is_right_by_its_schema() {
    let document = Document::get();
    let (mut wrong, mut seen) = (Vec::new(), 0);
    walk("", &document.root, &mut |pointer, node| {
        if node.get("schema").is_none() {
            return;
        }
        for example in examples_at(pointer) {
            seen += 1;
            let faults = document.faults(&format!("{pointer}/schema"), example);
            wrong.extend(faults.iter().map(|fault| format!("{pointer}: {fault}")));
        }
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 50, "{seen} examples");
}

/// Every example of an operation's requests and answers, by `GET /path/{id}`.
fn examples_by_operation() -> BTreeMap<String, Vec<&'static Value>> {
    let document = Document::get();
    let of_operation = |operation: &tests::openapi::Operation| {
        let mut found = Vec::new();
        let node = document.root.pointer(&operation.pointer).expect("a node");
        let statuses = node["responses"].as_object().expect("responses").keys();
        let mut bodies = vec![format!("{}/requestBody", operation.pointer)];
        bodies.extend(statuses.map(|status| format!("{}/responses/{status}", operation.pointer)));
        for body in bodies {
            let Some((pointer, body)) = document.resolve(&body) else {
                continue;
            };
            let kinds = body["content"].as_object().into_iter();
            for kind in kinds.flat_map(|kinds| kinds.keys()) {
                found.extend(examples_at(&format!("{pointer}/content/{}", escaped(kind))));
            }
        }
        (format!("{} {}", operation.method, operation.path), found)
    };
    document.operations.iter().map(of_operation).collect()
}

#[test]
fn every_example_of_the_contracts_is_in_the_document() {
    let documented = examples_by_operation();
    let contracts = CONTRACTS.into_iter().flat_map(endpoints);
    let mut checked = 0;
    for endpoint in contracts {
        let name = endpoint.name.replace(":id", "{id}");
        let name = name.replace(":mentorId", "{mentor_id}");
        let documented = &documented[&name];
        for example in endpoint.request.iter().chain([&endpoint.response]) {
            assert!(documented.contains(&example), "{name}: {example}");
            checked += 1;
        }
    }
    assert_eq!(checked, 26);
    for (contract, operation) in [
        (
            USER_REFERRAL_CODE,
            "GET /gafapay/v3/reward_promotion/user_referral_code",
        ),
        (
            VALIDATE,
            "POST /gafapay/v3/reward_promotion/validate_referral_code",
        ),
    ] {
        let examples = objects(contract);
        assert!(examples.len() >= 4, "{operation}");
        for example in &examples {
            assert!(
                documented[operation].contains(&example),
                "{operation}: {example}"
            );
        }
    }
}

/// The JSON objects that begin a line of `text`, without those of shell commands.
fn objects(text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line != "{" {
            continue;
        }
        let mut object = line.to_owned();
        while serde_json::from_str::<Value>(&object).is_err() {
            object += lines.next().expect("a whole object");
        }
        found.extend(serde_json::from_str::<Value>(&object));
    }
    found
}
