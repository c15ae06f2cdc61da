//! Whose numbers are compared: a mentor's, an organisation's, a program's.

use domain::ProgramId;
use tests::recount::{Record, Records};

const BASE: &str = "/api/v1/referral-attributions";

/// Whose numbers are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whose<'a> {
    /// A mentor's, everywhere or in one organisation.
    Mentor(&'a str, Option<&'a str>),
    Org(&'a str),
    Program(ProgramId),
}

impl<'a> Whose<'a> {
    /// The path of a total or a series.
    pub(crate) fn path(self, what: &str, period: &str) -> String {
        match self {
            Self::Mentor(mentor, None) => format!("{BASE}/mentor/{mentor}/{what}?period={period}"),
            Self::Mentor(mentor, Some(org)) => {
                format!("{BASE}/mentor/{mentor}/{what}?period={period}&org_id={org}")
            }
            Self::Org(org) => format!("{BASE}/{what}?period={period}&org_id={org}"),
            Self::Program(id) => {
                format!("{BASE}/{what}?period={period}&referral_program_id={id}")
            }
        }
    }

    /// Their records.
    pub(crate) fn records(self, records: &'a Records) -> impl Iterator<Item = &'a Record> {
        let program = match self {
            Self::Program(id) => Some(id.to_string()),
            Self::Mentor(..) | Self::Org(_) => None,
        };
        records
            .attributions
            .iter()
            .filter(move |record| match self {
                Self::Mentor(mentor, org) => {
                    record.mentor == mentor && org.is_none_or(|org| record.org == org)
                }
                Self::Org(org) => record.org == org,
                Self::Program(_) => record.program == program,
            })
    }
}
