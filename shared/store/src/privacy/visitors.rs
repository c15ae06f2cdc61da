//! Raw visitor data of confirmed clicks, which leaves some time after the confirmation.
//!
//! A conversion is a fact that names its click. The facts of closed days are read in the order
//! of time, from where the last run has ended: no run reads what another has. Each click is
//! stripped by a plain conditional update, so runs may overlap or end anywhere.

use crate::dynamo::{Dynamo, Read, Updated};
use crate::error::StoreError;
use crate::expression::Update;
use crate::fold::Aggregator;
use crate::keys::{self, LogName, View};
use crate::rollup::{FactItem, Logs, Slice, SliceReader, count, from_millis};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use domain::{AttributionId, Timestamp};
use futures::stream::{self, TryStreamExt};

/// How many clicks are stripped side by side.
const CLICKS_AT_ONCE: usize = 32;

/// Up to when conversions are done, in milliseconds after 1970.
const FORGOTTEN_TO: &str = "forgotten_to";

/// A confirmed click that says who clicked.
const SAYS_WHO: &str = "attribute_exists(confirmed_at) AND (attribute_exists(ip_address) \
                        OR attribute_exists(user_agent) OR attribute_exists(referrer_url))";

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForgottenVisitors {
    /// Clicks that no longer say who clicked.
    pub clicks: usize,
    /// Everything confirmed before is done.
    pub forgotten_to: Timestamp,
    /// Whether all days are done that are due.
    pub is_complete: bool,
}

impl Aggregator {
    /// Removes address, user agent and referrer from clicks whose confirmation was recorded on
    /// a day that ended `retention` before `now`, until `stop` says so.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer; what was done until then is kept.
    pub async fn forget_visitors(
        &self,
        retention: TimeDelta,
        now: DateTime<Utc>,
        stop: impl Fn() -> bool,
    ) -> Result<ForgottenVisitors, StoreError> {
        let dynamo = &self.dynamo;
        let due = midnight_before(now - retention);
        let mark = dynamo
            .get_item(&keys::visitor_retention(), Read::Strong)
            .await?;
        let mut forgotten_to = mark.map_or_else(
            || from_millis(0),
            |mark| from_millis(count(&mark, FORGOTTEN_TO)),
        );
        let logs = Logs {
            names: &[LogName::Attributions],
            view: View::All,
        };
        let slice = Slice {
            from: forgotten_to,
            to: Some(due),
        };
        let mut reader = SliceReader::new(dynamo, &logs, slice, Read::Eventual);
        let (mut clicks, mut is_complete) = (0, forgotten_to >= due);
        while !is_complete && !stop() {
            let facts = reader.next().await?.unwrap_or_default();
            clicks += strip(dynamo, &facts).await?;
            forgotten_to = reader.complete_to().unwrap_or(due);
            is_complete = forgotten_to >= due;
            mark_forgotten(dynamo, forgotten_to).await?;
        }
        Ok(ForgottenVisitors {
            clicks,
            forgotten_to: forgotten_to.into(),
            is_complete,
        })
    }
}

impl Aggregator {
    /// Has the next run begin with the first conversion again: those of an import may be older
    /// than what is done.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn forget_visitors_anew(&self) -> Result<(), StoreError> {
        let mark = Update::new("SET #kind = :kind, forgotten_to = :beginning")
            .bind(":kind", "retention")
            .bind(":beginning", &0);
        let marked = self.dynamo.update(&keys::visitor_retention(), mark).await;
        marked.map(drop)
    }
}

/// Strips the clicks that the conversions among `facts` name. Says how many said anything.
async fn strip(dynamo: &Dynamo, facts: &[FactItem]) -> Result<usize, StoreError> {
    let converted = facts.iter().filter_map(FactItem::converted);
    stream::iter(converted.map(Ok))
        .map_ok(|id| strip_one(dynamo, id))
        .try_buffer_unordered(CLICKS_AT_ONCE)
        .try_fold(0, async |count, stripped| Ok(count + usize::from(stripped)))
        .await
}

async fn strip_one(dynamo: &Dynamo, id: AttributionId) -> Result<bool, StoreError> {
    let strip = Update::new("REMOVE ip_address, user_agent, referrer_url").when(SAYS_WHO);
    match dynamo.update(&keys::attribution(id), strip).await? {
        Updated::Done(_) => Ok(true),
        // Deleted or stripped before.
        Updated::Refused(_) => Ok(false),
    }
}

/// Marks what is done; another run may be further.
async fn mark_forgotten(dynamo: &Dynamo, to: DateTime<Utc>) -> Result<(), StoreError> {
    let mark = Update::new("SET #kind = :kind, forgotten_to = :to")
        .when("attribute_not_exists(forgotten_to) OR forgotten_to < :to")
        .bind(":kind", "retention")
        .bind(":to", &to.timestamp_millis());
    match dynamo.update(&keys::visitor_retention(), mark).await? {
        Updated::Done(_) | Updated::Refused(_) => Ok(()),
    }
}

/// The beginning of the day.
fn midnight_before(at: DateTime<Utc>) -> DateTime<Utc> {
    at.date_naive().and_time(NaiveTime::MIN).and_utc()
}
