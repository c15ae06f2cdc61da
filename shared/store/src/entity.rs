//! What makes a type an item of the table.

use crate::error::StoreError;
use crate::keys::{self, Item, KIND, Keys};
use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A typed item, which knows its keys.
///
/// An item with `deleted_at` is a tombstone: what it kept from being reissued or miscounted
/// is still kept, but every typed read takes it for absent.
pub(crate) trait Entity: Serialize + DeserializeOwned {
    /// What the `kind` attribute says.
    const KIND: &'static str;

    fn keys(&self) -> Keys;

    /// The whole item: attributes, keys and kind.
    fn to_item(&self) -> Result<Item, StoreError> {
        let mut item: Item = serde_dynamo::to_item(self)?;
        self.keys().write_to(&mut item);
        item.insert(KIND.to_owned(), AttributeValue::S(Self::KIND.to_owned()));
        Ok(item)
    }

    /// The entity that `item` holds; `None` for a tombstone.
    fn from_item(item: Item) -> Result<Option<Self>, StoreError> {
        if is_tombstone(&item) {
            return Ok(None);
        }
        Ok(Some(serde_dynamo::from_item(item)?))
    }
}

/// What is read by attribute, not as an entity: what refuses a condition and need not be known.
#[derive(Serialize, Deserialize)]
pub(crate) struct Untyped {}

impl Entity for Untyped {
    const KIND: &'static str = "none";

    fn keys(&self) -> Keys {
        keys::nothing().into()
    }
}

/// Whether the item only keeps a place.
pub(crate) fn is_tombstone(item: &Item) -> bool {
    item.contains_key("deleted_at")
}
