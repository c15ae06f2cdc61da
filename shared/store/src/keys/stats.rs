//! The keys of roll-up rows, of the folds' checkpoints, and of receipts.

use super::Key;
use chrono::{DateTime, Utc};
use domain::rollup::{Fold, RowKey, Span};
use domain::stats::Month;
use domain::{MentorId, OrgId, ProgramId};
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// The partition of a mentor's roll-up rows: of each code, of the code records, of the ranks.
pub fn stats_of_mentor(mentor: &MentorId, generation: Generation) -> String {
    format!("STATS#M#{mentor}{generation}")
}

/// The partition of an organisation's roll-up rows.
pub fn stats_of_org(org: &OrgId, generation: Generation) -> String {
    format!("STATS#O#{org}{generation}")
}

/// The partition of a program's roll-up rows.
pub fn stats_of_program(program: ProgramId, generation: Generation) -> String {
    format!("STATS#P#{program}{generation}")
}

/// The partition of the months of everything; all time is on the checkpoint.
pub fn stats_of_all(generation: Generation) -> String {
    format!("STATS#ALL{generation}")
}

/// A roll-up row. That of everything and all time is no item of its own: it is on the
/// checkpoint.
pub fn stats_row(row: &RowKey, generation: Generation) -> Key {
    match row {
        RowKey::All(span) => Key::new(stats_of_all(generation), span_of_row(*span)),
        RowKey::Org(org, span) => Key::new(stats_of_org(org, generation), span_of_row(*span)),
        RowKey::Program(program, span) => {
            Key::new(stats_of_program(*program, generation), span_of_row(*span))
        }
        RowKey::Code {
            mentor,
            org,
            code,
            span,
        } => Key::new(
            stats_of_mentor(mentor, generation),
            format!("{}#{org}#{code}", span_of_row(*span)),
        ),
        RowKey::Codes(mentor, org) => {
            Key::new(stats_of_mentor(mentor, generation), format!("CODES#{org}"))
        }
        RowKey::Rank(mentor, org, span) => Key::new(
            stats_of_mentor(mentor, generation),
            format!("RANK#{org}#{}", span_of_rank(*span)),
        ),
    }
}

fn span_of_row(span: Span) -> String {
    match span {
        Span::AllTime => "TOTAL".to_owned(),
        Span::Month(month) => format!("MONTH#{month}"),
    }
}

fn span_of_rank(span: Span) -> String {
    match span {
        Span::AllTime => "TOTAL".to_owned(),
        Span::Month(month) => month.to_string(),
    }
}

/// The sort keys of a mentor's rows of all time, in one organisation or in all; the first and
/// the last.
pub fn stats_totals(org: Option<&OrgId>) -> (String, String) {
    match org {
        None => ("TOTAL#".to_owned(), "TOTAL#~".to_owned()),
        Some(org) => stats_of_codes(org, Span::AllTime),
    }
}

/// The sort keys of a mentor's rows of a span in one organisation; the first and the last.
pub fn stats_of_codes(org: &OrgId, span: Span) -> (String, String) {
    let prefix = format!("{}#{org}#", span_of_row(span));
    (prefix.clone(), format!("{prefix}~"))
}

/// The sort keys of a partition's months from `first` to `last`, or on; the first and the last.
pub fn stats_months(first: Month, last: Option<Month>) -> (String, String) {
    let last = last.map(|last| last.to_string()).unwrap_or_default();
    (format!("MONTH#{first}"), format!("MONTH#{last}~"))
}

/// The sort keys of a mentor's counts of code records; the first and the last.
pub fn stats_codes() -> (String, String) {
    ("CODES#".to_owned(), "CODES#~".to_owned())
}

/// What the sort key of a roll-up row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RowName<'k> {
    /// `2026-03` in a row of a month.
    pub month: Option<&'k str>,
    /// In a mentor's partition.
    pub org: Option<&'k str>,
    /// In a row of a code.
    pub code: Option<&'k str>,
}

