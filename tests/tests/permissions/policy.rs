//! A policy as the template should spell it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use tests::policy::Permissions;

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
