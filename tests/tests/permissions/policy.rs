//! A policy as the template should spell it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use tests::policy::Permissions;

/// `needed` as the template spells it: one statement for all actions on the same keys, so that
/// each action is in one statement with all its keys.
pub(crate) fn statements(needed: &Permissions) -> String {
    let mut keys: BTreeMap<(Option<&str>, bool, &str), BTreeSet<&str>> = BTreeMap::new();
    for permission in needed {
        let action = permission.action.as_str();
        let at = (
            permission.index.as_deref(),
            permission.in_transaction,
            action,
        );
        keys.entry(at).or_default().insert(&permission.keys);
    }
    let mut actions: BTreeMap<(Option<&str>, bool, BTreeSet<&str>), BTreeSet<&str>> =
        BTreeMap::new();
    for ((index, in_transaction, action), keys) in keys {
        let at = (index, in_transaction, keys);
        actions.entry(at).or_default().insert(action);
    }
    let mut yaml = String::new();
    for ((index, in_transaction, keys), actions) in actions {
        let actions = actions.into_iter().collect::<Vec<_>>().join(", ");
        let keys: Vec<_> = keys.iter().map(|key| format!("\"{key}\"")).collect();
        let keys = keys.join(", ");
        let enclosing = if in_transaction {
            ", ForAnyValue:StringEquals: *inTransaction"
        } else {
            ""
        };
        let written = write!(
            yaml,
            "            - {{ Effect: Allow, Action: [{actions}], Resource: *{resource},
                Condition: {{ ForAllValues:StringLike: {{ dynamodb:LeadingKeys: [{keys}] }}{enclosing} }} }}
",
            resource = index.unwrap_or("table"),
        );
        written.expect("a string takes everything");
    }
    yaml
}
