//! Counts as they are shown.

use super::chart::{self, Day};
use super::query::{LeaderboardQuery, SeriesDays};
use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use domain::period::Period;
use domain::stats::{Counts, DailyCounts};
use domain::{MentorId, OrgId, ProgramId, Timestamp};
use serde::Serialize;
use std::convert::Infallible;
use std::fmt;
use store::attributions::OrgPart;
use store::stats::Ranking;
use web::accept::Accepted;
use web::csv::{CSV, JSON};
use web::language::Language;
use web::picture::{KnownPictures, Picture, SVG};

/// Counts of a mentor.
#[derive(Serialize)]
pub(crate) struct OfMentor {
    mentor_id: MentorId,
}

impl From<MentorId> for OfMentor {
    fn from(mentor_id: MentorId) -> Self {
        Self { mentor_id }
    }
}

impl fmt::Display for OfMentor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.mentor_id.fmt(f)
    }
}

/// Counts of an organisation, or of one of its programs.
#[derive(Serialize)]
pub(crate) struct OfOrg {
    org_id: OrgId,
    #[serde(skip_serializing_if = "Option::is_none")]
    referral_program_id: Option<ProgramId>,
}

impl From<OrgPart> for OfOrg {
    fn from(part: OrgPart) -> Self {
        Self {
            org_id: part.org,
            referral_program_id: part.program,
        }
    }
}

impl fmt::Display for OfOrg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.referral_program_id {
            Some(program) => write!(f, "{}, {program}", self.org_id),
            None => self.org_id.fmt(f),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct TotalView<W> {
    #[serde(flatten)]
    whose: W,
    total_clicks: i64,
    total_conversions: i64,
    conversion_rate: f64,
    period: Period,
}

impl<W> TotalView<W> {
    pub(crate) fn new(whose: W, counts: Counts, period: Period) -> Self {
        Self {
            whose,
            total_clicks: counts.clicks,
            total_conversions: counts.conversions,
            conversion_rate: counts.conversion_rate(),
            period,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct SeriesView<W> {
    #[serde(flatten)]
    whose: W,
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

impl<W> SeriesView<W> {
    /// A point for each of `days`, those without clicks too.
    pub(crate) fn new(whose: W, series: SeriesDays, counts: &DailyCounts) -> Self {
        let point = |date| {
            let Counts {
                clicks,
                conversions,
                ..
            } = counts.get(&date).copied().unwrap_or_default();
            Point {
                date,
                clicks,
                conversions,
            }
        };
        let (first, last) = series.days.into_inner();
        let dates = first.iter_days().take_while(|date| *date <= last);
        Self {
            whose,
            period: series.period,
            data: dates.map(point).collect(),
        }
    }

    /// The points as a chart has them.
    fn days(&self) -> Vec<Day> {
        let day = |point: &Point| Day {
            date: point.date,
            clicks: point.clicks,
            conversions: point.conversions,
        };
        self.data.iter().map(day).collect()
    }

    /// Dates and whole numbers only: nothing needs quoting.
    fn to_csv(&self) -> String {
        let line = |point: &Point| {
            let Point {
                date,
                clicks,
                conversions,
            } = point;
            format!("{date},{clicks},{conversions}\r\n")
        };
        let header = "date,clicks,conversions\r\n".to_owned();
        std::iter::once(header)
            .chain(self.data.iter().map(line))
            .collect()
    }
}

/// The form of a series: JSON unless `Accept` names CSV or SVG, which is in the reader's language.
pub(crate) struct SeriesFormat {
    accepted: Accepted,
    language: Language,
    known: KnownPictures,
}

impl<S: Send + Sync> FromRequestParts<S> for SeriesFormat {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self {
            accepted: Accepted::from_request_parts(parts, state).await?,
            language: Language::from_request_parts(parts, state).await?,
            known: KnownPictures::from_request_parts(parts, state).await?,
        })
    }
}

impl SeriesFormat {
    pub(crate) fn render<W: Serialize + fmt::Display>(&self, view: SeriesView<W>) -> Response {
        let vary = [(header::VARY, "accept, accept-language")];
        match self.accepted.best_of(&[CSV, SVG, JSON]) {
            Some(CSV) => {
                let content_type = [(header::CONTENT_TYPE, "text/csv; charset=utf-8")];
                (vary, content_type, view.to_csv()).into_response()
            }
            Some(SVG) => {
                let svg = chart::render(&view.whose.to_string(), &view.days(), self.language);
                let picture = self.known.answer(Picture::svg(svg));
                (vary, picture).into_response()
            }
            _ => (vary, Json(view)).into_response(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct LeaderboardView {
    org_id: OrgId,
    period: Period,
    /// Everything recorded before this time is counted; `null` before the first aggregation.
    as_of: Option<Timestamp>,
    data: Vec<LeaderboardEntry>,
}

impl LeaderboardView {
    pub(crate) fn new(query: LeaderboardQuery, ranking: Ranking) -> Self {
        Self {
            period: query.period(),
            org_id: query.org_id,
            as_of: ranking.as_of,
            data: with_ranks(ranking.mentors),
        }
    }
}

/// A ranked mentor.
#[derive(Serialize)]
struct LeaderboardEntry {
    rank: usize,
    mentor_id: MentorId,
    conversions: i64,
    clicks: i64,
    conversion_rate: f64,
}

/// Numbers mentors, most conversions first. Those with as many conversions share a rank.
fn with_ranks(mentors: Vec<(MentorId, Counts)>) -> Vec<LeaderboardEntry> {
    let mut entries: Vec<LeaderboardEntry> = Vec::with_capacity(mentors.len());
    for (index, (mentor_id, counts)) in mentors.into_iter().enumerate() {
        let tied = entries
            .last()
            .filter(|above| above.conversions == counts.conversions);
        entries.push(LeaderboardEntry {
            rank: tied.map_or(index + 1, |above| above.rank),
            mentor_id,
            conversions: counts.conversions,
            clicks: counts.clicks,
            conversion_rate: counts.conversion_rate(),
        });
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mentors_with_as_many_conversions_share_a_rank() {
        let mentors = [9, 7, 7, 7, 2].map(|conversions| {
            let counts = Counts {
                clicks: 10,
                conversions,
                typed: 0,
            };
            ("usr_1".parse().expect("an id"), counts)
        });
        let ranks: Vec<_> = with_ranks(mentors.into())
            .iter()
            .map(|it| it.rank)
            .collect();
        assert_eq!(ranks, [1, 2, 2, 2, 5]);
    }

    #[test]
    fn a_series_has_every_day_and_the_csv_a_line_for_each() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).expect("a day");
        let counts = Counts {
            clicks: 3,
            conversions: 1,
            typed: 0,
        };
        let mentor: MentorId = "usr_1".parse().expect("an id");
        let series = SeriesView::new(
            OfMentor::from(mentor),
            SeriesDays {
                period: Period::Days(7),
                days: day(30)..=day(31),
            },
            &DailyCounts::from([(day(31), counts)]),
        );
        assert_eq!(
            series.to_csv(),
            "date,clicks,conversions\r\n2026-03-30,0,0\r\n2026-03-31,3,1\r\n"
        );
    }
}
