//! What an export consists of.

use super::fields::Fields;
use super::section::Section;
use crate::error::StoreError;
use domain::{AttributionId, CodeId};
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// Items that belong together, and are imported together or not at all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Record(pub(super) Form);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Form {
    Program(Fields),
    Code(CodeItems),
    /// The deletion of a code.
    Removal(Fields),
    Attribution(AttributionItems),
    /// A conversion, or the deletion of an attribution.
    Change(Fields),
}

/// The items of a code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeItems {
    pub(super) entry: Fields,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) canonical: Option<Fields>,
    /// Where it is its pair's active one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) active: Option<Fields>,
    /// Where it counts its referrals.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) count: Option<Fields>,
}

/// A click or a typed recruitment, and the guard of its member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AttributionItems {
    pub(super) fact: Fields,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) guard: Option<Fields>,
}

/// How many records of each kind there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Programs, archived ones included.
    pub programs: u64,
    /// Codes, ended and deleted ones included.
    pub codes: u64,
    /// Deletions of codes.
    pub removals: u64,
    /// Attributions: clicks and typed recruitments, and what is left of deleted ones.
    pub attributions: u64,
    /// Conversions of clicks, and deletions.
    pub changes: u64,
}

impl Counts {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.programs + self.codes + self.removals + self.attributions + self.changes
    }
}

impl AddAssign<&Record> for Counts {
    fn add_assign(&mut self, record: &Record) {
        let count = match record.0 {
            Form::Program(_) => &mut self.programs,
            Form::Code(_) => &mut self.codes,
            Form::Removal(_) => &mut self.removals,
            Form::Attribution(_) => &mut self.attributions,
            Form::Change(_) => &mut self.changes,
        };
        *count += 1;
    }
}

impl Record {
    /// Whether two records are of one kind: such are imported side by side.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(&self.0) == std::mem::discriminant(&other.0)
    }

    /// What it is called: its id.
    #[must_use]
    pub fn id(&self) -> &str {
        let id = match &self.0 {
            Form::Code(code) => code.entry.text("id"),
            Form::Attribution(attribution) => attribution.fact.text("sk"),
            Form::Program(fields) | Form::Removal(fields) | Form::Change(fields) => {
                fields.text("sk")
            }
        };
        id.unwrap_or("a record without an id")
    }

    /// Where it is in the order of an export.
    pub(super) fn section(&self) -> Result<Section, StoreError> {
        let id = self.id();
        let code = || id.parse().map(CodeId::shard);
        let attribution = || id.parse().map(AttributionId::shard);
        let section = match &self.0 {
            Form::Program(_) => Ok(Section::Programs),
            Form::Code(_) => code().map(Section::Codes),
            Form::Removal(_) => code().map(Section::Removals),
            Form::Attribution(_) => attribution().map(Section::Attributions),
            Form::Change(_) => attribution().map(Section::Changes),
        };
        section.map_err(|_| StoreError::corrupt(format!("{id:?} is no id")))
    }
}
