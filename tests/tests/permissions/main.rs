//! Each function's policy in `template.yaml` against the DynamoDB calls that it makes: the
//! actions, on the table or an index, under the prefixes of the partition keys. The policy
//! allows exactly these. Where it does not, the test prints the statements that would.
//!
//! That nothing else in the suite needs more, the harness itself sees to: `tests::policy`.

mod api_keys;
mod deliveries;
mod events;
mod flows;
mod platform;
mod policy;
mod privacy;
mod programs;
mod webhooks;

use platform::Platform;
use policy::statements;
use std::fmt::Write;
use tests::functions::{QUEUED, SCHEDULED, STREAM};
use tests::policy::{Permissions, allowed};
use tests::template::Template;

#[tokio::test]
async fn every_policy_allows_exactly_what_its_function_does() {
    let platform = Platform::start().await;
    flows::codes(&platform).await;
    flows::attributions(&platform).await;
    programs::programs(&platform).await;
    events::events(&platform).await;
    webhooks::webhooks(&platform).await;
    deliveries::deliveries(&platform).await;
    api_keys::api_keys(&platform).await;
    flows::aggregation(&platform).await;
    privacy::erasures(&platform).await;

    let template = Template::read();
    let mut recorded: Vec<(&str, Permissions)> = Vec::new();
    for (name, _, _, recorder) in &platform.functions {
        recorded.push((name, recorder.seen()));
    }
    recorded.push((SCHEDULED, platform.scheduled.1.seen()));
    recorded.push((STREAM, platform.stream.1.seen()));
    recorded.push((QUEUED, platform.queued.1.seen()));
    let mut wrong = String::new();
    for (name, needed) in recorded {
        let allowed = allowed(template.function(name));
        let missing: Vec<_> = needed.difference(&allowed).collect();
        let unused: Vec<_> = allowed.difference(&needed).collect();
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
