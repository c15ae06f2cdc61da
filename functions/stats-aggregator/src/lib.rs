//! The scheduled aggregation: folds what has been recorded, audits closed hours, goes on with
//! erasures, and reports how far behind it is.

pub mod action;

use domain::Clock;
use serde_json::{Value, json};
use store::StoreError;
use store::fold::{Aggregator, Audit, FoldPace, Folded, Run};

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
    let erasures = aggregator.continue_erasures(now, &stop).await;
    let report = Report {
        run: run?,
        audit: audit?,
        erasures: erasures?,
    };
    report.log();
    Ok(report)
}

impl Report {
    fn log(&self) {
        let Self {
            run,
            audit,
            erasures,
        } = self;
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
        tracing::info!(
            facts = run.facts(),
            rounds = run.rounds(),
            complete = run.is_complete(),
            erasures,
            "aggregated"
        );
    }

    /// The report as CloudWatch's embedded metric format, one document a fold. `function` is
    /// the Lambda function's own name, which tells two stacks of one account apart.
    pub fn metrics(&self, function: &str, timestamp_millis: i64) -> Vec<Value> {
        let folds = self.run.folds.iter();
        folds
            .map(|folded| self.metrics_of(folded, function, timestamp_millis))
            .collect()
    }

    fn metrics_of(&self, folded: &Folded, function: &str, timestamp_millis: i64) -> Value {
        json!({
            "_aws": {
                "Timestamp": timestamp_millis,
                "CloudWatchMetrics": [{
                    "Namespace": "Verv",
                    "Dimensions": [["Function", "Fold"]],
                    "Metrics": [
                        {"Name": "AggregatorLag", "Unit": "Seconds"},
                        {"Name": "FactsFolded", "Unit": "Count"},
                        {"Name": "LateFacts", "Unit": "Count"},
                    ],
                }],
            },
            "Function": function,
            "Fold": folded.fold.to_string(),
            "AggregatorLag": folded.behind.num_seconds(),
            "FactsFolded": folded.facts,
            "LateFacts": self.audit.late_facts,
        })
    }
}
