//! Each function's policy in `template.yaml` against the DynamoDB calls that it makes: the
//! actions, on the table or an index, under the prefixes of the partition keys. The policy
//! allows exactly these. Where it does not, the test prints the statements that would.

mod flows;
mod platform;
mod policy;

use platform::Platform;
use policy::{Permissions, allowed, statements};
use std::fmt::Write;
use tests::functions::SCHEDULED;
use tests::recorder::Permission;
use tests::template::{Template, repository};

/// What the template allows already for parts that come with a later merge: nothing of it is
/// called yet. Empty as soon as the programs are there.
fn to_come(permission: &Permission) -> bool {
    let programs_are_here = repository().join("functions/programs").exists();
    !programs_are_here && ["PRG#*", "MISS#*"].contains(&permission.keys.as_str())
}

#[tokio::test]
async fn every_policy_allows_exactly_what_its_function_does() {
    let platform = Platform::start().await;
    flows::codes(&platform).await;
    flows::attributions(&platform).await;
    flows::aggregation(&platform).await;

    let template = Template::read();
    let mut recorded: Vec<(&str, Permissions)> = Vec::new();
    for (name, _, _, recorder) in &platform.functions {
        recorded.push((name, recorder.seen()));
    }
    recorded.push((SCHEDULED, platform.scheduled.1.seen()));
    let mut wrong = String::new();
    for (name, needed) in recorded {
        let allowed = allowed(template.function(name));
        let missing: Vec<_> = needed.difference(&allowed).collect();
        let unused = allowed.difference(&needed);
        let unused: Vec<_> = unused.filter(|permission| !to_come(permission)).collect();
        if !missing.is_empty() || !unused.is_empty() {
            let statements = statements(&needed);
            let written = write!(
                wrong,
                "\n{name}: missing {missing:?}, unused {unused:?}. It needs\n{statements}"
            );
            written.expect("a string takes everything");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A function that is not built yet has a policy all the same, bound to keys.
#[test]
fn every_policy_is_bound_to_keys() {
    let template = Template::read();
    for (name, function) in template.functions() {
        assert!(!allowed(function).is_empty(), "{name}");
    }
}
