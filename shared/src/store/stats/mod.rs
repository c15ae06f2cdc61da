//! Reading statistics: what is folded, and the tail that is not.
//!
//! The aggregator publishes, for each shard of each log, the fact up to which everything is
//! folded. A total is the scope's roll-up rows, and the facts after the published point
//! that no row holds yet. A row says itself how far it was folded in each shard, so a fact
//! that is folded while a reader reads is counted once, on whichever side it is met. The
//! published point must be read before the rows: then no fact is missed in between.

mod facts;
mod rows;

pub(in crate::store) use facts::{
    CLICKS, CODES, CONVERSIONS, day_attributes, folded_attribute, id_value, number, year_attributes,
};
pub use facts::{Fact, Folded, Published};

use crate::domain::stats::{Counts, DailyCounts, Month, Period};
use crate::domain::{CodeId, CodeRecord, FoldedCode, MentorId, OrgId, Shard, Timestamp};
use crate::store::StoreError;
use crate::store::keys::{self, BY_ORG, Item, LogName, Scope, View};
use crate::store::log::Log;
use crate::store::table::{Order, Query, Read, Table};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use futures::future::try_join_all;
use futures::try_join;

use facts::counts;
use rows::{RowsAndTail, days_of, org_of, years_from};

/// Whose records of a log are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    All,
    Org(OrgId),
    Mentor(MentorId),
    MentorInOrg(MentorId, OrgId),
    /// A code with its owner.
    Code(FoldedCode, MentorId, OrgId),
}

impl Subject {
    /// The narrowest view that shows all the subject's facts.
    pub fn view(&self) -> View {
        match self {
            Self::All => View::All,
            Self::Org(org) => View::Org(org.clone()),
            Self::Mentor(mentor) | Self::MentorInOrg(mentor, _) | Self::Code(_, mentor, _) => {
                View::Mentor(mentor.clone())
            }
        }
    }

    /// Whether a fact of the subject's view is the subject's.
    fn owns(&self, fact: &Fact) -> bool {
        match self {
            Self::All | Self::Org(_) | Self::Mentor(_) => true,
            Self::MentorInOrg(_, org) => fact.org == *org,
            Self::Code(code, _, _) => fact.code.as_ref() == Some(code),
        }
    }

    /// The roll-ups' scope, and the one organisation it is narrowed to.
    fn rows(&self) -> Option<(Scope, Option<&OrgId>)> {
        match self {
            Self::All => None,
            Self::Org(org) => Some((Scope::Org(org.clone()), Some(org))),
            Self::Mentor(mentor) => Some((Scope::Mentor(mentor.clone()), None)),
            Self::MentorInOrg(mentor, org) => Some((Scope::Mentor(mentor.clone()), Some(org))),
            Self::Code(code, _, org) => Some((Scope::Code(code.clone()), Some(org))),
        }
    }
}

/// Which rows of a scope answer a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rows {
    Totals,
    MonthsFrom(Month),
}

