//! A policy as the template should spell it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use tests::policy::Permissions;

/// The index, or the table, and whether in a transaction.
type Place<'n> = (Option<&'n str>, bool);

/// `needed` as the template spells it: one statement for all actions on the same keys, so that
/// each action is in one statement with all its keys.
pub(crate) fn statements(needed: &Permissions) -> String {
    let mut keys: BTreeMap<(Place<'_>, &str), BTreeSet<&str>> = BTreeMap::new();
    for permission in needed {
        let place = (permission.index.as_deref(), permission.in_transaction);
        let at = (place, permission.action.as_str());
        keys.entry(at).or_default().insert(&permission.keys);
    }
    let mut actions: BTreeMap<(Place<'_>, BTreeSet<&str>), BTreeSet<&str>> = BTreeMap::new();
    for ((place, action), keys) in keys {
        actions.entry((place, keys)).or_default().insert(action);
    }
    let mut yaml = String::new();
    for (((index, in_transaction), keys), actions) in actions {
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
