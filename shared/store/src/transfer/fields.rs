//! The attributes of an item, without those that are derived from them.

use crate::entity::Entity;
use crate::error::StoreError;
use crate::keys::{BY_MENTOR, BY_ORG, Item, KIND, Keys, PK};
use domain::OrgId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What is in no record: keys, which are derived, and the idempotency key that a record was made
/// under, whose kept answer stays behind.
const LEFT_OUT: [&str; 7] = [
    PK,
    KIND,
    BY_MENTOR.pk,
    BY_MENTOR.sk,
    BY_ORG.pk,
    BY_ORG.sk,
    "made_under",
];

/// The attributes of an item as JSON. The house's items hold no sets and no binary values, so
/// nothing is lost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// What a record keeps of `item`.
    pub(super) fn of(item: Item) -> Result<Self, StoreError> {
        let mut fields: Map<String, Value> = serde_dynamo::from_item(item)?;
        fields.retain(|name, _| !LEFT_OUT.contains(&name.as_str()));
        Ok(Self(fields))
    }

    /// The text at `name`.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// Whether the attribute is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether `other` has the same at each of `names`.
    pub(super) fn agrees_with(&self, other: &Self, names: &[&str]) -> bool {
        names
            .iter()
            .all(|name| self.0.get(*name) == other.0.get(*name))
    }

    /// The same in the organisation `org`.
    pub(super) fn in_org(mut self, org: &OrgId) -> Self {
        self.0.insert("org".to_owned(), org.to_string().into());
        self
    }

    /// The entity that they describe: whether they are an `E` at all.
    pub(super) fn read<E: Entity>(&self) -> Result<E, serde_json::Error> {
        serde_json::from_value(Value::Object(self.0.clone()))
    }

    /// The item of the kind `kind` at `keys`.
    pub(super) fn item(&self, kind: &str, keys: &Keys) -> Result<Item, StoreError> {
        let mut fields = self.clone();
        fields
            .0
            .retain(|name, _| !LEFT_OUT.contains(&name.as_str()));
        fields.0.insert(KIND.to_owned(), kind.into());
        let mut item: Item = serde_dynamo::to_item(&fields)?;
        keys.write_to(&mut item);
        Ok(item)
    }
}
