//! What is known of a person: exported and erased.

mod query;
mod views;

use axum::Json;
use axum::response::Response;
use domain::privacy::Receipt;
use domain::{MemberId, MentorId, Pseudonym};
use query::{ExportQuery, OrgQuery, StepBudget};
use store::Store;
use views::{ExportView, ReceiptView};
use web::access::VERIFIED_STAFF;
use web::extract::{Now, PathId, StrictQuery};
use web::problem::{Problem, no_such_record};
use web::reply::{accepted, ok};
use web::routes::Routes;

const BASE: &str = "/api/v1/privacy";

/// Every route of the function.
pub fn routes() -> Routes {
    Routes::under(BASE)
        .get("/members/{id}", VERIFIED_STAFF, export_member)
        .delete("/members/{id}", VERIFIED_STAFF, erase_member)
        .get("/mentors/{id}", VERIFIED_STAFF, export_mentor)
        .delete("/mentors/{id}", VERIFIED_STAFF, erase_mentor)
        .get("/erasures/{id}", VERIFIED_STAFF, show_erasure)
}

async fn export_member(
    store: Store,
    PathId(member): PathId<MemberId>,
    StrictQuery(query): StrictQuery<OrgQuery>,
) -> Result<Json<ExportView>, Problem> {
    let export = store.export_member(&member, query.org_id).await?;
    Ok(Json(export.into()))
}

async fn erase_member(
    store: Store,
    Now(now): Now,
    PathId(member): PathId<MemberId>,
    StrictQuery(query): StrictQuery<OrgQuery>,
) -> Result<Response, Problem> {
    let receipt = store.erase_member(&member, query.org_id, now).await?;
    Ok(respond(receipt))
}

async fn export_mentor(
    store: Store,
    PathId(mentor): PathId<MentorId>,
    StrictQuery(query): StrictQuery<ExportQuery>,
) -> Result<Json<ExportView>, Problem> {
    let from = query.position()?;
    let export = store.export_mentor(&mentor, query.org_id, from).await?;
    Ok(Json(export.into()))
}

async fn erase_mentor(
    store: Store,
    Now(now): Now,
    PathId(mentor): PathId<MentorId>,
    StrictQuery(query): StrictQuery<OrgQuery>,
) -> Result<Response, Problem> {
    let steps = StepBudget::of_a_request();
    let receipt = store.erase_mentor(&mentor, query.org_id, now, || steps.is_used_up());
    Ok(respond(receipt.await?))
}

async fn show_erasure(
    store: Store,
    PathId(pseudonym): PathId<Pseudonym>,
) -> Result<Json<ReceiptView>, Problem> {
    let receipt = store.find_erasure(&pseudonym).await?;
    Ok(Json(receipt.ok_or_else(no_such_record)?.into()))
}

/// 200 where all is done; 202 where something is left, with the path that says how far it is.
fn respond(receipt: Receipt) -> Response {
    match &receipt.pseudonym {
        Some(pseudonym) if !receipt.is_complete() => {
            let location = format!("{BASE}/erasures/{pseudonym}");
            accepted(location, ReceiptView::from(receipt))
        }
        _ => ok(ReceiptView::from(receipt)),
    }
}
