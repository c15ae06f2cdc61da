//! Events, polled: every change of state of an organisation, oldest first.

mod query;
mod views;

use axum::Json;
use domain::KeyScope;
use query::FeedQuery;
use store::Store;
use views::FeedView;
use web::access::STAFF;
use web::extract::{Now, StrictQuery};
use web::problem::Problem;
use web::routes::Routes;

const BASE: &str = "/api/v1/events";

/// Every route of the function.
pub fn routes() -> Routes {
    Routes::under(BASE).get("", STAFF.or_key(KeyScope::EventsRead), poll)
}

async fn poll(
    store: Store,
    Now(now): Now,
    StrictQuery(query): StrictQuery<FeedQuery>,
) -> Result<Json<FeedView>, Problem> {
    let (org, request) = query.parts();
    let page = store.list_events(org, &request, now).await?;
    Ok(Json(page.into()))
}
