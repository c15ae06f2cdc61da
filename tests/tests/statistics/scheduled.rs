//! The scheduled work, which faults may put off.

use chrono::{DateTime, Utc};
use store::fold::FoldPace;
use store::{StoreError, UnscopedStore};
use tests::functions::SCHEDULED;
use tests::policy::as_function;

pub(crate) async fn run(store: &UnscopedStore, now: DateTime<Utc>, pace: &FoldPace) {
    let aggregator = store.aggregator();
    let run = as_function(SCHEDULED, aggregator.run(now, pace, || false)).await;
    passing(run.map(|_| ())).expect("the engine answers");
}

/// Nothing in a history is late, so that the audit has nothing to find.
pub(crate) async fn audit(store: &UnscopedStore, now: DateTime<Utc>) -> Result<(), String> {
    let aggregator = store.aggregator();
    let audit = as_function(SCHEDULED, aggregator.audit(now, || false)).await;
    match audit {
        Ok(audit) if audit.late_facts > 0 => Err(format!("{audit:?}")),
        audit => passing(audit.map(|_| ())).map_err(|error| format!("{error:?}")),
    }
}

pub(crate) async fn rebuild(store: &UnscopedStore, now: DateTime<Utc>) {
    let aggregator = store.aggregator();
    let rebuild = aggregator.rebuild(|| now, || false, |_| ());
    let rebuilt = as_function(SCHEDULED, rebuild).await;
    passing(rebuilt.map(|_| ())).expect("the engine answers");
}

/// Faults may outlast all retries.
fn passing(outcome: Result<(), StoreError>) -> Result<(), StoreError> {
    match outcome {
        Err(StoreError::Unavailable(_)) => Ok(()),
        outcome => outcome,
    }
}
