//! Which counts are wanted.

use chrono::{DateTime, NaiveDate, Utc};
use domain::stats::{Month, Period};
use domain::{Invalid, OrgId};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use web::problem::{Problem, invalid};

/// `?period=&org_id=` of a mentor's total.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PeriodQuery {
    pub(crate) period: Option<Period>,
    pub(crate) org_id: Option<OrgId>,
}

/// `?period=&org_id=` of a mentor's series.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeriesQuery {
    period: Option<Period>,
    pub(crate) org_id: Option<OrgId>,
}

impl SeriesQuery {
    /// The period, 30 days unless given.
    pub(crate) fn period(&self) -> Period {
        self.period.unwrap_or(Period::Days(30))
    }

    /// The days of the series, today the last.
    ///
    /// # Errors
    /// 400 for a period without a first day.
    pub(crate) fn days(&self, now: DateTime<Utc>) -> Result<RangeInclusive<NaiveDate>, Problem> {
        let first = self.period().first_day(now).ok_or_else(|| {
            invalid(
                "period",
                "must be 7d, 30d, 90d, mtd or ytd: a series has a first day",
            )
        })?;
        Ok(first..=now.date_naive())
    }
}

/// `?org_id=&period=&limit=` of an organisation's ranking.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeaderboardQuery {
    pub(crate) org_id: OrgId,
    period: Option<LeaderboardPeriod>,
    pub(crate) limit: Option<LeaderboardLimit>,
}

impl LeaderboardQuery {
    /// The period, all time unless given.
    pub(crate) fn period(&self) -> LeaderboardPeriod {
        self.period.unwrap_or_default()
    }
}

/// The periods that mentors are ranked over.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LeaderboardPeriod {
    #[default]
    AllTime,
    Month,
    PreviousMonth,
}

impl LeaderboardPeriod {
    /// The month of the period; `None` is all time.
    pub(crate) fn month(self, now: DateTime<Utc>) -> Option<Month> {
        let this_month = Month::of(now.date_naive());
        match self {
            Self::AllTime => None,
            Self::Month => Some(this_month),
            Self::PreviousMonth => Some(this_month.previous()),
        }
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
