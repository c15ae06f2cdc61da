//! Attributions: clicks recorded as facts, confirmed once per member, deleted, listed.

mod click;
mod confirm;
mod list;

pub use click::{Click, ClickRefusal, Unusable};
pub use confirm::{ConfirmRefusal, Confirmation};
pub use list::AttributionFilter;

use crate::domain::{Attribution, AttributionId, CodeRecord, FoldedCode};
use crate::store::StoreError;
use crate::store::entities::{CodeTruth, LogItem};
use crate::store::keys::{self};
use crate::store::table::{Read, Table};

impl Table {
    /// An attribution, read strongly.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn find_attribution(
        &self,
        id: AttributionId,
    ) -> Result<Option<Attribution>, StoreError> {
        match self.find_log_item(&keys::attribution(id)).await? {
            Some(LogItem::Click(click)) => Ok(Some(click.into())),
            // The log holds facts of change too: those are no attributions.
            _ => Ok(None),
        }
    }

    /// A code that was issued, whether or not its record was deleted since.
    async fn issued_code(
        &self,
        code: &FoldedCode,
        read: Read,
    ) -> Result<Option<CodeRecord>, StoreError> {
        let item = self.get_item(&keys::code(code), read).await?;
        let truth: Option<CodeTruth> = item.map(serde_dynamo::from_item).transpose()?;
        Ok(truth.map(CodeRecord::from))
    }
}
