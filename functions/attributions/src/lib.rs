//! Referral attributions: clicks, the recruitments they become, and their statistics.

mod body;
mod statistics;
mod views;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use body::{AttributionQuery, ConfirmationBody, MentorPath, MentorsQuery, NewClickBody};
use domain::{AttributionId, CallerKind, KeyScope};
use std::sync::Arc;
use store::Store;
use views::{AttributionView, ConfirmedView, DeletedView, MentorsView};
use web::access::{OPEN, OWN, STAFF};
use web::extract::{Client, IdempotentJson, JsonBody, ListQuery, Now, PathId};
use web::pagination::{ListReply, list_view};
use web::problem::{Problem, no_such_record};
use web::reply::created;
use web::routes::Routes;
use web::settings::Settings;
use web::{Limited, limited};

const BASE: &str = "/api/v1/referral-attributions";

/// Every route of the function.
pub fn routes() -> Routes {
    Routes::under(BASE)
        .get("", OWN.or_key(KeyScope::AttributionsRead), list)
        .post(
            "",
            OPEN.or_key(KeyScope::ClicksWrite),
            limited(Limited::Clicks, record_click),
        )
        .get(
            "/leaderboard",
            STAFF.or_key(KeyScope::StatsRead),
            statistics::leaderboard,
        )
        .get(
            "/total",
            STAFF.or_key(KeyScope::StatsRead),
            statistics::org_total,
        )
        .get(
            "/timeseries",
            STAFF.or_key(KeyScope::StatsRead),
            statistics::org_timeseries,
        )
        .get("/{id}", OWN.or_key(KeyScope::AttributionsRead), show)
        // A mentor who could confirm would count their own recruits.
        .put("/{id}", STAFF.or_key(KeyScope::ConversionsWrite), confirm)
        .delete("/{id}", STAFF.or_key(KeyScope::ConversionsWrite), remove)
        .get(
            "/mentor/{mentor_id}",
            OWN.or_key(KeyScope::AttributionsRead),
            list_of_mentor,
        )
        .get(
            "/mentor/{mentor_id}/total",
            OWN.or_key(KeyScope::StatsRead),
            statistics::mentor_total,
        )
        .get(
            "/mentor/{mentor_id}/timeseries",
            OWN.or_key(KeyScope::StatsRead),
            statistics::mentor_timeseries,
        )
}

async fn list(
    store: Store,
    Now(now): Now,
    ListQuery { filter, paging }: ListQuery<AttributionQuery>,
) -> Result<ListReply<AttributionView>, Problem> {
    let page = store
        .list_attributions(&filter.try_into()?, paging.request(), now)
        .await?;
    Ok(list_view(paging, page, now, AttributionView::from))
}

async fn list_of_mentor(
    store: Store,
    Now(now): Now,
    MentorPath(mentor): MentorPath,
    ListQuery { filter, paging }: ListQuery<MentorsQuery>,
) -> Result<ListReply<MentorsView>, Problem> {
    let filter = filter.of_mentor(mentor)?;
    let page = store
        .list_attributions(&filter, paging.request(), now)
        .await?;
    Ok(list_view(paging, page, now, MentorsView::from))
}

async fn show(
    store: Store,
    Now(now): Now,
    PathId(id): PathId<AttributionId>,
) -> Result<Json<AttributionView>, Problem> {
    let attribution = store.find_attribution(id, now).await?;
    Ok(Json(attribution.ok_or_else(no_such_record)?.into()))
}

async fn record_click(
    store: Store,
    Now(now): Now,
    State(settings): State<Arc<Settings>>,
    (caller, client): (CallerKind, Client),
    IdempotentJson { value: new, key }: IdempotentJson<NewClickBody>,
) -> Result<Response, Problem> {
    let click = new.click(caller, client, &settings);
    let reply = store.record_click(click, key.as_ref(), now).await?;
    let location = format!("{BASE}/{}", reply.value.id);
    Ok(created(location, AttributionView::from(reply.value)))
}

async fn confirm(
    store: Store,
    Now(now): Now,
    PathId(id): PathId<AttributionId>,
    JsonBody(new): JsonBody<ConfirmationBody>,
) -> Result<Json<ConfirmedView>, Problem> {
    let attribution = store.confirm(id, new.into(), now).await?;
    Ok(Json(attribution.into()))
}

async fn remove(
    store: Store,
    Now(now): Now,
    PathId(id): PathId<AttributionId>,
) -> Result<Json<DeletedView>, Problem> {
    let deleted_at = store.delete_attribution(id, now).await?;
    let deleted_at = deleted_at.ok_or_else(no_such_record)?;
    Ok(Json(DeletedView::new(id, deleted_at)))
}
