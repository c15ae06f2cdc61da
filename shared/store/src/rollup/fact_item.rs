//! A fact as an item of a log holds it, by its kind.

use crate::attribution_item::{AttributionChange, AttributionItem, CodeRemoval};
use crate::code_item::CodeLogItem;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::keys::Item;
use chrono::{DateTime, NaiveDate, Utc};
use domain::facts::{DayCount, Fact};
use domain::{AttributionId, Code, MentorId, OrgId, ProgramId, Source, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

/// The attributes of a log's item that make a fact: none that says who clicked.
#[derive(Debug, Deserialize)]
pub(crate) struct FactItem {
    sk: String,
    kind: String,
    mentor: MentorId,
    org: OrgId,
    code: Option<Code>,
    program: Option<ProgramId>,
    #[serde(default)]
    source: Source,
    occurred_at: Option<Timestamp>,
    sign: Option<i64>,
    attribution: Option<AttributionId>,
    clicked_on: Option<NaiveDate>,
    converted_on: Option<NaiveDate>,
    deleted_at: Option<Timestamp>,
    expires: Option<i64>,
}

impl FactItem {
    /// The attributes, as a projection names them.
    pub(crate) const ATTRIBUTES: &str = "sk, #kind, #mentor, #org, #code, #program, #source, #occurred_at, #sign, \
                                         #attribution, #clicked_on, #converted_on, #deleted_at, #expires";

    pub(crate) fn read(item: Item) -> Result<Self, StoreError> {
        Ok(serde_dynamo::from_item(item)?)
    }

    /// The id of the entry.
    pub(crate) fn id(&self) -> Result<Uuid, StoreError> {
        self.sk
            .split_once('_')
            .and_then(|(_, hex)| Uuid::try_parse(hex).ok())
            .ok_or_else(|| StoreError::corrupt("a log entry without an id"))
    }

    /// When it was recorded.
    pub(crate) fn made_at(&self) -> Result<DateTime<Utc>, StoreError> {
        Ok(AttributionId::from_uuid(self.id()?).made_at())
    }

    /// What was confirmed, in the fact of a conversion.
    pub(crate) fn converted(&self) -> Option<AttributionId> {
        self.attribution
    }

    /// Whether it is one of a pair that adds to nothing, a tombstone and its removal, and
    /// expires before `by`: of such a pair one may be gone before the other.
    pub(crate) fn cancels_out(&self, by: DateTime<Utc>) -> bool {
        let takes_away = self.sign.is_some_and(|sign| sign < 0) || self.kind == CodeRemoval::KIND;
        let expires = self.expires.is_some_and(|expires| expires < by.timestamp());
        (takes_away || self.deleted_at.is_some()) && expires
    }

    /// What the item counts; a tombstone is a fact still.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for what no log holds.
    pub(crate) fn into_fact(self) -> Result<Fact, StoreError> {
        let code = self.code.as_ref().map(Code::folded);
        let (code, clicks, conversions, codes) = match self.kind.as_str() {
            AttributionItem::KIND => {
                let day = on(self.occurred_at.map(Timestamp::day), 1);
                match self.source {
                    Source::Click => (code, day, None, 0),
                    // Confirmed from the first: there is no other fact of it.
                    Source::Typed => (code, None, day, 0),
                }
            }
            AttributionChange::KIND => {
                let sign = self.sign.unwrap_or(0);
                (
                    code,
                    on(self.clicked_on, sign),
                    on(self.converted_on, sign),
                    0,
                )
            }
            // Records are counted by their owner, not by their code.
            CodeLogItem::KIND => (None, None, None, 1),
            CodeRemoval::KIND => (None, None, None, -1),
            other => {
                let what = format!("a log holds an item of kind {other:?}");
                return Err(StoreError::corrupt(what));
            }
        };
        Ok(Fact {
            id: self.id()?,
            mentor: self.mentor,
            org: self.org,
            code,
            program: self.program,
            clicks,
            conversions,
            source: self.source,
            codes,
        })
    }
}

fn on(day: Option<NaiveDate>, count: i64) -> Option<DayCount> {
    day.map(|day| DayCount { day, count })
}
