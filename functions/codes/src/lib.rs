//! Referral codes: the service's view, with links, rotation and invalidation.

use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use shared::domain::code_record::ReferralLimit;
use shared::domain::stats::Period;
use shared::domain::{
    Code, CodeId, CodePrefix, CodeRecord, CodeStatus, MentorId, OrgId, ProgramId, Timestamp,
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
use shared::store::codes::{Issued, Keep};

const BASE: &str = "/api/v1/referral-codes";

/// Every route of the function.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/referral-codes", get(list).post(get_or_create))
        .route(
            "/api/v1/referral-codes/{id}",
            get(show).put(rotate).delete(invalidate),
        )
        .route("/api/v1/referral-codes/{id}/url", get(url))
        .route("/api/v1/referral-codes/{id}/stats", get(stats))
}

/// A code as the contract shows it.
#[derive(Serialize)]
struct CodeView {
    id: CodeId,
    mentor_id: MentorId,
    org_id: OrgId,
    code: Code,
    url: String,
    status: CodeStatus,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
}

impl CodeView {
    fn new(record: CodeRecord, app: &App) -> Self {
        Self {
            id: record.id,
            url: app.settings.join_url(&record.code).into(),
            status: record.status(app.clock.now()),
            mentor_id: record.mentor,
            org_id: record.org,
            code: record.code,
            created_at: record.created_at,
            expires_at: record.terms.expires_at,
        }
    }
}

async fn list(
    Scoped(app): Scoped,
    Listing { filter, paging }: Listing<CodeQuery>,
) -> Result<Json<ListView<CodeView>>, Problem> {
    let page = app
        .table
        .list_codes(&filter.into(), paging.request(), app.clock.now())
        .await?;
    Ok(list_answer(paging, page, |record| {
        CodeView::new(record, &app)
    }))
}

async fn show(Scoped(app): Scoped, PathId(id): PathId<CodeId>) -> Result<Json<CodeView>, Problem> {
    let record = app
        .table
        .find_code_by_id(id)
        .await?
        .ok_or_else(no_such_record)?;
    Ok(Json(CodeView::new(record, &app)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCode {
    mentor_id: MentorId,
    org_id: OrgId,
    prefix: Option<CodePrefix>,
    user_type: Option<UserType>,
    referral_program_id: Option<ProgramId>,
    max_referrals: Option<ReferralLimit>,
    expires_at: Option<Timestamp>,
}

async fn get_or_create(
    Scoped(app): Scoped,
    caller: Caller,
    Post { value: new, key }: Post<NewCode>,
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
    let render = |issued: &Issued| match issued {
        Issued::Created(record) => Answer::created(
            format!("{BASE}/{}", record.id),
            &CodeView::new(record.clone(), &app),
        ),
        Issued::Existing(record) => Answer::ok(&CodeView::new(record.clone(), &app)),
    };
    let keep = Keep {
        key: key.as_ref(),
        render: &render,
    };
    let prefix = new.prefix.as_ref();
    let (mentor, org) = (&new.mentor_id, &new.org_id);
    Ok(app
        .table
        .get_or_create_code(mentor, org, prefix, &terms, keep, now)
        .await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    mentor_id: MentorId,
    action: String,
}

#[derive(Serialize)]
struct RotatedView {
    id: CodeId,
    mentor_id: MentorId,
    org_id: OrgId,
    code: Code,
    url: String,
    status: CodeStatus,
    previous_code: Code,
    rotated_at: Timestamp,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
}

async fn rotate(
    Scoped(app): Scoped,
    PathId(id): PathId<CodeId>,
    Body(change): Body<Change>,
) -> Result<Json<RotatedView>, Problem> {
    if change.action != "rotate" {
        return Err(
            Problem::refused("action_not_allowed", "The only action is rotate.")
                .with_field("action", "must be rotate"),
        );
    }
    let rotation = app
        .table
        .rotate_code(id, &change.mentor_id, app.clock.now())
        .await?;
    let view = CodeView::new(rotation.new, &app);
    Ok(Json(RotatedView {
        id: view.id,
        mentor_id: view.mentor_id,
        org_id: view.org_id,
        code: view.code,
        url: view.url,
        status: view.status,
        previous_code: rotation.previous,
        rotated_at: view.created_at,
        created_at: view.created_at,
        expires_at: view.expires_at,
    }))
}

#[derive(Serialize)]
struct Invalidated {
    id: CodeId,
    status: CodeStatus,
    invalidated_at: Option<Timestamp>,
}

async fn invalidate(
    Scoped(app): Scoped,
    PathId(id): PathId<CodeId>,
) -> Result<Json<Invalidated>, Problem> {
    let now = app.clock.now();
    let record = app.table.invalidate_code(id, now).await?;
    Ok(Json(Invalidated {
        id,
        status: record.status(now),
        invalidated_at: record.invalidated_at,
    }))
}

#[derive(Serialize)]
struct Links {
    code: Code,
    url: String,
    short_url: String,
    generated_at: Timestamp,
}

async fn url(Scoped(app): Scoped, PathId(id): PathId<CodeId>) -> Result<Json<Links>, Problem> {
    let record = app
        .table
        .find_code_by_id(id)
        .await?
        .ok_or_else(no_such_record)?;
    Ok(Json(Links {
        url: app.settings.join_url(&record.code).into(),
        short_url: app.settings.short_url(&record.code),
        generated_at: app.clock.now().into(),
        code: record.code,
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatsQuery {
    #[serde(default)]
    period: Period,
}

/// What one code came to: the same totals as a mentor's.
#[derive(Serialize)]
struct StatsView {
    id: CodeId,
    code: Code,
    total_clicks: i64,
    total_conversions: i64,
    conversion_rate: f64,
    period: Period,
}

async fn stats(
    Scoped(app): Scoped,
    PathId(id): PathId<CodeId>,
    QueryOf(StatsQuery { period }): QueryOf<StatsQuery>,
) -> Result<Json<StatsView>, Problem> {
    let (record, counts) = app
        .table
        .code_total(id, period, app.clock.now())
        .await?
        .ok_or_else(no_such_record)?;
    Ok(Json(StatsView {
        id,
        code: record.code,
        total_clicks: counts.clicks,
        total_conversions: counts.conversions,
        conversion_rate: counts.conversion_rate(),
        period,
    }))
}
