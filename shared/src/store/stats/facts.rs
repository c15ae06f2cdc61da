//! What a fact counts, how far it is folded, and the attributes of roll-up rows.

use crate::domain::ids::SHARDS;
use crate::domain::stats::{Counts, DailyCounts};
use crate::domain::{CodeRecord, FoldedCode, MentorId, OrgId, Shard, Timestamp};
use crate::store::entities::LogItem;
use crate::store::keys::{Item, LogName};
use crate::store::log::LogEntry;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{Datelike, NaiveDate};
use uuid::Uuid;

/// What one fact of a log adds, and to whom.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    pub id: Uuid,
    pub log: LogName,
    pub mentor: MentorId,
    pub org: OrgId,
    /// The code, for facts of the log of attributions.
    pub code: Option<FoldedCode>,
    /// Clicks and conversions, by day.
    pub days: DailyCounts,
    /// Code records.
    pub codes: i64,
}

impl Fact {
    pub fn shard(&self) -> Option<Shard> {
        Shard::all().nth(usize::from(self.id.as_bytes()[15]))
    }

    /// Clicks and conversions over all days.
    pub fn counts(&self) -> Counts {
        self.days
            .values()
            .fold(Counts::default(), |sum, day| sum + *day)
    }
}

impl From<LogEntry> for Fact {
    fn from(entry: LogEntry) -> Self {
        let log = entry.item.log();
        let mut days = DailyCounts::new();
        let mut count = |day: Option<NaiveDate>, counts| {
            if let Some(day) = day {
                *days.entry(day).or_default() += counts;
            }
        };
        let (mentor, org, code, codes) = match entry.item {
            LogItem::Click(click) => {
                count(
                    Some(click.occurred_at.day()),
                    Counts {
                        clicks: 1,
                        conversions: 0,
                    },
                );
                (click.mentor, click.org, Some(click.code.folded()), 0)
            }
            LogItem::Change(change) => {
                count(
                    change.clicked_on,
                    Counts {
                        clicks: change.sign,
                        conversions: 0,
                    },
                );
                count(
                    change.converted_on,
                    Counts {
                        clicks: 0,
                        conversions: change.sign,
                    },
                );
                (change.mentor, change.org, Some(change.code.folded()), 0)
            }
            LogItem::Code(code) => {
                let record = CodeRecord::from(code);
                (record.mentor, record.org, None, 1)
            }
            LogItem::CodeRemoval(removal) => (removal.mentor, removal.org, None, -1),
        };
        Self {
            id: entry.id,
            log,
            mentor,
            org,
            code,
            days,
            codes,
        }
    }
}

/// A place per shard of each log.
type PerShard = [[Option<Uuid>; SHARDS as usize]; 2];

/// How far something is folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Folded(PerShard);

impl Folded {
    pub fn at(&self, log: LogName, shard: Shard) -> Option<Uuid> {
        self.0[log as usize][shard.index()]
    }

    /// Whether `fact` is folded already.
    pub fn includes(&self, fact: &Fact) -> bool {
        fact.shard()
            .and_then(|shard| self.at(fact.log, shard))
            .is_some_and(|at| fact.id <= at)
    }

    pub(super) fn read(item: &Item) -> Self {
        let mut folded = Self::default();
        for log in LogName::ALL {
            for shard in Shard::all() {
                folded.0[log as usize][shard.index()] = item
                    .get(&folded_attribute(log, shard))
                    .and_then(|at| at.as_b().ok())
                    .and_then(|bytes| Uuid::from_slice(bytes.as_ref()).ok());
            }
        }
        folded
    }
}

/// The attribute that holds the last fact folded of one shard.
pub(in crate::store) fn folded_attribute(log: LogName, shard: Shard) -> String {
    match log {
        LogName::Attributions => format!("a{shard}"),
        LogName::Codes => format!("k{shard}"),
    }
}

/// An id as rows hold it: 16 bytes.
pub(in crate::store) fn id_value(id: Uuid) -> AttributeValue {
    AttributeValue::B(Blob::new(id.as_bytes().to_vec()))
}

/// The attributes of a day of the month: clicks and conversions.
pub(in crate::store) fn day_attributes(day: NaiveDate) -> [String; 2] {
    [format!("c{:02}", day.day()), format!("v{:02}", day.day())]
}

/// The attributes of a year: clicks and conversions.
pub(in crate::store) fn year_attributes(year: i32) -> [String; 2] {
    [format!("c{year:04}"), format!("v{year:04}")]
}

pub(in crate::store) fn number(item: &Item, name: &str) -> i64 {
    item.get(name)
        .and_then(|value| value.as_n().ok())
        .and_then(|n| n.parse().ok())
        .unwrap_or(0)
}

pub(super) fn pair(item: &Item, [clicks, conversions]: [String; 2]) -> Counts {
    Counts {
        clicks: number(item, &clicks),
        conversions: number(item, &conversions),
    }
}

/// Attributes of a row: its counts over its whole span.
pub(in crate::store) const CLICKS: &str = "clicks";
pub(in crate::store) const CONVERSIONS: &str = "conversions";
pub(in crate::store) const CODES: &str = "codes";

pub(super) fn counts(item: &Item) -> Counts {
    Counts {
        clicks: number(item, CLICKS),
        conversions: number(item, CONVERSIONS),
    }
}

/// How far everything is folded, and what had been counted by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Published {
    pub folded: Folded,
    pub counts: Counts,
    pub codes: i64,
    /// All facts made up to here are folded; `None` before the first aggregation.
    pub as_of: Option<Timestamp>,
}

impl Published {
    pub(super) fn read(item: Option<Item>) -> Self {
        let Some(item) = item else {
            return Self::default();
        };
        Self {
            folded: Folded::read(&item),
            counts: counts(&item),
            codes: number(&item, CODES),
            as_of: item
                .get("as_of")
                .and_then(|at| at.as_s().ok())
                .and_then(|at| at.parse().ok()),
        }
    }
}
