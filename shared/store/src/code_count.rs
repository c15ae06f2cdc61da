//! How many referrals a code has counted since its log entry was written, for its rotation, which
//! knows the code by its id alone: an item that no index holds, as a confirmation that changed the
//! entry would pay for the entry's places in both.

use crate::error::StoreError;
use crate::expression::Update;
use crate::keys::{self, Item};
use crate::store::Store;
use crate::{dynamo::Read, rollup};
use domain::CodeId;

/// What holds the number.
const CONFIRMED: &str = "confirmed";

/// What it is.
pub(crate) const KIND: &str = "code-count";

/// Counts `number` referrals more.
pub(crate) fn add(number: i64) -> Update {
    Update::new("SET #kind = :kind ADD confirmed :number")
        .bind(":kind", KIND)
        .bind(":number", &number)
}

/// The count begins, or ends.
pub(crate) fn reset() -> Update {
    Update::new("SET #kind = :kind, confirmed = :none")
        .bind(":kind", KIND)
        .bind(":none", &0)
}

impl Store {
    /// The number of the code with this id.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub(crate) async fn counted_since_entry(&self, id: CodeId) -> Result<i64, StoreError> {
        let key = keys::code_count(id);
        let item: Option<Item> = self.dynamo.get_item(&key, Read::Strong).await?;
        Ok(item.map_or(0, |item| rollup::count(&item, CONFIRMED)))
    }
}
