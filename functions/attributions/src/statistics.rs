//! What attributions come to: totals, series by day, and the ranking of an organisation.

use axum::Json;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use shared::domain::stats::{Counts, DailyCounts, Month, Period};
use shared::domain::{Invalid, MentorId, OrgId, Timestamp};
use shared::http::extract::invalid;
use shared::http::{App, PathId, Problem, QueryOf, Scoped};
use shared::store::stats::Subject;

/// The mentor in the path: 400 where it can be no mentor's id.
pub(crate) fn mentor_in_path(text: &str) -> Result<MentorId, Problem> {
    text.parse()
        .map_err(|error: Invalid| invalid("mentor_id", &error.to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PeriodQuery {
    #[serde(default)]
    period: Period,
    org_id: Option<OrgId>,
}

/// A mentor everywhere, or the part that is asked for and that the caller may see.
///
/// # Errors
/// 403 for what is not theirs, whether or not it exists.
fn subject(app: &App, mentor: &MentorId, org: Option<OrgId>) -> Result<Subject, Problem> {
    let (_, org) = app.table.reach().narrow(Some(mentor.clone()), org)?;
    Ok(match org {
        None => Subject::Mentor(mentor.clone()),
        Some(org) => Subject::MentorInOrg(mentor.clone(), org),
    })
}

#[derive(Serialize)]
pub(crate) struct TotalView {
    mentor_id: MentorId,
    total_clicks: i64,
    total_conversions: i64,
    conversion_rate: f64,
    period: Period,
}

pub(crate) async fn total(
    Scoped(app): Scoped,
    PathId(mentor): PathId<String>,
    QueryOf(query): QueryOf<PeriodQuery>,
) -> Result<Json<TotalView>, Problem> {
    let mentor = mentor_in_path(&mentor)?;
    let counts = app
        .table
        .total(
            &subject(&app, &mentor, query.org_id)?,
            query.period,
            app.clock.now(),
        )
        .await?;
    Ok(Json(TotalView {
        mentor_id: mentor,
        total_clicks: counts.clicks,
        total_conversions: counts.conversions,
        conversion_rate: counts.conversion_rate(),
        period: query.period,
    }))
}

#[derive(Serialize)]
pub(crate) struct SeriesView {
    mentor_id: MentorId,
    period: Period,
    data: Vec<Point>,
}

/// One UTC day.
#[derive(Serialize)]
struct Point {
    date: NaiveDate,
    clicks: i64,
    conversions: i64,
}

pub(crate) async fn timeseries(
    Scoped(app): Scoped,
    PathId(mentor): PathId<String>,
    QueryOf(query): QueryOf<SeriesQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mentor = mentor_in_path(&mentor)?;
    let now = app.clock.now();
    let period = query.period.unwrap_or(Period::Days(30));
    let Some(first) = period.first_day(now) else {
        return Err(invalid(
            "period",
            "must be 7d, 30d, 90d, mtd or ytd: a series has a first day",
        ));
    };
    let subject = subject(&app, &mentor, query.org_id)?;
    let days = app.table.daily(&subject, first).await?;
    let data = every_day(&days, first, now);
    let wants_csv = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| {
            accept
                .split(',')
                .any(|kind| kind.trim().starts_with("text/csv"))
        });
    if wants_csv {
        let csv = [(header::CONTENT_TYPE, "text/csv; charset=utf-8")];
        return Ok((csv, as_csv(&data)).into_response());
    }
    Ok(Json(SeriesView {
        mentor_id: mentor,
        period,
        data,
    })
    .into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeriesQuery {
    period: Option<Period>,
    org_id: Option<OrgId>,
}

/// A point for each day from `first` to today, the empty ones too.
fn every_day(days: &DailyCounts, first: NaiveDate, now: DateTime<Utc>) -> Vec<Point> {
    first
        .iter_days()
        .take_while(|day| *day <= now.date_naive())
        .map(|date| {
            let Counts {
                clicks,
                conversions,
            } = days.get(&date).copied().unwrap_or_default();
            Point {
                date,
                clicks,
                conversions,
            }
        })
        .collect()
}

/// Dates and whole numbers only: nothing needs quoting.
fn as_csv(data: &[Point]) -> String {
    let lines = data
        .iter()
        .map(|point| format!("{},{},{}\r\n", point.date, point.clicks, point.conversions));
    std::iter::once("date,clicks,conversions\r\n".to_owned())
        .chain(lines)
        .collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeaderboardQuery {
    org_id: OrgId,
    #[serde(default)]
    period: Window,
    limit: Option<u8>,
}

/// The spans that mentors are ranked over.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Window {
    #[default]
    AllTime,
    Month,
    PreviousMonth,
}

#[derive(Serialize)]
pub(crate) struct LeaderboardView {
    org_id: OrgId,
    period: Window,
    /// Everything recorded up to here is counted; `null` before the first aggregation.
    as_of: Option<Timestamp>,
    data: Vec<Place>,
}

/// A mentor's place. Mentors with as many conversions share a rank.
#[derive(Serialize)]
struct Place {
    rank: usize,
    mentor_id: MentorId,
    conversions: i64,
    clicks: i64,
    conversion_rate: f64,
}

pub(crate) async fn leaderboard(
    Scoped(app): Scoped,
    QueryOf(query): QueryOf<LeaderboardQuery>,
) -> Result<Json<LeaderboardView>, Problem> {
    let limit = match query.limit {
        None => 20,
        Some(limit @ 1..=100) => usize::from(limit),
        Some(_) => return Err(invalid("limit", "must be a whole number from 1 to 100")),
    };
    app.table.reach().narrow(None, Some(query.org_id.clone()))?;
    let this_month = Month::of(app.clock.now().date_naive());
    let month = match query.period {
        Window::AllTime => None,
        Window::Month => Some(this_month),
        Window::PreviousMonth => Some(this_month.previous()),
    };
    let ranking = app.table.ranking(&query.org_id, month, limit).await?;
    Ok(Json(LeaderboardView {
        org_id: query.org_id,
        period: query.period,
        as_of: ranking.as_of,
        data: places(ranking.mentors),
    }))
}

fn places(mentors: Vec<(MentorId, Counts)>) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::with_capacity(mentors.len());
    for (at, (mentor_id, counts)) in mentors.into_iter().enumerate() {
        let tied = places
            .last()
            .filter(|above| above.conversions == counts.conversions);
        places.push(Place {
            rank: tied.map_or(at + 1, |above| above.rank),
            mentor_id,
            conversions: counts.conversions,
            clicks: counts.clicks,
            conversion_rate: counts.conversion_rate(),
        });
    }
    places
}
