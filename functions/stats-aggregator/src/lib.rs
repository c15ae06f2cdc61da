//! The scheduled aggregation: folds what has been recorded, audits closed days, and reports
//! how far behind it is.

use chrono::TimeDelta;
use domain::Clock;
use serde_json::{Value, json};
use store::aggregate::{Audit, Run, SAFETY_MARGIN};
use store::keys::LogName;
use store::{StoreError, UnscopedStore};

/// What one invocation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What was folded.
    pub run: Run,
    /// What was audited.
    pub audit: Audit,
}

/// Folds and audits until there is nothing left, or `stop` returns true because time is up:
/// the next run goes on from there.
///
/// # Errors
/// [`StoreError`] when DynamoDB does not answer; what was done until then is kept.
pub async fn aggregate(
    store: &UnscopedStore,
    clock: &Clock,
    stop: impl Fn() -> bool,
) -> Result<Report, StoreError> {
    let now = clock.now();
    let run = store.aggregate(now, SAFETY_MARGIN, &stop).await?;
    let audit = store.audit(now, &stop).await?;
    let report = Report { run, audit };
    report.log();
    Ok(report)
}

impl Report {
    fn log(&self) {
        let Self { run, audit } = self;
        for (checkpoint, lag) in run.lags.iter().filter(|(_, lag)| !lag.is_zero()) {
            let seconds_behind = lag.num_seconds();
            tracing::warn!(lane = %checkpoint, seconds_behind, "a lane is behind");
        }
        if audit.late_facts > 0 {
            tracing::warn!(
                late_facts = audit.late_facts,
                "the audit found facts that came too late"
            );
        }
        tracing::info!(
            facts = run.facts,
            chunks = run.chunks,
            audited_days = audit.days,
            complete = run.is_complete(),
            "aggregated"
        );
    }

    /// The report as CloudWatch's embedded metric format, one document a log. `function` is
    /// the Lambda function's own name, which tells two stacks of one account apart.
    pub fn metrics(&self, function: &str, timestamp_millis: i64) -> Vec<Value> {
        LogName::ALL
            .into_iter()
            .map(|log| self.metrics_of(log, function, timestamp_millis))
            .collect()
    }

    fn metrics_of(&self, log: LogName, function: &str, timestamp_millis: i64) -> Value {
        let lags = self.run.lags.iter().filter(|(lane, _)| lane.log == log);
        let most_behind = lags.map(|(_, lag)| *lag).max().unwrap_or(TimeDelta::zero());
        json!({
            "_aws": {
                "Timestamp": timestamp_millis,
                "CloudWatchMetrics": [{
                    "Namespace": "Verv",
                    "Dimensions": [["Function", "Log"]],
                    "Metrics": [
                        {"Name": "AggregatorLag", "Unit": "Seconds"},
                        {"Name": "FactsFolded", "Unit": "Count"},
                        {"Name": "LateFacts", "Unit": "Count"},
                    ],
                }],
            },
            "Function": function,
            "Log": log.as_str(),
            "AggregatorLag": most_behind.num_seconds(),
            "FactsFolded": self.run.facts,
            "LateFacts": self.audit.late_facts,
        })
    }
}