impl<'k> RowName<'k> {
    /// What a row's sort key says.
    pub fn read(sk: &'k str) -> Self {
        let mut parts = sk.split('#');
        let month = match parts.next() {
            Some("MONTH") => parts.next(),
            _ => None,
        };
        Self {
            month,
            org: parts.next(),
            code: parts.next(),
        }
    }
}

/// Whose roll-up rows are in one partition.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowOwner {
    /// Everything's.
    All,
    /// An organisation's.
    Org(OrgId),
    /// A program's.
    Program(ProgramId),
    /// A mentor's.
    Mentor(MentorId),
}

impl RowOwner {
    /// Whose partition a row is in.
    pub fn of(row: &RowKey) -> Self {
        match row {
            RowKey::All(_) => Self::All,
            RowKey::Org(org, _) => Self::Org(org.clone()),
            RowKey::Program(program, _) => Self::Program(*program),
            RowKey::Code { mentor, .. } | RowKey::Codes(mentor, _) | RowKey::Rank(mentor, ..) => {
                Self::Mentor(mentor.clone())
            }
        }
    }

    /// The partition.
    pub fn partition(&self, generation: Generation) -> String {
        match self {
            Self::All => stats_of_all(generation),
            Self::Org(org) => stats_of_org(org, generation),
            Self::Program(program) => stats_of_program(*program, generation),
            Self::Mentor(mentor) => stats_of_mentor(mentor, generation),
        }
    }

    /// The row of the partition with a sort key; `None` for a key that no row has.
    pub fn row(&self, sk: &str) -> Option<RowKey> {
        let month = |text: &str| Some(Month::of(format!("{text}-01").parse().ok()?));
        let parts: Vec<&str> = sk.split('#').collect();
        let (span, rest) = match parts.as_slice() {
            ["TOTAL", rest @ ..] => (Span::AllTime, rest),
            ["MONTH", text, rest @ ..] => (Span::Month(month(text)?), rest),
            ["RANK", org, "TOTAL"] => return self.rank(org, Span::AllTime),
            ["RANK", org, text] => return self.rank(org, Span::Month(month(text)?)),
            ["CODES", org] => {
                let Self::Mentor(mentor) = self else {
                    return None;
                };
                return Some(RowKey::Codes(mentor.clone(), org.parse().ok()?));
            }
            _ => return None,
        };
        match (self, rest) {
            (Self::All, []) => Some(RowKey::All(span)),
            (Self::Org(org), []) => Some(RowKey::Org(org.clone(), span)),
            (Self::Program(program), []) => Some(RowKey::Program(*program, span)),
            (Self::Mentor(mentor), [org, code]) => Some(RowKey::Code {
                mentor: mentor.clone(),
                org: org.parse().ok()?,
                code: code.parse().ok()?,
                span,
            }),
            _ => None,
        }
    }

    fn rank(&self, org: &str, span: Span) -> Option<RowKey> {
        let Self::Mentor(mentor) = self else {
            return None;
        };
        Some(RowKey::Rank(mentor.clone(), org.parse().ok()?, span))
    }
}

/// The ranking of an organisation's mentors, a partition of index 2.
pub fn ranking(org: &OrgId, span: Span, generation: Generation) -> String {
    format!("RANK#{org}#{}{generation}", span_of_rank(span))
}

/// A mentor's place in a ranking: the more conversions, the earlier it sorts.
pub fn rank(conversions: i64, mentor: &MentorId) -> String {
    format!("{:012}#{mentor}", 999_999_999_999 - conversions)
}

/// The mentor at a place in a ranking.
pub fn mentor_of_rank(rank: &str) -> Option<&str> {
    rank.split_once('#').map(|(_, mentor)| mentor)
}

/// How far a fold is.
pub fn checkpoint(fold: Fold) -> Key {
    Key::new(format!("STATS#FOLD#{fold}"), "CHECKPOINT")
}

/// How far a fold's rows of another generation are, while they are rebuilt.
pub fn rebuilt_checkpoint(fold: Fold, generation: Generation) -> Key {
    Key::new(format!("STATS#FOLD#{fold}"), format!("REBUILT{generation}"))
}

