//! The users' contracts as data: the examples in their text, and how an answer differs.

use serde_json::Value;
use std::collections::BTreeSet;

/// An endpoint as its contract shows it.
pub struct Endpoint {
    /// `PUT /api/v1/referral-codes/:id`
    pub name: String,
    /// The example of its body; `None` where it takes none.
    pub request: Option<Value>,
    /// The example of its answer.
    pub response: Value,
}

/// The endpoints that a contract's text lists. A line with a method begins one; the line
/// after it is the path, with the base path printed twice over.
///
/// # Panics
/// When the text breaks off.
pub fn endpoints(contract: &str) -> Vec<Endpoint> {
    let mut lines = contract.lines();
    let mut found: Vec<Endpoint> = Vec::new();
    while let Some(line) = lines.next() {
        match line {
            "GET" | "POST" | "PUT" | "DELETE" => {
                let path = lines.next().expect("a path");
                let base = &path[..path[1..].find("/api/").expect("the base path twice") + 1];
                found.push(Endpoint {
                    name: format!("{line} {}", &path[base.len()..]),
                    request: None,
                    response: Value::Null,
                });
            }
            "Request Example" | "Response Example" => {
                let mut text = String::new();
                let example: Value = loop {
                    text += lines.next().expect("a whole example");
                    if let Ok(whole) = serde_json::from_str(&text) {
                        break whole;
                    }
                };
                let endpoint = found.last_mut().expect("an endpoint");
                match line {
                    "Request Example" => endpoint.request = Some(example),
                    _ => endpoint.response = example,
                }
            }
            _ => {}
        }
    }
    found
}

/// Every difference between `actual` and the `expected` example. At the pointers in
/// `generated` the server makes the value up, and only its type counts.
pub fn differences(expected: &Value, actual: &Value, generated: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    compare("", expected, actual, generated, &mut found);
    found
}

fn compare(at: &str, expected: &Value, actual: &Value, generated: &[&str], out: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(wanted), Value::Object(given)) => {
            let keys: BTreeSet<_> = wanted.keys().chain(given.keys()).collect();
            for key in keys {
                let at = format!("{at}/{key}");
                match (wanted.get(key), given.get(key)) {
                    (Some(wanted), Some(given)) => compare(&at, wanted, given, generated, out),
                    (Some(_), None) => out.push(format!("{at} is missing")),
                    (None, _) => out.push(format!("{at} is no field of the contract")),
                }
            }
        }
        (Value::Array(wanted), Value::Array(given)) => {
            for (place, wanted) in wanted.iter().enumerate() {
                let at = format!("{at}/{place}");
                match given.get(place) {
                    Some(given) => compare(&at, wanted, given, generated, out),
                    None => out.push(format!("{at} is missing")),
                }
            }
        }
        (Value::String(wanted), Value::String(given)) if generated.contains(&at) => {
            let kind = |id: &str| id.split_once('_').map(|(kind, _)| kind.to_owned());
            if at.ends_with("/id") && kind(wanted) != kind(given) {
                out.push(format!("{at} is {given}"));
            }
        }
        _ if expected == actual => {}
        _ => out.push(format!("{at} is {actual} and not {expected}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_comparison_sees_every_kind_of_difference() {
        let expected = json!({"id": "rc_1", "n": null, "list": [{"a": 1}]});
        let same = json!({"id": "rc_2", "n": null, "list": [{"a": 1}]});
        assert_eq!(differences(&expected, &same, &["/id"]), [""; 0]);
        for (actual, difference) in [
            (
                json!({"id": "rc_2", "n": null, "list": [{"a": 1}]}),
                "/id is \"rc_2\" and not \"rc_1\"",
            ),
            (json!({"id": "rc_1", "list": [{"a": 1}]}), "/n is missing"),
            (
                json!({"id": "rc_1", "n": 1, "list": [{"a": 1}]}),
                "/n is 1 and not null",
            ),
            (
                json!({"id": "rc_1", "n": null, "list": []}),
                "/list/0 is missing",
            ),
            (
                json!({"id": "rc_1", "n": null, "list": [{"a": "1"}]}),
                "/list/0/a is \"1\" and not 1",
            ),
            (
                json!({"id": "rc_1", "n": null, "list": [{"a": 1, "b": 2}]}),
                "/list/0/b is no field of the contract",
            ),
        ] {
            assert_eq!(differences(&expected, &actual, &[]), [difference]);
        }
        assert_eq!(
            differences(
                &expected,
                &json!({"id": "attr_1", "n": null, "list": [{"a": 1}]}),
                &["/id"]
            ),
            ["/id is attr_1"]
        );
    }
}
