//! What the items of the two logs are, by their kind.

use crate::attribution_item::{AttributionChange, AttributionItem, CodeRemoval, MemberGuard};
use crate::code_item::CodeLogItem;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::keys::{Item, KIND, LogName};
use domain::{MentorId, OrgId, Recruitment};

/// What an item of a log is, by its kind.
pub(crate) enum LogItem {
    Click(AttributionItem),
    Change(AttributionChange),
    Code(CodeLogItem),
    CodeRemoval(CodeRemoval),
    Recruitment(Recruitment),
}

impl LogItem {
    /// Reads an item of a log, tombstones included: they are facts still.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for what no log holds.
    pub(crate) fn read(item: Item) -> Result<Self, StoreError> {
        let kind = item
            .get(KIND)
            .and_then(|kind| kind.as_s().ok())
            .cloned()
            .unwrap_or_default();
        Ok(match kind.as_str() {
            AttributionItem::KIND => Self::Click(serde_dynamo::from_item(item)?),
            AttributionChange::KIND => Self::Change(serde_dynamo::from_item(item)?),
            CodeLogItem::KIND => Self::Code(serde_dynamo::from_item(item)?),
            CodeRemoval::KIND => Self::CodeRemoval(serde_dynamo::from_item(item)?),
            MemberGuard::KIND => {
                let guard: MemberGuard = serde_dynamo::from_item(item)?;
                let recruitment = guard.recruitment();
                Self::Recruitment(
                    recruitment.ok_or_else(|| {
                        StoreError::corrupt("a recruitment is listed and not there")
                    })?,
                )
            }
            other => {
                return Err(StoreError::corrupt(format!(
                    "a log holds an item of kind {other:?}"
                )));
            }
        })
    }

    /// Whom the fact is about.
    pub(crate) fn owner(&self) -> (&MentorId, &OrgId) {
        match self {
            Self::Click(click) => (&click.mentor, &click.org),
            Self::Change(change) => (&change.mentor, &change.org),
            Self::Code(entry) => entry.owner(),
            Self::CodeRemoval(removal) => (&removal.mentor, &removal.org),
            Self::Recruitment(recruitment) => (&recruitment.mentor, &recruitment.org),
        }
    }

    /// The log that the item belongs to.
    pub(crate) fn log(&self) -> LogName {
        match self {
            Self::Click(_) | Self::Change(_) => LogName::Attributions,
            Self::Code(_) | Self::CodeRemoval(_) => LogName::Codes,
            Self::Recruitment(_) => LogName::Conversions,
        }
    }
}
