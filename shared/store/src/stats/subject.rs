//! Whose records are counted, and where their counts are.

use crate::keys::{self, Generation, Key, RowName, View};
use domain::facts::Fact;
use domain::rollup::{Fold, RowKey, Span};
use domain::stats::Month;
use domain::{FoldedCode, MentorId, OrgId, ProgramId};

/// Whose records of a log are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Everybody's.
    All,
    /// An organisation's.
    Org(OrgId),
    /// Those of a program's codes, with its organisation.
    Program(ProgramId, OrgId),
    /// A mentor's, in every organisation.
    Mentor(MentorId),
    /// A mentor's, in one organisation.
    MentorInOrg(MentorId, OrgId),
    /// A code's, with its owner.
    Code(FoldedCode, MentorId, OrgId),
}

/// Which of a subject's rows answer a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowSet {
    /// Clicks and conversions of all time and by year.
    AllTime,
    /// Clicks and conversions by day.
    MonthsFrom(Month),
    /// The same from the first month to the last.
    Months(Month, Month),
    /// Code records.
    Codes,
}

/// Where rows are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lookup {
    Nothing,
    /// On the checkpoint.
    Checkpoint,
    One(Key),
    /// In a partition: the first and the last sort key.
    Range(String, (String, String)),
}

impl Subject {
    /// The narrowest view that shows all the subject's facts.
    pub(crate) fn view(&self) -> View {
        match self {
            Self::All => View::All,
            Self::Org(org) | Self::Program(_, org) => View::Org(org.clone()),
            Self::Mentor(mentor) | Self::MentorInOrg(mentor, _) | Self::Code(_, mentor, _) => {
                View::Mentor(mentor.clone())
            }
        }
    }

    /// The fold that the subject's rows are of.
    pub(crate) fn fold(&self) -> Fold {
        match self {
            Self::All | Self::Org(_) | Self::Program(..) => Fold::Summary,
            Self::Mentor(_) | Self::MentorInOrg(..) | Self::Code(..) => Fold::Detail,
        }
    }

    /// Whether a fact of the subject's view is the subject's.
    pub(super) fn owns(&self, fact: &Fact) -> bool {
        match self {
            Self::All | Self::Org(_) | Self::Mentor(_) => true,
            Self::Program(program, _) => fact.program == Some(*program),
            Self::MentorInOrg(_, org) => fact.org == *org,
            Self::Code(code, _, org) => fact.org == *org && fact.code.as_ref() == Some(code),
        }
    }

    /// Whether a row of the subject's partition is the subject's.
    pub(super) fn has_row(&self, row: &RowName<'_>) -> bool {
        match self {
            Self::All | Self::Org(_) | Self::Program(..) | Self::Mentor(_) => true,
            Self::MentorInOrg(_, org) => row.org == Some(org.as_str()),
            Self::Code(code, _, org) => {
                row.org == Some(org.as_str()) && row.code == Some(code.as_str())
            }
        }
    }

    /// Where the rows that answer a question are.
    pub(super) fn lookup(&self, rows: RowSet, generation: Generation) -> Lookup {
        let one = |row| Lookup::One(keys::stats_row(&row, generation));
        match (self, rows) {
            (Self::All, RowSet::AllTime | RowSet::Codes) => Lookup::Checkpoint,
            // The row of all time counts the code records, too.
            (Self::Org(org), RowSet::AllTime | RowSet::Codes) => {
                one(RowKey::Org(org.clone(), Span::AllTime))
            }
            (Self::Program(program, _), RowSet::AllTime) => {
                one(RowKey::Program(*program, Span::AllTime))
            }
            (Self::Mentor(mentor), RowSet::AllTime) => {
                let partition = keys::stats_of_mentor(mentor, generation);
                Lookup::Range(partition, keys::stats_totals(None))
            }
            (Self::MentorInOrg(mentor, org), RowSet::AllTime) => {
                let partition = keys::stats_of_mentor(mentor, generation);
                Lookup::Range(partition, keys::stats_totals(Some(org)))
            }
            (Self::Code(code, mentor, org), RowSet::AllTime) => one(RowKey::Code {
                mentor: mentor.clone(),
                org: org.clone(),
                code: code.clone(),
                span: Span::AllTime,
            }),
            (Self::Mentor(mentor), RowSet::Codes) => {
                let partition = keys::stats_of_mentor(mentor, generation);
                Lookup::Range(partition, keys::stats_codes())
            }
            (Self::MentorInOrg(mentor, org), RowSet::Codes) => {
                one(RowKey::Codes(mentor.clone(), org.clone()))
            }
            (Self::Code(..) | Self::Program(..), RowSet::Codes) => Lookup::Nothing,
            (_, RowSet::MonthsFrom(first)) => {
                Lookup::Range(self.partition(generation), keys::stats_months(first, None))
            }
            (_, RowSet::Months(first, last)) => {
                let months = keys::stats_months(first, Some(last));
                Lookup::Range(self.partition(generation), months)
            }
        }
    }

    fn partition(&self, generation: Generation) -> String {
        match self {
            Self::All => keys::stats_of_all(generation),
            Self::Org(org) => keys::stats_of_org(org, generation),
            Self::Program(program, _) => keys::stats_of_program(*program, generation),
            Self::Mentor(mentor) | Self::MentorInOrg(mentor, _) | Self::Code(_, mentor, _) => {
                keys::stats_of_mentor(mentor, generation)
            }
        }
    }
}
