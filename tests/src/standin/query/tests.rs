use super::*;
use serde_json::json;

/// An item of the index partition `m`, whose keys all end in `name`.
fn item(name: &str) -> Image {
    entry(name, name, "current")
}

fn entry(name: &str, sort: &str, state: &str) -> Image {
    let item = json!({
        "pk": {"S": "p"}, "sk": {"S": name},
        "gsi1pk": {"S": "m"}, "gsi1sk": {"S": sort},
        "state": {"S": state},
    });
    item.as_object().expect("an object").clone()
}

fn query(changes: &Value) -> Query {
    let mut body = json!({
        "TableName": "t",
        "IndexName": "gsi1",
        "KeyConditionExpression": "#pk = :pk",
        "ExpressionAttributeNames": {"#pk": "gsi1pk"},
        "ExpressionAttributeValues": {":pk": {"S": "m"}},
    });
    for (name, value) in changes.as_object().expect("an object") {
        body[name] = value.clone();
    }
    Query::read(&KeySchema::default(), &body).expect("a query")
}

fn key_after(item: &Image) -> Value {
    let schema = KeySchema::default();
    schema.start_key(schema.index("gsi1"), item)
}

/// The sort keys in the page, and the one after which the next page begins.
fn page(
    query: &Query,
    engine: &[&str],
    more: bool,
    hidden: &[&str],
    older: Vec<Image>,
) -> (Vec<String>, Option<String>) {
    let items: Vec<Image> = engine.iter().map(|name| item(name)).collect();
    let last_key = items.last().filter(|_| more).map(key_after);
    let page = query.page(
        &KeySchema::default(),
        Page { items, last_key },
        |key| !hidden.contains(&key.sk.as_str()),
        older,
    );
    let sort = |value: &Value| value["S"].as_str().expect("a string").to_owned();
    (
        page.items
            .iter()
            .map(|item| sort(&item["gsi1sk"]))
            .collect(),
        page.last_key.map(|key| sort(&key["gsi1sk"])),
    )
}

fn found(names: &[&str], last: Option<&str>) -> (Vec<String>, Option<String>) {
    let names = names.iter().map(|name| (*name).to_owned());
    (names.collect(), last.map(str::to_owned))
}

#[test]
fn hidden_items_are_left_out_and_older_images_take_their_place_in_the_order() {
    let all = query(&json!({}));
    let older = || vec![entry("y", "b", "older"), item("d")];
    let answer = page(&all, &["a", "c", "e", "y"], false, &["c", "y"], older());
    assert_eq!(answer, found(&["a", "b", "d", "e"], None));
    let backward = query(&json!({"ScanIndexForward": false}));
    let answer = page(
        &backward,
        &["y", "e", "c", "a"],
        false,
        &["c", "y"],
        older(),
    );
    assert_eq!(answer, found(&["e", "d", "b", "a"], None));
}

#[test]
fn older_images_outside_the_condition_are_left_out() {
    let query = query(&json!({
        "KeyConditionExpression": "#pk = :pk AND #sk BETWEEN :from AND :to",
        "ExpressionAttributeNames": {"#pk": "gsi1pk", "#sk": "gsi1sk"},
        "ExpressionAttributeValues":
            {":pk": {"S": "m"}, ":from": {"S": "b"}, ":to": {"S": "d"}},
    }));
    let older = ["a", "b", "d", "e"].map(item).to_vec();
    assert_eq!(
        page(&query, &["c"], false, &[], older),
        found(&["b", "c", "d"], None)
    );
}

#[test]
fn a_page_ends_where_the_engines_does_and_begins_after_its_start() {
    let first = query(&json!({"Limit": 4}));
    let older = || ["b", "d"].map(item).to_vec();
    assert_eq!(
        page(&first, &["a", "c"], true, &[], older()),
        found(&["a", "b", "c"], Some("c"))
    );
    let second = query(&json!({"Limit": 4, "ExclusiveStartKey": key_after(&item("c"))}));
    assert_eq!(
        page(&second, &["e"], false, &[], older()),
        found(&["d", "e"], None)
    );
}