impl Table {
    /// How far everything is folded. Must be read before the rows that it is used with.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub(super) async fn published(&self) -> Result<Published, StoreError> {
        Ok(Published::read(
            self.get_item(&keys::published(), Read::Eventual).await?,
        ))
    }

    /// How many code records the subject has.
    pub(super) async fn count_codes(
        &self,
        subject: &Subject,
        published: &Published,
    ) -> Result<i64, StoreError> {
        let read = self
            .rows_and_tail(LogName::Codes, subject, Rows::Totals, published)
            .await?;
        let base = if *subject == Subject::All {
            published.codes
        } else {
            0
        };
        let folded: i64 = read.rows.iter().map(|row| number(row, CODES)).sum();
        Ok(base + folded + read.unfolded_codes())
    }

    /// The subject's clicks and conversions over `period`, exact as of now: two trips.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn total(
        &self,
        subject: &Subject,
        period: Period,
        now: DateTime<Utc>,
    ) -> Result<Counts, StoreError> {
        let published = self.published().await?;
        self.count_attributions(subject, period, &published, now)
            .await
    }

    /// A code's record and its clicks and conversions over `period`: two trips.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn code_total(
        &self,
        id: CodeId,
        period: Period,
        now: DateTime<Utc>,
    ) -> Result<Option<(CodeRecord, Counts)>, StoreError> {
        let (published, record) = try_join!(self.published(), self.find_code_by_id(id))?;
        let Some(record) = record else {
            return Ok(None);
        };
        let (mentor, org) = (record.mentor.clone(), record.org.clone());
        let subject = Subject::Code(record.code.folded(), mentor, org);
        let counts = self
            .count_attributions(&subject, period, &published, now)
            .await?;
        Ok(Some((record, counts)))
    }

    /// The subject's clicks and conversions over `period`; of everything only all time.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub(super) async fn count_attributions(
        &self,
        subject: &Subject,
        period: Period,
        published: &Published,
        now: DateTime<Utc>,
    ) -> Result<Counts, StoreError> {
        let first = period.first_day(now);
        let rows = match (period, first) {
            (Period::AllTime | Period::YearToDate, _) | (_, None) => Rows::Totals,
            (_, Some(day)) => Rows::MonthsFrom(Month::of(day)),
        };
        let read = self
            .rows_and_tail(LogName::Attributions, subject, rows, published)
            .await?;
        let mut sum = if *subject == Subject::All {
            published.counts
        } else {
            Counts::default()
        };
        for row in &read.rows {
            sum += match (rows, first) {
                (_, None) => counts(row),
                (Rows::Totals, Some(day)) => years_from(row, day.year()),
                (Rows::MonthsFrom(_), Some(day)) => days_of(row)
                    .filter(|(at, _)| *at >= day)
                    .fold(Counts::default(), |sum, (_, counts)| sum + counts),
            };
        }
        for (day, counts) in read.unfolded_days() {
            if first.is_none_or(|first| day >= first) {
                sum += counts;
            }
        }
        Ok(sum)
    }

    /// The subject's clicks and conversions by day from `first` on, days without any left out.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn daily(
        &self,
        subject: &Subject,
        first: NaiveDate,
    ) -> Result<DailyCounts, StoreError> {
        let published = self.published().await?;
        let rows = Rows::MonthsFrom(Month::of(first));
        let read = self
            .rows_and_tail(LogName::Attributions, subject, rows, &published)
            .await?;
        let mut days = DailyCounts::new();
        let from_rows = read.rows.iter().flat_map(days_of);
        for (day, counts) in from_rows.chain(read.unfolded_days()) {
            if day >= first {
                *days.entry(day).or_default() += counts;
            }
        }
        Ok(days)
    }

    /// The rows and the tail, side by side.
    async fn rows_and_tail(
        &self,
        log: LogName,
        subject: &Subject,
        rows: Rows,
        published: &Published,
    ) -> Result<RowsAndTail, StoreError> {
        let (rows, tail) = try_join!(
            self.stats_rows(subject, rows),
            self.tail(log, subject, published)
        )?;
        Ok(RowsAndTail { rows, tail })
    }

    /// A subject's rows. Strongly consistent: at least as new as what was published before.
    async fn stats_rows(&self, subject: &Subject, rows: Rows) -> Result<Vec<Item>, StoreError> {
        let Some((scope, org)) = subject.rows() else {
            return Ok(Vec::new());
        };
        if let (Rows::Totals, Some(org)) = (rows, org) {
            let row = self
                .get_item(&keys::stats_total(&scope, org), Read::Strong)
                .await?;
            return Ok(row.into_iter().collect());
        }
        let (from, to) = match rows {
            Rows::Totals => (keys::TOTALS.to_owned(), format!("{}~", keys::TOTALS)),
            Rows::MonthsFrom(first) => (keys::months_from(first), keys::MONTHS_END.to_owned()),
        };
        let query = Query {
            index: None,
            pk: keys::stats_partition(&scope),
            from: Some(from),
            to: Some(to),
            order: Order::Ascending,
            limit: None,
            read: Read::Strong,
        };
        let mut found = self.query(&query).await?;
        if let Some(org) = org {
            found.retain(|row| org_of(row) == Some(org.as_str()));
        }
        Ok(found)
    }

    /// The subject's facts after the published point.
    async fn tail(
        &self,
        name: LogName,
        subject: &Subject,
        published: &Published,
    ) -> Result<Vec<Fact>, StoreError> {
        let log = Log {
            table: self,
            name,
            view: subject.view(),
        };
        let reads = Shard::all().map(|shard| {
            log.read_up(
                shard,
                published.folded.at(name, shard),
                None,
                None,
                Read::Eventual,
            )
        });
        let facts = try_join_all(reads)
            .await?
            .into_iter()
            .flatten()
            .map(Fact::from);
        Ok(facts.filter(|fact| subject.owns(fact)).collect())
    }

    /// An organisation's mentors by conversions, best first, as of the last aggregation.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn ranking(
        &self,
        org: &OrgId,
        month: Option<Month>,
        limit: usize,
    ) -> Result<Ranking, StoreError> {
        let query = Query {
            index: Some(BY_ORG),
            pk: keys::ranking(org, month),
            from: None,
            to: None,
            order: Order::Ascending,
            limit: Some(limit),
            read: Read::Eventual,
        };
        let (published, rows) = try_join!(self.published(), self.query(&query))?;
        let mentors = rows.iter().map(|row| {
            let mentor = row.get(BY_ORG.sk).and_then(|sk| sk.as_s().ok());
            let mentor = mentor.and_then(|sk| keys::mentor_of_rank(sk)?.parse().ok());
            let mentor = mentor.ok_or_else(|| StoreError::corrupt("a rank without its mentor"))?;
            Ok::<_, StoreError>((mentor, counts(row)))
        });
        Ok(Ranking {
            mentors: mentors.collect::<Result<_, _>>()?,
            as_of: published.as_of,
        })
    }
}

/// An organisation's mentors by conversions, best first.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    pub mentors: Vec<(MentorId, Counts)>,
    /// All facts made up to here are counted; `None` before the first aggregation.
    pub as_of: Option<Timestamp>,
}
