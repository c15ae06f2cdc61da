//! Referral programs: the terms that an organisation gives its codes.

mod body;
mod views;

use axum::Json;
use axum::response::Response;
use body::{NewProgramBody, ProgramChange, ProgramQuery};
use domain::{KeyScope, ProgramId};
use store::Store;
use views::{ProgramView, RemovedView};
use web::access::STAFF;
use web::extract::{IdempotentJson, JsonBody, ListQuery, Now, PathId};
use web::pagination::{ListReply, list_view};
use web::problem::{Problem, no_such_record};
use web::reply::created;
use web::routes::Routes;

const BASE: &str = "/api/v1/referral-programs";

/// Every route of the function.
pub fn routes() -> Routes {
    Routes::under(BASE)
        .get("", STAFF.or_key(KeyScope::ProgramsRead), list)
        .post("", STAFF.or_key(KeyScope::ProgramsWrite), create)
        .get("/{id}", STAFF.or_key(KeyScope::ProgramsRead), show)
        .put("/{id}", STAFF.or_key(KeyScope::ProgramsWrite), update)
        .delete("/{id}", STAFF.or_key(KeyScope::ProgramsWrite), remove)
}

async fn list(
    store: Store,
    Now(now): Now,
    ListQuery { filter, paging }: ListQuery<ProgramQuery>,
) -> Result<ListReply<ProgramView>, Problem> {
    let page = store
        .list_programs(filter.org_id, filter.status, paging.request())
        .await?;
    Ok(list_view(paging, page, now, ProgramView::from))
}

async fn show(store: Store, PathId(id): PathId<ProgramId>) -> Result<Json<ProgramView>, Problem> {
    let program = store.find_program(id).await?;
    Ok(Json(program.ok_or_else(no_such_record)?.into()))
}

async fn create(
    store: Store,
    Now(now): Now,
    IdempotentJson { value: new, key }: IdempotentJson<NewProgramBody>,
) -> Result<Response, Problem> {
    let program = new.program(now);
    let reply = store.create_program(&program, key.as_ref(), now).await?;
    let location = format!("{BASE}/{}", reply.value.id);
    Ok(created(location, ProgramView::from(reply.value)))
}

async fn update(
    store: Store,
    Now(now): Now,
    PathId(id): PathId<ProgramId>,
    JsonBody(change): JsonBody<ProgramChange>,
) -> Result<Json<ProgramView>, Problem> {
    let changed = store.update_program(id, |program| change.applied_to(program, now), now);
    Ok(Json(changed.await?.into()))
}

async fn remove(
    store: Store,
    Now(now): Now,
    PathId(id): PathId<ProgramId>,
) -> Result<Json<RemovedView>, Problem> {
    let removal = store.remove_program(id, now).await?;
    let removal = removal.ok_or_else(no_such_record)?;
    Ok(Json(RemovedView::new(id, removal)))
}
