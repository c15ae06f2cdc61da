//! Attributions: clicks recorded as facts, confirmed once per member, deleted, listed, counted.

mod click;
mod confirm;
mod convert;
mod delete;
mod list;
mod recruited;
mod recruitments;
mod statistics;
mod tally;

pub use click::RecordedVisit;
pub use convert::Converted;
pub use list::AttributionFilter;
pub use recruitments::RecruitmentFilter;
pub use statistics::OrgPart;

use crate::attribution_item::{AttributionChange, AttributionItem};
use crate::error::StoreError;
use crate::expression::LIVE;
use crate::keys;
use crate::log_item::LogItem;
use crate::store::Store;
use chrono::{DateTime, Utc};
use domain::{Attribution, AttributionId};

impl Store {
    /// An attribution, read strongly. A click is gone from the moment it expires.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn find_attribution(
        &self,
        id: AttributionId,
        now: DateTime<Utc>,
    ) -> Result<Option<Attribution>, StoreError> {
        let item = self.find_attribution_item(id, now).await?;
        Ok(item.map(Attribution::from))
    }

    async fn find_attribution_item(
        &self,
        id: AttributionId,
        now: DateTime<Utc>,
    ) -> Result<Option<AttributionItem>, StoreError> {
        match self.find_log_item(&keys::attribution(id)).await? {
            Some(LogItem::Click(item)) if !item.is_expired(now) => Ok(Some(item)),
            // The log holds facts of change too: those are no attributions.
            _ => Ok(None),
        }
    }
}

/// The click is there, and nobody has joined after it.
fn unconfirmed() -> String {
    format!("{LIVE} AND attribute_not_exists(confirmed_at)")
}

/// A change of `attribution` that adds nothing yet.
fn change_of(attribution: &Attribution, now: DateTime<Utc>) -> AttributionChange {
    AttributionChange {
        id: AttributionId::new(now),
        mentor: attribution.mentor.clone(),
        org: attribution.org.clone(),
        code: attribution.code.clone(),
        program: attribution.program,
        source: attribution.source,
        sign: 0,
        attribution: None,
        clicked_on: None,
        converted_on: None,
        expires: None,
    }
}
