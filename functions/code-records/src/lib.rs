//! Referral code records: the repository's view of codes.

mod body;
mod views;

use axum::Json;
use axum::response::Response;
use body::{Deactivation, LookupQuery, OwnerQuery};
use domain::{CallerKind, CodeId, KeyScope};
use store::Store;
use views::{DeletedView, RecordView};
use web::access::{OWN, STAFF};
use web::codes::{CodeQuery, NewCodeBody};
use web::extract::{IdempotentJson, JsonBody, ListQuery, Now, PathId, StrictQuery};
use web::pagination::{ListReply, list_view};
use web::problem::{Problem, no_such_record};
use web::reply::created;
use web::routes::Routes;
use web::{Limited, limited};

const BASE: &str = "/api/v1/referral-code-records";

/// Every route of the function.
pub fn routes() -> Routes {
    Routes::under(BASE)
        .get("", OWN.or_key(KeyScope::CodesRead), list)
        .post(
            "",
            OWN.or_key(KeyScope::CodesWrite),
            limited(Limited::Codes, create),
        )
        .get("/active", OWN.or_key(KeyScope::CodesRead), active)
        .get("/lookup", OWN.or_key(KeyScope::CodesRead), lookup)
        .get("/{id}", OWN.or_key(KeyScope::CodesRead), show)
        .put("/{id}", OWN.or_key(KeyScope::CodesWrite), deactivate)
        .delete("/{id}", STAFF.or_key(KeyScope::CodesWrite), remove)
}

async fn list(
    store: Store,
    Now(now): Now,
    ListQuery { filter, paging }: ListQuery<CodeQuery>,
) -> Result<ListReply<RecordView>, Problem> {
    let page = store
        .list_codes(&filter.try_into()?, paging.request(), now)
        .await?;
    Ok(list_view(paging, page, now, |record| {
        RecordView::new(record, now)
    }))
}

async fn show(
    store: Store,
    Now(now): Now,
    PathId(id): PathId<CodeId>,
) -> Result<Json<RecordView>, Problem> {
    let record = store.find_code_by_id(id).await?;
    let record = record.ok_or_else(no_such_record)?;
    Ok(Json(RecordView::new(record, now)))
}

async fn active(
    store: Store,
    Now(now): Now,
    StrictQuery(owner): StrictQuery<OwnerQuery>,
) -> Result<Json<RecordView>, Problem> {
    let active = store.find_active_code(&owner.mentor_id, &owner.org_id, now);
    let record = active.await?.ok_or_else(no_active_code)?;
    Ok(Json(RecordView::new(record, now)))
}

async fn lookup(
    store: Store,
    Now(now): Now,
    StrictQuery(query): StrictQuery<LookupQuery>,
) -> Result<Json<RecordView>, Problem> {
    let code = query.code.parse().map_err(|_| code_not_found())?;
    let found = store.find_code(&code).await?;
    let found = found.ok_or_else(code_not_found)?;
    Ok(Json(RecordView::new(found.record, now)))
}

async fn create(
    store: Store,
    caller: CallerKind,
    Now(now): Now,
    IdempotentJson { value: new, key }: IdempotentJson<NewCodeBody>,
) -> Result<Response, Problem> {
    let new = new.chosen_by(caller)?;
    let reply = store.create_code(new, key.as_ref(), now).await?;
    let location = format!("{BASE}/{}", reply.value.id);
    Ok(created(location, RecordView::new(reply.value, reply.at)))
}

async fn deactivate(
    store: Store,
    Now(now): Now,
    PathId(id): PathId<CodeId>,
    JsonBody(change): JsonBody<Deactivation>,
) -> Result<Json<RecordView>, Problem> {
    let at = change.requested_time()?;
    let record = store.deactivate_code(id, at, now).await?;
    Ok(Json(RecordView::new(record, now)))
}

async fn remove(
    store: Store,
    Now(now): Now,
    PathId(id): PathId<CodeId>,
) -> Result<Json<DeletedView>, Problem> {
    let deleted_at = store.delete_code(id, now).await?;
    Ok(Json(DeletedView::new(id, deleted_at)))
}

fn no_active_code() -> Problem {
    Problem::not_found(
        "no_active_code",
        "This mentor has no active code in this organisation.",
    )
}

fn code_not_found() -> Problem {
    Problem::not_found("code_not_found", "There is no such code.")
}
