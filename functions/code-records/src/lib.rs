//! Referral code records: the repository's view of codes.

use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use shared::domain::code_record::ReferralLimit;
use shared::domain::{
    Code, CodeId, CodeRecord, CodeStatus, FoldedCode, MentorId, OrgId, ProgramId, Timestamp,
    UserType,
};
use shared::http::code_query::CodeQuery;
use shared::http::code_terms::GivenTerms;
use shared::http::extract::no_such_record;
use shared::http::{
    App, Body, Caller, ListView, Listing, PathId, Post, Problem, QueryOf, Scoped, kept_or,
    list_answer,
};
use shared::store::Answer;
use shared::store::codes::Keep;

const BASE: &str = "/api/v1/referral-code-records";

/// Every route of the function.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/referral-code-records", get(list).post(create))
        .route("/api/v1/referral-code-records/active", get(active))
        .route("/api/v1/referral-code-records/lookup", get(lookup))
        .route(
            "/api/v1/referral-code-records/{id}",
            get(show).put(deactivate).delete(remove),
        )
}

/// A record as the contract shows it.
#[derive(Serialize)]
struct RecordView {
    id: CodeId,
    mentor_id: MentorId,
    org_id: OrgId,
    code: Code,
    status: CodeStatus,
    created_at: Timestamp,
    deactivated_at: Option<Timestamp>,
}

impl RecordView {
    fn new(record: CodeRecord, app: &App) -> Self {
        Self {
            id: record.id,
            status: record.status(app.clock.now()),
            mentor_id: record.mentor,
            org_id: record.org,
            code: record.code,
            created_at: record.created_at,
            deactivated_at: record.deactivated_at,
        }
    }
}

async fn list(
    Scoped(app): Scoped,
    Listing { filter, paging }: Listing<CodeQuery>,
) -> Result<Json<ListView<RecordView>>, Problem> {
    let page = app
        .table
        .list_codes(&filter.into(), paging.request(), app.clock.now())
        .await?;
    Ok(list_answer(paging, page, |record| {
        RecordView::new(record, &app)
    }))
}

async fn show(
    Scoped(app): Scoped,
    PathId(id): PathId<CodeId>,
) -> Result<Json<RecordView>, Problem> {
    let record = app
        .table
        .find_code_by_id(id)
        .await?
        .ok_or_else(no_such_record)?;
    Ok(Json(RecordView::new(record, &app)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    mentor_id: MentorId,
    org_id: OrgId,
}

async fn active(
    Scoped(app): Scoped,
    QueryOf(pair): QueryOf<Pair>,
) -> Result<Json<RecordView>, Problem> {
    let found = app
        .table
        .find_active_code(&pair.mentor_id, &pair.org_id, app.clock.now())
        .await?;
    let record = found.ok_or_else(|| {
        Problem::not_found(
            "no_active_code",
            "This mentor has no active code in this organisation.",
        )
    })?;
    Ok(Json(RecordView::new(record, &app)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    code: String,
}

async fn lookup(
    Scoped(app): Scoped,
    QueryOf(typed): QueryOf<Typed>,
) -> Result<Json<RecordView>, Problem> {
    let unknown = || Problem::not_found("code_not_found", "There is no such code.");
    let code: FoldedCode = typed.code.parse().map_err(|_| unknown())?;
    let truth = app.table.find_code(&code).await?.ok_or_else(unknown)?;
    Ok(Json(RecordView::new(truth.into(), &app)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRecord {
    mentor_id: MentorId,
    org_id: OrgId,
    code: Code,
    user_type: Option<UserType>,
    referral_program_id: Option<ProgramId>,
    max_referrals: Option<ReferralLimit>,
    expires_at: Option<Timestamp>,
}

async fn create(
    Scoped(app): Scoped,
    caller: Caller,
    Post { value: new, key }: Post<NewRecord>,
) -> Result<Answer, Problem> {
    let now = app.clock.now();
    let terms = GivenTerms {
        user_type: new.user_type,
        referral_program_id: new.referral_program_id,
        max_referrals: new.max_referrals,
        expires_at: new.expires_at,
    };
    caller.may_act_for(&new.mentor_id, &new.org_id)?;
    let terms = match terms.check(&app, &new.org_id, now).await {
        Ok(terms) => terms,
        Err(refusal) => return kept_or(refusal, key.as_ref(), &app).await,
    };
    let record = CodeRecord::new(new.mentor_id, new.org_id, new.code, terms, now);
    let render = |record: &CodeRecord| {
        Answer::created(
            format!("{BASE}/{}", record.id),
            &RecordView::new(record.clone(), &app),
        )
    };
    let keep = Keep {
        key: key.as_ref(),
        render: &render,
    };
    Ok(app.table.create_code(&record, keep, now).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deactivation {
    status: String,
    deactivated_at: Option<Timestamp>,
}

async fn deactivate(
    Scoped(app): Scoped,
    PathId(id): PathId<CodeId>,
    Body(change): Body<Deactivation>,
) -> Result<Json<RecordView>, Problem> {
    let now = app.clock.now();
    if change.status != "inactive" {
        return Err(
            Problem::refused("status_not_allowed", "A record can only be made inactive.")
                .with_field("status", "must be inactive"),
        );
    }
    let at = change.deactivated_at.unwrap_or(now.into());
    if at.is_ahead_of(now) {
        return Err(Problem::refused(
            "deactivated_in_the_future",
            "A code is deactivated now or in the past.",
        )
        .with_field("deactivated_at", "lies more than five minutes ahead"));
    }
    let record = app.table.deactivate_code(id, at, now).await?;
    Ok(Json(RecordView::new(record, &app)))
}

#[derive(Serialize)]
struct Removed {
    id: CodeId,
    deleted: bool,
    deleted_at: Timestamp,
}

async fn remove(Scoped(app): Scoped, PathId(id): PathId<CodeId>) -> Result<Json<Removed>, Problem> {
    let deleted_at = app.table.delete_code(id, app.clock.now()).await?;
    Ok(Json(Removed {
        id,
        deleted: true,
        deleted_at,
    }))
}
