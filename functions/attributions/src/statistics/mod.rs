//! Counts over attributions: totals and series by day of a mentor, an organisation or a
//! program, and the ranking of an organisation.

mod chart;
mod query;
mod views;

use crate::body::MentorPath;
use axum::Json;
use axum::response::Response;
use query::{LeaderboardQuery, MentorQuery, OrgQuery, SeriesDays};
use store::Store;
use views::{LeaderboardView, OfMentor, OfOrg, SeriesFormat, SeriesView, TotalView};
use web::extract::{Now, StrictQuery};
use web::problem::Problem;
use web::reply::AsOf;

pub(crate) async fn mentor_total(
    store: Store,
    Now(now): Now,
    MentorPath(mentor): MentorPath,
    StrictQuery(query): StrictQuery<MentorQuery>,
) -> Result<(AsOf, Json<TotalView<OfMentor>>), Problem> {
    let period = query.period.unwrap_or_default();
    let counts = store
        .mentor_total(&mentor, query.org_id, period, now)
        .await?;
    let view = TotalView::new(mentor.into(), counts.value, period);
    Ok((AsOf(counts.as_of), Json(view)))
}

pub(crate) async fn mentor_timeseries(
    store: Store,
    Now(now): Now,
    MentorPath(mentor): MentorPath,
    StrictQuery(query): StrictQuery<MentorQuery>,
    format: SeriesFormat,
) -> Result<(AsOf, Response), Problem> {
    let days = SeriesDays::of(query.period, now)?;
    let counts = store
        .mentor_daily(&mentor, query.org_id, days.first(), now)
        .await?;
    let view = SeriesView::new(OfMentor::from(mentor), days, &counts.value);
    Ok((AsOf(counts.as_of), format.render(view)))
}

pub(crate) async fn org_total(
    store: Store,
    Now(now): Now,
    StrictQuery(query): StrictQuery<OrgQuery>,
) -> Result<(AsOf, Json<TotalView<OfOrg>>), Problem> {
    let period = query.period.unwrap_or_default();
    let part = store
        .org_part(query.org_id, query.referral_program_id, now)
        .await?;
    let counts = store.org_total(&part, period, now).await?;
    let view = TotalView::new(part.into(), counts.value, period);
    Ok((AsOf(counts.as_of), Json(view)))
}

pub(crate) async fn org_timeseries(
    store: Store,
    Now(now): Now,
    StrictQuery(query): StrictQuery<OrgQuery>,
    format: SeriesFormat,
) -> Result<(AsOf, Response), Problem> {
    let days = SeriesDays::of(query.period, now)?;
    let part = store
        .org_part(query.org_id, query.referral_program_id, now)
        .await?;
    let counts = store.org_daily(&part, days.first(), now).await?;
    let view = SeriesView::new(OfOrg::from(part), days, &counts.value);
    Ok((AsOf(counts.as_of), format.render(view)))
}

pub(crate) async fn leaderboard(
    store: Store,
    Now(now): Now,
    StrictQuery(query): StrictQuery<LeaderboardQuery>,
) -> Result<Json<LeaderboardView>, Problem> {
    let (month, limit) = (query.month(now)?, query.limit.unwrap_or_default().into());
    let ranking = store.ranking(&query.org_id, month, limit, now).await?;
    Ok(Json(LeaderboardView::new(query, ranking)))
}