#[test]
fn a_page_over_its_limit_goes_on_after_its_last_item() {
    let limited = query(&json!({"Limit": 2}));
    let older = || vec![item("b")];
    assert_eq!(
        page(&limited, &["a", "c", "d"], true, &[], older()),
        found(&["a", "b"], Some("b"))
    );
    let next = query(&json!({"Limit": 2, "ExclusiveStartKey": key_after(&item("b"))}));
    assert_eq!(
        page(&next, &["c", "d", "e"], true, &["e"], older()),
        found(&["c", "d"], Some("e")),
    );
}

#[test]
fn a_page_of_hidden_items_is_empty_and_goes_on() {
    let limited = query(&json!({"Limit": 2}));
    assert_eq!(
        page(&limited, &["a", "b"], true, &["a", "b"], vec![]),
        found(&[], Some("b"))
    );
}

#[test]
fn items_of_one_sort_key_go_by_their_primary_keys() {
    let older = || vec![entry("2", "same", "older")];
    let engine = |names: &[&str]| Page {
        items: names.iter().map(|name| entry(name, "same", "")).collect(),
        last_key: None,
    };
    let limited = query(&json!({"Limit": 2}));
    let schema = KeySchema::default();
    let first = limited.page(&schema, engine(&["1", "3"]), |_| true, older());
    assert_eq!(first.items[1]["sk"], json!({"S": "2"}));
    let next = query(&json!({"Limit": 2, "ExclusiveStartKey": first.last_key}));
    let second = next.page(&schema, engine(&["3"]), |_| true, older());
    assert_eq!(second.items, [entry("3", "same", "")]);
}

#[test]
fn every_form_of_key_condition_of_the_project_is_read() {
    let schema = KeySchema::default();
    for (range, inside, outside) in [
        ("", vec!["", "~"], vec![]),
        (" AND #sk >= :from", vec!["b", "z"], vec!["a"]),
        (" AND #sk > :from", vec!["bb", "z"], vec!["b"]),
        (" AND #sk <= :to", vec!["a", "d"], vec!["e"]),
        (" AND #sk < :to", vec!["a", "c"], vec!["d"]),
        (" AND #sk = :to", vec!["d"], vec!["c", "da"]),
        (
            " AND #sk BETWEEN :from AND :to",
            vec!["b", "d"],
            vec!["a", "e"],
        ),
        (
            " AND begins_with(#sk, :from)",
            vec!["b", "bz"],
            vec!["a", "c"],
        ),
    ] {
        let body = json!({
            "TableName": "t",
            "KeyConditionExpression": format!("#pk = :pk{range}"),
            "ExpressionAttributeNames": {"#pk": "pk", "#sk": "sk"},
            "ExpressionAttributeValues":
                {":pk": {"S": "p"}, ":from": {"S": "b"}, ":to": {"S": "d"}},
        });
        let query = Query::read(&schema, &body).expect(range);
        assert_eq!(query.partition.key, "p");
        let contains = |sort: &&str| query.sorts.contains(&(*sort).to_owned());
        assert!(inside.iter().all(contains), "{range}");
        assert!(!outside.iter().any(contains), "{range}");
    }
    let strange = json!({"TableName": "t", "KeyConditionExpression": "kind = :kind"});
    assert!(Query::read(&schema, &strange).is_err());
}

#[test]
fn a_projected_query_is_forwarded_whole_without_the_names_that_it_no_longer_uses() {
    let body = json!({
        "TableName": "t",
        "KeyConditionExpression": "#pk = :pk AND #sk >= :from",
        "ProjectionExpression": "#s, sk",
        "ExpressionAttributeNames": {"#pk": "pk", "#sk": "sk", "#s": "state"},
        "ExpressionAttributeValues": {":pk": {"S": "p"}, ":from": {"S": "b"}},
        "Limit": 5,
    });
    let query = Query::read(&KeySchema::default(), &body).expect("a query");
    let forwarded = query.forwarded(&body, 3);
    assert_eq!(forwarded.get("ProjectionExpression"), None);
    let names = json!({"#pk": "pk", "#sk": "sk"});
    assert_eq!(forwarded["ExpressionAttributeNames"], names);
    assert_eq!(forwarded["Limit"], 8);
}

#[test]
fn what_the_layer_cannot_evaluate_is_refused() {
    let projected = json!({"ProjectionExpression": "sk"});
    assert!(matches!(Query::projection(&projected), Ok(Some(_))));
    assert!(matches!(Query::projection(&json!({})), Ok(None)));
    let filtered = json!({"FilterExpression": "kind = :kind"});
    assert!(Query::projection(&filtered).is_err());
}
