//! Referral programs: the terms that an organisation gives its codes.

mod body;

use axum::routing::get;
use axum::{Json, Router};
use body::{ChangedProgram, NewProgram};
use serde::{Deserialize, Serialize};
use shared::domain::code_record::ReferralLimit;
use shared::domain::program::{Days, EligibleUserTypes, ProgramName};
use shared::domain::{CurrencyId, OrgId, Program, ProgramId, ProgramStatus, Timestamp};
use shared::http::extract::{invalid, no_such_record};
use shared::http::{
    App, Body, Caller, ListView, Listing, PathId, Post, Problem, Scoped, list_answer,
};
use shared::store::Answer;
use shared::store::codes::Keep;
use shared::store::programs::ProgramRemoval;

const BASE: &str = "/api/v1/referral-programs";

/// Every route of the function.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/referral-programs", get(list).post(create))
        .route(
            "/api/v1/referral-programs/{id}",
            get(show).put(update).delete(remove),
        )
}

/// A program as it is shown.
#[derive(Serialize)]
struct ProgramView {
    id: ProgramId,
    org_id: OrgId,
    name: ProgramName,
    currency_id: CurrencyId,
    eligible_user_types: EligibleUserTypes,
    max_referrals_per_code: Option<ReferralLimit>,
    attribution_window_days: Option<Days>,
    code_ttl_days: Option<Days>,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    status: ProgramStatus,
    created_at: Timestamp,
    archived_at: Option<Timestamp>,
}

impl From<Program> for ProgramView {
    fn from(program: Program) -> Self {
        Self {
            id: program.id,
            status: program.status(),
            created_at: program.created_at(),
            org_id: program.org,
            name: program.terms.name,
            currency_id: program.terms.currency,
            eligible_user_types: program.terms.user_types,
            max_referrals_per_code: program.terms.max_referrals_per_code,
            attribution_window_days: program.terms.attribution_window,
            code_ttl_days: program.terms.code_ttl,
            starts_at: program.terms.starts_at,
            ends_at: program.terms.ends_at,
            archived_at: program.archived_at,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    org_id: Option<OrgId>,
    status: Option<ProgramStatus>,
}

async fn list(
    Scoped(app): Scoped,
    Listing { filter, paging }: Listing<Filter>,
) -> Result<Json<ListView<ProgramView>>, Problem> {
    let (_, org) = app.table.reach().narrow(None, filter.org_id)?;
    let org = org.ok_or_else(|| invalid("org_id", "is required"))?;
    let page = app
        .table
        .list_programs(&org, filter.status, paging.request())
        .await?;
    Ok(list_answer(paging, page, ProgramView::from))
}

async fn show(
    Scoped(app): Scoped,
    PathId(id): PathId<ProgramId>,
) -> Result<Json<ProgramView>, Problem> {
    let program = app.table.find_program(id).await?;
    Ok(Json(program.ok_or_else(no_such_record)?.into()))
}

async fn create(
    Scoped(app): Scoped,
    caller: Caller,
    Post { value: new, key }: Post<NewProgram>,
) -> Result<Answer, Problem> {
    caller.may_act_for_org(&new.org_id)?;
    let now = app.clock.now();
    let program = new.program(now);
    let render = |program: &Program| {
        let view = ProgramView::from(program.clone());
        Answer::created(format!("{BASE}/{}", program.id), &view)
    };
    let keep = Keep {
        key: key.as_ref(),
        render: &render,
    };
    Ok(app.table.create_program(&program, keep, now).await?)
}

async fn update(
    Scoped(app): Scoped,
    PathId(id): PathId<ProgramId>,
    Body(change): Body<ChangedProgram>,
) -> Result<Json<ProgramView>, Problem> {
    let now = app.clock.now();
    let changed = app
        .table
        .update_program(id, |program| change.applied_to(program, now))
        .await?;
    Ok(Json(changed.into()))
}

#[derive(Serialize)]
struct Removed {
    id: ProgramId,
    deleted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<ProgramStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    archived_at: Option<Timestamp>,
}

async fn remove(
    Scoped(app): Scoped,
    PathId(id): PathId<ProgramId>,
) -> Result<Json<Removed>, Problem> {
    let removal = app.table.remove_program(id, app.clock.now()).await?;
    let (deleted_at, archived_at) = match removal.ok_or_else(no_such_record)? {
        ProgramRemoval::Deleted(at) => (Some(at), None),
        ProgramRemoval::Archived(at) => (None, Some(at)),
    };
    Ok(Json(Removed {
        id,
        deleted: deleted_at.is_some(),
        deleted_at,
        status: archived_at.map(|_| ProgramStatus::Archived),
        archived_at,
    }))
}
