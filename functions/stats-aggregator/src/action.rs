//! What an invocation is to do: aggregate, unless its event names another action.

use chrono::{NaiveDate, TimeDelta};
use domain::Clock;
use domain::rollup::Delta;
use serde_json::{Value, json};
use store::StoreError;
use store::fold::{Aggregator, Days, Difference, Rebuild, Verification};
use store::privacy::ForgottenVisitors;

/// An invocation's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Fold and audit: what the schedule invokes.
    Aggregate,
    /// Recount these days from the facts, and report every row that differs.
    Verify(Days),
    /// Write all rows anew from the facts and switch over to them.
    Rebuild,
    /// Remove raw visitor data that is past its time: what a schedule of its own invokes.
    ForgetVisitors,
}

impl Action {
    /// Reads `{"action": "verify", "from": "2026-03-01", "to": "2026-03-31"}`, where both days
    /// may be left out, `{"action": "rebuild"}`, or `{"action": "forget_visitors"}`. An event without an action aggregates.
    ///
    /// # Errors
    /// What is wrong with it, by name.
    pub fn read(event: &Value) -> Result<Self, String> {
        match event.get("action").map(|action| action.as_str()) {
            None => Ok(Self::Aggregate),
            Some(Some("verify")) => Ok(Self::Verify(Days {
                from: day(event, "from")?,
                to: day(event, "to")?,
            })),
            Some(Some("rebuild")) => Ok(Self::Rebuild),
            Some(Some("forget_visitors")) => Ok(Self::ForgetVisitors),
            Some(_) => Err("action must be verify, rebuild or forget_visitors".to_owned()),
        }
    }
}

fn day(event: &Value, name: &str) -> Result<Option<NaiveDate>, String> {
    match event.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(day) => {
            let day = day.as_str().and_then(|day| day.parse().ok());
            let day = day.ok_or_else(|| format!("{name} must be a day like 2026-03-20"))?;
            Ok(Some(day))
        }
    }
}

/// The report of a recount, as the invocation returns it.
pub fn verification(found: &Verification) -> Value {
    let difference = |difference: &Difference| {
        let counts = |delta: &Delta| {
            json!({
                "clicks": delta.counts.clicks,
                "conversions": delta.counts.conversions,
                "codes": delta.codes,
            })
        };
        json!({
            "row": difference.row,
            "recounted": counts(&difference.recounted),
            "found": counts(&difference.found),
        })
    };
    json!({
        "facts": found.facts,
        "rows": found.rows,
        "differ": found.differ,
        "differences": found.differences.iter().map(difference).collect::<Vec<_>>(),
        "complete": found.is_complete,
    })
}

/// The report of a rebuild, as the invocation returns it.
pub fn rebuilt(rebuild: &Rebuild) -> Value {
    json!({
        "facts": rebuild.facts,
        "rebuilt_to": rebuild.rebuilt_to.map(|at| at.to_string()),
        "complete": rebuild.is_complete,
    })
}

/// Recounts `days`, until `stop` returns true.
///
/// # Errors
/// [`StoreError`] when DynamoDB does not answer.
pub async fn verify(
    aggregator: &Aggregator,
    clock: &Clock,
    days: Days,
    stop: impl Fn() -> bool,
) -> Result<Verification, StoreError> {
    aggregator.verify(days, clock.now(), stop, |_| ()).await
}

/// Writes all rows anew, until `stop` returns true: the next call goes on.
///
/// # Errors
/// [`StoreError`] when DynamoDB does not answer; what was done until then is kept.
pub async fn rebuild(
    aggregator: &Aggregator,
    clock: &Clock,
    stop: impl Fn() -> bool,
) -> Result<Rebuild, StoreError> {
    aggregator.rebuild(|| clock.now(), stop, |_| ()).await
}

/// Removes raw visitor data of clicks that were confirmed `retention` ago, until `stop` returns
/// true: the next call goes on. `None` keeps it for ever.
///
/// # Errors
/// [`StoreError`] when DynamoDB does not answer; what was done until then is kept.
pub async fn forget_visitors(
    aggregator: &Aggregator,
    clock: &Clock,
    retention: Option<TimeDelta>,
    stop: impl Fn() -> bool,
) -> Result<Option<ForgottenVisitors>, StoreError> {
    let Some(retention) = retention else {
        return Ok(None);
    };
    let forgotten = aggregator
        .forget_visitors(retention, clock.now(), stop)
        .await?;
    tracing::info!(
        clicks = forgotten.clicks,
        complete = forgotten.is_complete,
        "visitors forgotten"
    );
    Ok(Some(forgotten))
}

/// The report on visitor data, as the invocation returns it; null where it is kept.
pub fn forgotten(forgotten: Option<&ForgottenVisitors>) -> Value {
    match forgotten {
        None => Value::Null,
        Some(forgotten) => json!({
            "clicks": forgotten.clicks,
            "forgotten_to": forgotten.forgotten_to.to_string(),
            "complete": forgotten.is_complete,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_names_its_action_or_aggregates() {
        let scheduled = json!({"source": "aws.scheduler", "detail": "{}"});
        assert_eq!(Action::read(&scheduled), Ok(Action::Aggregate));
        assert_eq!(
            Action::read(&json!({"action": "rebuild"})),
            Ok(Action::Rebuild)
        );
        assert_eq!(
            Action::read(&json!({"action": "forget_visitors"})),
            Ok(Action::ForgetVisitors)
        );
        let march = json!({"action": "verify", "from": "2026-03-01"});
        let from = "2026-03-01".parse().ok();
        assert_eq!(
            Action::read(&march),
            Ok(Action::Verify(Days { from, to: None }))
        );
        for refused in [
            json!({"action": "rebuilt"}),
            json!({"action": 1}),
            json!({"action": "verify", "from": "March"}),
            json!({"action": "verify", "to": 20_260_301}),
        ] {
            assert!(Action::read(&refused).is_err(), "{refused}");
        }
    }
}
