//! The scheduled aggregation: folds what has been recorded, audits closed hours, goes on with
//! erasures, and reports how far behind it is.

pub mod action;

use domain::Clock;
use serde_json::{Value, json};
use store::fold::{Aggregator, Audit, FoldPace, Run};
use store::{StoreError, Usage};
use web::emf;

/// What one invocation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What was folded.
    pub run: Run,
    /// What was audited.
    pub audit: Audit,
    /// Erasures that are under way still.
    pub erasures: usize,
}

/// Folds and audits until there is nothing left, or `stop` returns true because time is up:
/// the next run goes on from there. Audit and erasures go on whatever became of the folding.
///
/// # Errors
/// [`StoreError`] when DynamoDB does not answer; what was done until then is kept.
pub async fn aggregate(
    aggregator: &Aggregator,
    clock: &Clock,
    pace: &FoldPace,
    stop: impl Fn() -> bool,
) -> Result<Report, StoreError> {
    let now = clock.now();
    let run = aggregator.run(now, pace, &stop).await;
    let audit = aggregator.audit(now, &stop).await;
    // Events are as old as they say: the time is told anew.
    let erasures = aggregator.continue_erasures(clock.now(), &stop).await;
    let report = Report {
        run: run?,
        audit: audit?,
        erasures: erasures?,
    };
    report.warn();
    Ok(report)
}

impl Report {
    /// Logs what is not as it should be.
    fn warn(&self) {
        let Self { run, audit, .. } = self;
        for folded in run.folds.iter().filter(|folded| !folded.behind.is_zero()) {
            let seconds_behind = folded.behind.num_seconds();
            tracing::warn!(fold = %folded.fold, seconds_behind, "a fold is behind");
        }
        if audit.late_facts > 0 {
            tracing::warn!(
                late_facts = audit.late_facts,
                "the audit found facts that came too late"
            );
        }
    }

    /// Logs what the run did, where nothing reads metrics out of the log.
    pub fn log(&self) {
        let run = &self.run;
        tracing::info!(
            facts = run.facts(),
            rounds = run.rounds(),
            complete = run.is_complete(),
            erasures = self.erasures,
            "aggregated"
        );
    }

    /// The run's line on Lambda: its log record, and its metrics in the stack `stack`.
    pub fn line(&self, usage: Usage, stack: &str, timestamp_millis: i64) -> Value {
        let Self {
            run,
            audit,
            erasures,
        } = self;
        let fields = json!({
            "level": "INFO",
            "message": "aggregated",
            "AggregatorLag": run.behind().num_seconds(),
            "FactsFolded": run.facts(),
            "LateFacts": audit.late_facts,
            "ReadUnits": usage.read_units,
            "WriteUnits": usage.write_units,
            "rounds": run.rounds(),
            "complete": run.is_complete(),
            "erasures": erasures,
        });
        emf::line(fields, &METRICS, stack, timestamp_millis)
    }
}

const METRICS: [&str; 5] = [
    "AggregatorLag",
    "FactsFolded",
    "LateFacts",
    "ReadUnits",
    "WriteUnits",
];
