//! What the document refers to is there, and what is there is referred to.

use serde_json::Value;
use std::collections::BTreeSet;
use tests::openapi::{Document, escaped};

/// Calls `visit` with the pointer to each node below `node`, and the node.
pub(crate) fn walk<'v>(pointer: &str, node: &'v Value, visit: &mut impl FnMut(&str, &'v Value)) {
    visit(pointer, node);
    match node {
        Value::Object(fields) => {
            for (key, value) in fields {
                walk(&format!("{pointer}/{}", escaped(key)), value, visit);
            }
        }
        Value::Array(items) => {
            for (place, value) in items.iter().enumerate() {
                walk(&format!("{pointer}/{place}"), value, visit);
            }
        }
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere_and_nothing_is_left_over() {
    let document = Document::get();
    let (mut referred, mut broken) = (BTreeSet::new(), Vec::new());
    walk("", &document.root, &mut |pointer, node| {
        let mapped = pointer.contains("/discriminator/mapping/");
        let reference = match mapped {
            true => node.as_str(),
            false => node.get("$ref").and_then(Value::as_str),
        };
        let Some(reference) = reference else { return };
        let target = reference.trim_start_matches('#');
        if document.root.pointer(target).is_none() {
            broken.push(format!("{pointer} to {reference}"));
        }
        referred.insert(target.to_owned());
    });
    assert_eq!(broken, [""; 0]);
    let components = document.root["components"].as_object().expect("components");
    let kinds = components
        .iter()
        .filter(|(kind, _)| *kind != "securitySchemes");
    let left_over: Vec<_> = kinds
        .flat_map(|(kind, named)| {
            let names = named.as_object().expect("components by name").keys();
            names.map(move |name| format!("/components/{kind}/{name}"))
        })
        .filter(|pointer| !referred.contains(pointer))
        .collect();
    assert_eq!(left_over, [""; 0]);
}

/// A comma in a text that is not quoted begins a new key, without a value.
#[test]
fn no_text_is_torn() {
    let mut torn = Vec::new();
    walk("", &Document::get().root, &mut |pointer, node| {
        let may_be_null = ["/example", "/value/", "/enum/"];
        if node.is_null() && !may_be_null.iter().any(|part| pointer.contains(part)) {
            torn.push(pointer.to_owned());
        }
    });
    assert_eq!(torn, [""; 0]);
}

#[test]
fn every_link_names_an_operation_and_parameters_that_it_has() {
    let document = Document::get();
    let operation_of = |id: &str| {
        document.operations.iter().find(|operation| {
            let node = document.root.pointer(&operation.pointer);
            node.is_some_and(|node| node["operationId"] == id)
        })
    };
    let links = document.root.pointer("/components/links");
    let links = links.and_then(Value::as_object).expect("links");
    for (name, link) in links {
        let id = link["operationId"].as_str().expect("an operation");
        let operation = operation_of(id).unwrap_or_else(|| panic!("no operation {id}"));
        let parameters = document.parameters(operation).into_iter();
        let known: BTreeSet<_> = parameters
            .map(|pointer| {
                let (_, parameter) = document.resolve(&pointer).expect("a parameter");
                parameter["name"].as_str().expect("a name")
            })
            .collect();
        let given = link["parameters"].as_object().into_iter();
        for parameter in given.flat_map(|given| given.keys()) {
            assert!(known.contains(parameter.as_str()), "{name}: {parameter}");
        }
    }
}

#[test]
fn operations_have_ids_of_their_own_and_every_object_answered_is_closed() {
    let document = Document::get();
    let ids: BTreeSet<_> = document
        .operations
        .iter()
        .map(|operation| {
            let node = document.root.pointer(&operation.pointer).expect("a node");
            node["operationId"].as_str().expect("an id")
        })
        .collect();
    assert_eq!(ids.len(), document.operations.len());
    let mut open = Vec::new();
    walk("", &document.root, &mut |pointer, node| {
        let is_closed = node["additionalProperties"] == false || node["maxProperties"] == 0;
        if node["type"] == "object" && !is_closed {
            open.push(pointer.to_owned());
        }
    });
    // The payments company's clients may send more; an object of a bulk call that is no code is
    // answered in its own place.
    let meant = [
        "/components/schemas/Validation",
        "/components/schemas/WantedCodes/properties/codes/items/anyOf/1",
    ];
    assert_eq!(open, meant);
}
