//! A function's policy: as the template says it, and as the template should.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use tests::recorder::Permission;

pub(crate) type Permissions = BTreeSet<Permission>;

/// What the policy of a function allows of DynamoDB.
pub(crate) fn allowed(function: &Value) -> Permissions {
    let policies = function["Properties"]["Policies"]
        .as_array()
        .expect("policies");
    let statements = policies
        .iter()
        .flat_map(|policy| policy["Statement"].as_array().into_iter().flatten());
    let mut allowed = Permissions::new();
    for statement in statements {
        let actions = list(&statement["Action"]);
        if !actions.iter().any(|action| action.starts_with("dynamodb:")) {
            continue;
        }
        assert_eq!(statement["Effect"], "Allow");
        let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
        assert!(!keys.is_null(), "{statement} is bound to no key");
        let resource = &statement["Resource"];
        assert_eq!(resource["Fn::If"][0], "IsRestored", "{statement}");
        let resource = resource.to_string();
        let index = resource.split("/index/").nth(1).map(|rest| {
            let end = rest.find('"').expect("the end of the name");
            rest[..end].to_owned()
        });
        for action in actions {
            for keys in list(keys) {
                allowed.insert(Permission {
                    index: index.clone(),
                    action: action.clone(),
                    keys,
                });
            }
        }
    }
    allowed
}

fn list(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(list).collect(),
        Value::String(text) => vec![text.clone()],
        other => panic!("{other} is no text"),
    }
}

/// `needed` as the template spells it: one statement for all keys that take the same actions.
pub(crate) fn statements(needed: &Permissions) -> String {
    let mut actions: BTreeMap<(Option<&str>, &str), BTreeSet<&str>> = BTreeMap::new();
    for permission in needed {
        let at = (permission.index.as_deref(), permission.keys.as_str());
        actions.entry(at).or_default().insert(&permission.action);
    }
    let mut keys: BTreeMap<(Option<&str>, BTreeSet<&str>), BTreeSet<&str>> = BTreeMap::new();
    for ((index, prefix), actions) in actions {
        keys.entry((index, actions)).or_default().insert(prefix);
    }
    let mut yaml = String::new();
    for ((index, actions), keys) in keys {
        let arn = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${RestoredTable}";
        let resource = match index {
            None => format!("!If [IsRestored, !Sub \"{arn}\", !GetAtt Table.Arn]"),
            Some(index) => format!(
                "!If [IsRestored, !Sub \"{arn}/index/{index}\", !Sub \"${{Table.Arn}}/index/{index}\"]"
            ),
        };
        let actions = actions.into_iter().collect::<Vec<_>>().join(", ");
        let keys: Vec<_> = keys.iter().map(|key| format!("\"{key}\"")).collect();
        let keys = keys.join(", ");
        let written = write!(
            yaml,
            "            - Effect: Allow
              Action: [{actions}]
              Resource: {resource}
              Condition: {{ ForAllValues:StringLike: {{ dynamodb:LeadingKeys: [{keys}] }} }}
"
        );
        written.expect("a string takes everything");
    }
    yaml
}
