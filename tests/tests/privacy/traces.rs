//! Everything that the table holds, searched for what would tell who somebody is.

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use local::engine;
use std::collections::{BTreeMap, HashMap};
use tests::Verv;

pub(crate) type Item = HashMap<String, AttributeValue>;

/// Every item of the table.
pub(crate) async fn items(verv: &Verv) -> Vec<Item> {
    let client = engine::client(&verv.engine.endpoint());
    let mut pages = client
        .scan()
        .table_name(verv.store.table_name())
        .consistent_read(true)
        .into_paginator()
        .items()
        .send();
    let mut items = Vec::new();
    while let Some(item) = pages.next().await {
        items.push(item.expect("the table is read"));
    }
    items
}

/// The items that hold `what` anywhere: in names, keys, values and what values hold, as text
/// of either case, as bytes, in hex, in base64 wherever it begins, percent-encoded.
pub(crate) async fn items_with(verv: &Verv, what: &[u8]) -> Vec<Item> {
    let needles = encodings(what);
    let holds = |item: &Item| {
        let mut bytes = Vec::new();
        item.iter().for_each(|(name, value)| {
            bytes.extend(name.as_bytes());
            bytes.push(0);
            flatten(value, &mut bytes);
        });
        bytes.make_ascii_lowercase();
        needles
            .iter()
            .any(|needle| bytes.windows(needle.len()).any(|at| at == needle))
    };
    let mut items = items(verv).await;
    items.retain(holds);
    items
}

/// Panics where any item holds one of `traces`.
pub(crate) async fn assert_nowhere(verv: &Verv, traces: &[&[u8]]) {
    for trace in traces {
        let found = items_with(verv, trace).await;
        let name = String::from_utf8_lossy(trace);
        assert!(found.is_empty(), "{name} is in {found:?}");
    }
}

fn encodings(what: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![what.to_vec()];
    all.push(
        what.iter()
            .flat_map(|b| format!("{b:02x}").into_bytes())
            .collect(),
    );
    let percent = what.iter().flat_map(|b| match b {
        b if b.is_ascii_alphanumeric() || b"_.-".contains(b) => vec![*b],
        b => format!("%{b:02x}").into_bytes(),
    });
    all.push(percent.collect());
    for before in 0..3 {
        let mut shifted = vec![b'x'; before];
        shifted.extend(what);
        // The first and the last characters depend on what is around.
        for text in [
            STANDARD_NO_PAD.encode(&shifted),
            URL_SAFE_NO_PAD.encode(&shifted),
        ] {
            let (first, last) = ((before * 4).div_ceil(3), shifted.len() * 4 / 3 - 1);
            if last > first + 3 {
                all.push(text.as_bytes()[first..last].to_vec());
            }
        }
    }
    all.iter_mut()
        .for_each(|needle| needle.make_ascii_lowercase());
    all
}

fn flatten(value: &AttributeValue, into: &mut Vec<u8>) {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => into.extend(text.as_bytes()),
        AttributeValue::B(bytes) => into.extend(bytes.as_ref()),
        AttributeValue::L(list) => list.iter().for_each(|inner| flatten(inner, into)),
        AttributeValue::M(map) => map.iter().for_each(|(name, inner)| {
            into.extend(name.as_bytes());
            flatten(inner, into);
        }),
        AttributeValue::Ss(texts) | AttributeValue::Ns(texts) => {
            texts.iter().for_each(|text| into.extend(text.as_bytes()));
        }
        AttributeValue::Bs(blobs) => blobs.iter().for_each(|blob| into.extend(blob.as_ref())),
        _ => {}
    }
    into.push(0);
}

/// What the table holds, apart from ids and times: how many items of which kind have which
/// attributes, and the numbers that rows of statistics add up to.
pub(crate) async fn shape(verv: &Verv) -> BTreeMap<String, i64> {
    let mut shape = BTreeMap::new();
    for item in items(verv).await {
        let kind = item.get("kind").and_then(|kind| kind.as_s().ok());
        let kind = kind.map_or("none", String::as_str);
        let mut names: Vec<_> = item.keys().map(String::as_str).collect();
        names.sort_unstable();
        *shape.entry(format!("{kind} {names:?}")).or_default() += 1;
        if matches!(kind, "rollup" | "rank") {
            let numbers = item.iter().filter(|(name, _)| *name != "folded_to");
            for (name, value) in numbers {
                if let Some(Ok(number)) = value.as_n().ok().map(|number| number.parse::<i64>()) {
                    *shape.entry(format!("{kind} {name}")).or_default() += number;
                }
            }
        }
    }
    shape
}

#[test]
fn what_is_hidden_in_another_form_is_found() {
    let hidden = |what: &str| encodings(what.as_bytes());
    let id = "kari.nordmann@example.org";
    for text in [
        id.to_owned(),
        "kari.nordmann%40example.org".to_owned(),
        STANDARD_NO_PAD.encode(format!("{{\"id\":\"{id}\"}}")),
        URL_SAFE_NO_PAD.encode(format!("a{id}b")),
        URL_SAFE_NO_PAD.encode(format!("ab{id}")),
    ] {
        let text = text.to_ascii_lowercase();
        let is_found = hidden(id)
            .iter()
            .any(|needle| text.as_bytes().windows(needle.len()).any(|at| at == needle));
        assert!(is_found, "{text}");
    }
}
