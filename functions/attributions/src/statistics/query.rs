//! Which counts are wanted.

use chrono::{DateTime, NaiveDate, Utc};
use domain::period::{NotRanked, Period};
use domain::stats::Month;
use domain::{Invalid, OrgId, ProgramId};
use serde::Deserialize;
use std::ops::RangeInclusive;
use web::problem::{Problem, invalid};

/// `?period=&org_id=` of a mentor's total or series.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MentorQuery {
    pub(crate) period: Option<Period>,
    pub(crate) org_id: Option<OrgId>,
}

/// `?period=&org_id=&referral_program_id=` of an organisation's total or series.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrgQuery {
    pub(crate) period: Option<Period>,
    pub(crate) org_id: Option<OrgId>,
    pub(crate) referral_program_id: Option<ProgramId>,
}

/// The days of a series, and the period that they are.
pub(crate) struct SeriesDays {
    pub(crate) period: Period,
    pub(crate) days: RangeInclusive<NaiveDate>,
}

impl SeriesDays {
    /// The days of `period`, 30 unless given. Today is the last at most.
    ///
    /// # Errors
    /// 400 for a period without a first day.
    pub(crate) fn of(period: Option<Period>, now: DateTime<Utc>) -> Result<Self, Problem> {
        let period = period.unwrap_or(Period::Days(30));
        let days = period.days(now);
        let first = days.first.ok_or_else(|| {
            invalid(
                "period",
                "must be 7d, 30d, 90d, month, mtd, previous_month or ytd: a series has a first day",
            )
        })?;
        let last = days.last.unwrap_or(now.date_naive());
        Ok(Self {
            period,
            days: first..=last,
        })
    }

    pub(crate) fn first(&self) -> NaiveDate {
        *self.days.start()
    }
}

/// `?org_id=&period=&limit=` of an organisation's ranking.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeaderboardQuery {
    pub(crate) org_id: OrgId,
    period: Option<Period>,
    pub(crate) limit: Option<LeaderboardLimit>,
}

impl LeaderboardQuery {
    /// The period, all time unless given.
    pub(crate) fn period(&self) -> Period {
        self.period.unwrap_or_default()
    }

    /// The month of the period; `None` is all time.
    ///
    /// # Errors
    /// 400 for a period that nobody is ranked over.
    pub(crate) fn month(&self, now: DateTime<Utc>) -> Result<Option<Month>, Problem> {
        self.period().ranked(now).map_err(|NotRanked| {
            invalid(
                "period",
                "must be all_time, month, mtd or previous_month: mentors are ranked by whole months",
            )
        })
    }
}

/// How many mentors are shown: 1 to 100, 20 unless given.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "u8")]
pub(crate) struct LeaderboardLimit(u8);

impl Default for LeaderboardLimit {
    fn default() -> Self {
        Self(20)
    }
}

impl TryFrom<u8> for LeaderboardLimit {
    type Error = Invalid;

    fn try_from(limit: u8) -> Result<Self, Invalid> {
        match limit {
            1..=100 => Ok(Self(limit)),
            _ => Err(Invalid("must be a whole number from 1 to 100")),
        }
    }
}

impl From<LeaderboardLimit> for usize {
    fn from(limit: LeaderboardLimit) -> Self {
        limit.0.into()
    }
}
