//! Reading statistics: what is folded, and the tail that is not.
//!
//! The aggregator publishes, for each shard of each log, the fact up to which everything is
//! folded. A total is the scope's roll-up rows, and the facts after the published point
//! that no row holds yet. A row says itself how far it was folded in each shard, so a fact
//! that is folded while a reader reads is counted once, on whichever side it is met. The
//! published point must be read before the rows: then no fact is missed in between.

use super::StoreError;
use super::entities::LogItem;
use super::keys::{self, BY_ORG, Item, LogName, Scope, View};
use super::log::{Log, LogEntry};
use super::table::{Order, Query, Read, Table};
use crate::domain::ids::SHARDS;
use crate::domain::stats::{Counts, DailyCounts, Month, Period};
use crate::domain::{CodeId, CodeRecord, FoldedCode, MentorId, OrgId, Shard, Timestamp};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use futures::future::try_join_all;
use futures::try_join;
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

    fn read(item: &Item) -> Self {
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
pub(super) fn folded_attribute(log: LogName, shard: Shard) -> String {
    match log {
        LogName::Attributions => format!("a{shard}"),
        LogName::Codes => format!("k{shard}"),
    }
}

/// An id as rows hold it: 16 bytes.
pub(super) fn id_value(id: Uuid) -> AttributeValue {
    AttributeValue::B(Blob::new(id.as_bytes().to_vec()))
}

/// The attributes of a day of the month: clicks and conversions.
pub(super) fn day_attributes(day: NaiveDate) -> [String; 2] {
    [format!("c{:02}", day.day()), format!("v{:02}", day.day())]
}

/// The attributes of a year: clicks and conversions.
pub(super) fn year_attributes(year: i32) -> [String; 2] {
    [format!("c{year:04}"), format!("v{year:04}")]
}

pub(super) fn number(item: &Item, name: &str) -> i64 {
    item.get(name)
        .and_then(|value| value.as_n().ok())
        .and_then(|n| n.parse().ok())
        .unwrap_or(0)
}

fn pair(item: &Item, [clicks, conversions]: [String; 2]) -> Counts {
    Counts {
        clicks: number(item, &clicks),
        conversions: number(item, &conversions),
    }
}

/// Attributes of a row: its counts over its whole span.
pub(super) const CLICKS: &str = "clicks";
pub(super) const CONVERSIONS: &str = "conversions";
pub(super) const CODES: &str = "codes";

fn counts(item: &Item) -> Counts {
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
    fn read(item: Option<Item>) -> Self {
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

/// A subject's rows, and the facts that they may not hold yet.
struct RowsAndTail {
    rows: Vec<Item>,
    tail: Vec<Fact>,
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

impl RowsAndTail {
    /// What the tail adds by day, beyond what the rows hold.
    ///
    /// Rows are not read at one point in time, so each is asked about its own span only: a
    /// deletion may concern two months, and one row may be older than the other.
    fn unfolded_days(&self) -> Vec<(NaiveDate, Counts)> {
        let rows = self.folded_rows();
        let days = self
            .tail
            .iter()
            .flat_map(|fact| fact.days.iter().map(move |day| (fact, day)));
        days.filter(|(fact, (day, _))| !rows.iter().any(|row| row.holds(fact, Some(**day))))
            .map(|(_, (day, counts))| (*day, *counts))
            .collect()
    }

    /// How many code records the tail adds beyond what the rows hold.
    fn unfolded_codes(&self) -> i64 {
        let rows = self.folded_rows();
        let unfolded = self
            .tail
            .iter()
            .filter(|fact| !rows.iter().any(|row| row.holds(fact, None)));
        unfolded.map(|fact| fact.codes).sum()
    }

    fn folded_rows(&self) -> Vec<FoldedRow<'_>> {
        let row = |row| FoldedRow {
            org: org_of(row),
            month: month_of(row),
            folded: Folded::read(row),
        };
        self.rows.iter().map(row).collect()
    }
}

/// What a row covers, and how far it is folded.
struct FoldedRow<'a> {
    org: Option<&'a str>,
    month: Option<&'a str>,
    folded: Folded,
}

impl FoldedRow<'_> {
    /// Whether the row holds what `fact` adds to `day`.
    fn holds(&self, fact: &Fact, day: Option<NaiveDate>) -> bool {
        let covers_month = match (self.month, day) {
            (Some(month), Some(day)) => Month::of(day).to_string() == month,
            _ => true,
        };
        self.org == Some(fact.org.as_str()) && covers_month && self.folded.includes(fact)
    }
}

fn sort_key_of(row: &Item) -> Option<&str> {
    row.get(keys::SK)
        .and_then(|sk| sk.as_s().ok())
        .map(String::as_str)
}

fn org_of(row: &Item) -> Option<&str> {
    sort_key_of(row).and_then(keys::org_of_row)
}

/// The month of a row of days, like `2026-03`; `None` for a row of totals.
fn month_of(row: &Item) -> Option<&str> {
    sort_key_of(row)?.strip_prefix("MONTH#")?.split('#').next()
}

fn days_of(row: &Item) -> impl Iterator<Item = (NaiveDate, Counts)> + '_ {
    let first = month_of(row).and_then(|month| format!("{month}-01").parse::<NaiveDate>().ok());
    first
        .into_iter()
        .flat_map(|first| {
            first
                .iter_days()
                .take_while(move |day| day.month() == first.month())
        })
        .map(|day| (day, pair(row, day_attributes(day))))
        .filter(|(_, counts)| !counts.is_zero())
}

fn years_from(row: &Item, first: i32) -> Counts {
    // A click may be dated a few minutes ahead, into the next year.
    (first..=first + 1).fold(Counts::default(), |sum, year| {
        sum + pair(row, year_attributes(year))
    })
}
