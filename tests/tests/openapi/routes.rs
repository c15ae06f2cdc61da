//! The operations are the declared routes, with the access that these have.

use serde_json::Value;
use std::collections::BTreeSet;
use tests::openapi::{Document, Operation};

/// Who may call an operation, in the words of a route's declaration.
fn access(operation: &Operation) -> String {
    let document = Document::get();
    let security = document.root.pointer(&operation.pointer);
    let security = security.and_then(|operation| operation["security"].as_array());
    let alternatives = security.expect("every operation says who may call it");
    let of_scheme = |scheme: &str| {
        let found = alternatives.iter().find_map(|one| one.get(scheme));
        found.map(|names| {
            let names = names.as_array().into_iter().flatten();
            let names: Vec<_> = names.filter_map(Value::as_str).collect();
            names.join(" ")
        })
    };
    let is_public = alternatives
        .iter()
        .any(|one| one == &Value::Object([].into_iter().collect()));
    let callers = match (of_scheme("token"), of_scheme("companyToken")) {
        (None, None) => "open".to_owned(),
        (Some(roles), None) if roles.is_empty() && is_public => "open".to_owned(),
        (Some(roles), None) if is_public => roles,
        (Some(roles), None) => format!("always {roles}"),
        (None, Some(_)) => "tenant".to_owned(),
        (Some(_), Some(_)) => panic!("{operation:?} takes two kinds of token"),
    };
    match of_scheme("apiKey") {
        Some(scope) => format!("{callers} {scope}"),
        None => callers,
    }
}

#[test]
fn the_document_has_every_route_with_its_access_and_no_other() {
    let documented = Document::get().operations.iter();
    let documented: BTreeSet<_> = documented
        .map(|operation| {
            let Operation { method, path, .. } = operation;
            format!("{method} {path} {}", access(operation))
        })
        .collect();
    let routes = local::routes();
    let declared = routes.declarations().iter();
    let mut declared: BTreeSet<_> = declared
        .map(|route| format!("{} {} {}", route.method, route.path, route.access))
        .collect();
    // API Gateway has a route of its own for HEAD, which the router answers wherever it
    // answers GET.
    declared.insert("HEAD /r/{code} open".to_owned());
    let missing: Vec<_> = declared.difference(&documented).collect();
    let unknown: Vec<_> = documented.difference(&declared).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "not documented: {missing:#?}\nnot served: {unknown:#?}"
    );
}

#[test]
fn an_operation_is_found_by_its_path_and_a_static_segment_wins() {
    let document = Document::get();
    for (method, path, found) in [
        (
            "GET",
            "/api/v1/referral-code-records/active",
            "getActiveCode",
        ),
        (
            "GET",
            "/api/v1/referral-code-records/rc_1",
            "getReferralCodeRecord",
        ),
        (
            "HEAD",
            "/api/v1/referral-code-records/rc_1",
            "getReferralCodeRecord",
        ),
        ("HEAD", "/r/JAN", "probeLink"),
        ("GET", "/r/JAN", "followLink"),
    ] {
        let operation = document.operation(method, path).expect("an operation");
        let operation = document.root.pointer(&operation.pointer).expect("a node");
        assert_eq!(operation["operationId"], found, "{method} {path}");
    }
    for (method, path) in [("POST", "/r/JAN"), ("GET", "/r/"), ("GET", "/r/JAN/x")] {
        assert_eq!(document.operation(method, path), None, "{method} {path}");
    }
}