/// How far the audit is.
pub fn audit() -> Key {
    Key::new("STATS#AUDIT".to_owned(), "PROGRESS")
}

/// A part of the receipts that a round writes before it begins.
pub fn receipt(fold: Fold, generation: Generation, round: &str, part: usize) -> Key {
    let receipts = receipts(fold, generation);
    Key::new(format!("{receipts}#{round}"), format!("PART#{part:02}"))
}

/// The record of the round that folded up to `to`.
pub fn round(fold: Fold, generation: Generation, to: DateTime<Utc>) -> Key {
    Key::new(
        receipts(fold, generation),
        format!("ROUND#{:013}", to.timestamp_millis()),
    )
}

/// After the last record of a round.
pub const ROUNDS_END: &str = "ROUND#~";

/// The receipt of a fact that came too late for its round.
pub fn late_receipt(fold: Fold, generation: Generation, fact: Uuid) -> Key {
    Key::new(
        receipts(fold, generation),
        format!("LATE#{}", fact.simple()),
    )
}

/// The partition of a fold's rounds and late facts.
fn receipts(fold: Fold, generation: Generation) -> String {
    format!("RECEIPT#{fold}{generation}")
}

/// Which set of roll-up rows: a rebuild makes a new one beside the old. The first has no
/// mark in its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(u32);

impl Generation {
    /// The one after.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Every generation that there has been, this one last.
    pub fn all_up_to(self) -> impl Iterator<Item = Self> {
        (0..=self.0).map(Self)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            later => write!(f, "#{later}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_generation_have_keys_of_their_own() {
        let (mentor, org): (MentorId, OrgId) = (
            "usr_1".parse().expect("an id"),
            "org_1".parse().expect("an id"),
        );
        let march = Span::Month(Month {
            year: 2026,
            month: 3,
        });
        let row = RowKey::Code {
            mentor: mentor.clone(),
            org: org.clone(),
            code: "JANVERV".parse().expect("a code"),
            span: march,
        };
        let first = Generation::default();
        let second = first.next();
        let keys = |row: &RowKey, generation| {
            let key = stats_row(row, generation);
            format!("{} {}", key.pk, key.sk)
        };
        assert_eq!(
            keys(&row, first),
            "STATS#M#usr_1 MONTH#2026-03#org_1#JANVERV"
        );
        assert_eq!(
            keys(&row, second),
            "STATS#M#usr_1#1 MONTH#2026-03#org_1#JANVERV"
        );
        let rank = RowKey::Rank(mentor.clone(), org.clone(), Span::AllTime);
        assert_eq!(keys(&rank, first), "STATS#M#usr_1 RANK#org_1#TOTAL");
        assert_eq!(ranking(&org, march, second), "RANK#org_1#2026-03#1");
        assert_eq!(
            keys(&RowKey::Org(org, Span::AllTime), first),
            "STATS#O#org_1 TOTAL"
        );
        assert_eq!(mentor_of_rank(&rank_of_nine(&mentor)), Some("usr_1"));
    }

    fn rank_of_nine(mentor: &MentorId) -> String {
        assert!(rank(9, mentor) < rank(8, mentor));
        rank(9, mentor)
    }

    #[test]
    fn a_sort_key_says_what_its_row_counts() {
        let read = |sk| {
            let RowName { month, org, code } = RowName::read(sk);
            [month, org, code]
        };
        assert_eq!(
            read("MONTH#2026-03#org_1#JANVERV"),
            [Some("2026-03"), Some("org_1"), Some("JANVERV")]
        );
        assert_eq!(
            read("TOTAL#org_1#JANVERV"),
            [None, Some("org_1"), Some("JANVERV")]
        );
        assert_eq!(read("CODES#org_1"), [None, Some("org_1"), None]);
        assert_eq!(read("MONTH#2026-03"), [Some("2026-03"), None, None]);
        assert_eq!(read("TOTAL"), [None, None, None]);
    }
}
