//! Counts over attributions: a mentor's totals and series by day, and the ranking of an
//! organisation.

mod query;
mod views;

use crate::body::MentorPath;
use axum::Json;
use axum::response::Response;
use query::{LeaderboardQuery, PeriodQuery, SeriesQuery};
use store::Store;
use views::{LeaderboardView, SeriesFormat, SeriesView, TotalView};
use web::extract::{Now, StrictQuery};
use web::problem::Problem;
use web::reply::AsOf;

pub(crate) async fn total(
    store: Store,
    Now(now): Now,
    MentorPath(mentor): MentorPath,
    StrictQuery(PeriodQuery { period, org_id }): StrictQuery<PeriodQuery>,
) -> Result<(AsOf, Json<TotalView>), Problem> {
    let period = period.unwrap_or_default();
    let counts = store.mentor_total(&mentor, org_id, period, now).await?;
    let view = TotalView::new(mentor, counts.value, period);
    Ok((AsOf(counts.as_of), Json(view)))
}

pub(crate) async fn timeseries(
    store: Store,
    Now(now): Now,
    MentorPath(mentor): MentorPath,
    StrictQuery(query): StrictQuery<SeriesQuery>,
    format: SeriesFormat,
) -> Result<(AsOf, Response), Problem> {
    let (days, period) = (query.days(now)?, query.period());
    let first = *days.start();
    let counts = store
        .mentor_daily(&mentor, query.org_id, first, now)
        .await?;
    let view = SeriesView::new(mentor, period, days, &counts.value);
    Ok((AsOf(counts.as_of), format.render(view)))
}

pub(crate) async fn leaderboard(
    store: Store,
    Now(now): Now,
    StrictQuery(query): StrictQuery<LeaderboardQuery>,
) -> Result<Json<LeaderboardView>, Problem> {
    let (month, limit) = (
        query.period().month(now),
        query.limit.unwrap_or_default().into(),
    );
    let ranking = store.ranking(&query.org_id, month, limit, now).await?;
    Ok(Json(LeaderboardView::new(query, ranking)))
}
