//! Facts: what the logs say was counted, for whom and on which day.

use crate::attribution::Source;
use crate::code::FoldedCode;
use crate::ids::{AttributionId, MentorId, OrgId, ProgramId};
use crate::stats::Counts;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// What one entry of a log adds to the counts of its owner. Never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The id of the entry, without the prefix of its kind.
    pub id: Uuid,
    /// Whose code it was.
    pub mentor: MentorId,
    /// In which organisation.
    pub org: OrgId,
    /// The code, where clicks or conversions are counted.
    pub code: Option<FoldedCode>,
    /// The program of the code when it was clicked or typed.
    pub program: Option<ProgramId>,
    /// Clicks, on the day that they occurred.
    pub clicks: Option<DayCount>,
    /// Conversions, on the day that they were confirmed.
    pub conversions: Option<DayCount>,
    /// How the conversions came about.
    pub source: Source,
    /// Code records.
    pub codes: i64,
}

/// A count of one UTC day: 1, or -1 where a deletion takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayCount {
    /// The day.
    pub day: NaiveDate,
    /// What is added.
    pub count: i64,
}

impl Fact {
    /// When it was recorded, to the millisecond: what decides which slice of time it is in.
    pub fn made_at(&self) -> DateTime<Utc> {
        AttributionId::from_uuid(self.id).made_at()
    }

    /// What it adds to which days: one or two of them.
    pub fn days(&self) -> impl Iterator<Item = (NaiveDate, Counts)> {
        let clicks = self.clicks.map(|of| {
            let counts = Counts {
                clicks: of.count,
                ..Counts::default()
            };
            (of.day, counts)
        });
        let conversions = self.conversions.map(|of| {
            let typed = match self.source {
                Source::Click => 0,
                Source::Typed => of.count,
            };
            let counts = Counts {
                clicks: 0,
                conversions: of.count,
                typed,
            };
            (of.day, counts)
        });
        clicks.into_iter().chain(conversions)
    }
}
