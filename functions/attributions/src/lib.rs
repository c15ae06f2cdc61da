//! Referral attributions: clicks, the recruitments they become, and what they come to.

mod statistics;

use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use shared::domain::attribution::{ReferrerUrl, UserAgent, Visitor};
use shared::domain::{
    Attribution, AttributionId, AttributionStatus, AttributionType, Code, FoldedCode, MemberId,
    MentorId, OrgId, Timestamp,
};
use shared::http::extract::no_such_record;
use shared::http::{
    App, Body, Client, ListView, Listing, PathId, Post, Problem, Scoped, list_answer,
};
use shared::store::Answer;
use shared::store::attributions::{AttributionFilter, Click, Confirmation};
use std::net::IpAddr;

const BASE: &str = "/api/v1/referral-attributions";

/// Every route of the function.
pub fn routes() -> Router<App> {
    Router::new()
        .route(
            "/api/v1/referral-attributions",
            get(list).post(record_click),
        )
        .route(
            "/api/v1/referral-attributions/{id}",
            get(show).put(confirm).delete(remove),
        )
        .route(
            "/api/v1/referral-attributions/mentor/{mentor_id}",
            get(list_of_mentor),
        )
        .route(
            "/api/v1/referral-attributions/mentor/{mentor_id}/total",
            get(statistics::total),
        )
        .route(
            "/api/v1/referral-attributions/mentor/{mentor_id}/timeseries",
            get(statistics::timeseries),
        )
        .route(
            "/api/v1/referral-attributions/leaderboard",
            get(statistics::leaderboard),
        )
}

/// An attribution as the contract shows it.
#[derive(Serialize)]
struct AttributionView {
    id: AttributionId,
    code: Code,
    mentor_id: MentorId,
    r#type: AttributionType,
    status: AttributionStatus,
    new_member_id: Option<MemberId>,
    ip_address: Option<IpAddr>,
    user_agent: Option<UserAgent>,
    referrer_url: Option<ReferrerUrl>,
    occurred_at: Timestamp,
    created_at: Timestamp,
}

impl From<Attribution> for AttributionView {
    fn from(attribution: Attribution) -> Self {
        Self {
            id: attribution.id,
            r#type: attribution.kind(),
            status: attribution.status(),
            created_at: attribution.created_at(),
            code: attribution.code,
            mentor_id: attribution.mentor,
            new_member_id: attribution.conversion.map(|conversion| conversion.member),
            ip_address: attribution.visitor.ip_address,
            user_agent: attribution.visitor.user_agent,
            referrer_url: attribution.visitor.referrer_url,
            occurred_at: attribution.occurred_at,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    mentor_id: Option<MentorId>,
    org_id: Option<OrgId>,
    status: Option<AttributionStatus>,
    code: Option<FoldedCode>,
}

async fn list(
    Scoped(app): Scoped,
    Listing { filter, paging }: Listing<Filter>,
) -> Result<Json<ListView<AttributionView>>, Problem> {
    let Filter {
        mentor_id: mentor,
        org_id: org,
        status,
        code,
    } = filter;
    let filter = AttributionFilter {
        mentor,
        org,
        status,
        code,
    };
    let page = app
        .table
        .list_attributions(&filter, paging.request(), app.clock.now())
        .await?;
    Ok(list_answer(paging, page, AttributionView::from))
}

async fn show(
    Scoped(app): Scoped,
    PathId(id): PathId<AttributionId>,
) -> Result<Json<AttributionView>, Problem> {
    let attribution = app
        .table
        .find_attribution(id)
        .await?
        .ok_or_else(no_such_record)?;
    Ok(Json(attribution.into()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewClick {
    code: FoldedCode,
    ip_address: Option<IpAddr>,
    user_agent: Option<UserAgent>,
    referrer_url: Option<ReferrerUrl>,
    occurred_at: Option<Timestamp>,
}

async fn record_click(
    Scoped(app): Scoped,
    client: Client,
    Post { value: new, key }: Post<NewClick>,
) -> Result<Answer, Problem> {
    let now = app.clock.now();
    let occurred_at = new.occurred_at.unwrap_or(now.into());
    if occurred_at.is_ahead_of(now) {
        return Err(Problem::refused(
            "occurred_in_the_future",
            "A click cannot lie in the future.",
        )
        .with_field("occurred_at", "lies more than five minutes ahead"));
    }
    let address = new.ip_address.or(client.address);
    let seen_agent = client.user_agent.as_deref().and_then(UserAgent::shortened);
    let click = Click {
        code: new.code,
        visitor: Visitor {
            ip_address: address.and_then(|address| app.settings.ip_policy.apply(address)),
            user_agent: new.user_agent.or(seen_agent),
            referrer_url: new.referrer_url,
        },
        occurred_at,
        retention: app.settings.click_retention,
    };
    let render = |attribution: &Attribution| {
        let view = AttributionView::from(attribution.clone());
        Answer::created(format!("{BASE}/{}", attribution.id), &view)
    };
    match &key {
        None => Ok(render(&app.table.record_click(click, now).await?)),
        Some(key) => Ok(app.table.record_click_once(click, key, render, now).await?),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewConversion {
    code: FoldedCode,
    new_member_id: MemberId,
    confirmed_at: Option<Timestamp>,
}

/// A confirmed recruitment as the contract shows it.
#[derive(Serialize)]
struct ConfirmedView {
    id: AttributionId,
    code: Code,
    mentor_id: MentorId,
    r#type: AttributionType,
    status: AttributionStatus,
    new_member_id: Option<MemberId>,
    confirmed_at: Option<Timestamp>,
    created_at: Timestamp,
}

async fn confirm(
    Scoped(app): Scoped,
    PathId(id): PathId<AttributionId>,
    Body(new): Body<NewConversion>,
) -> Result<Json<ConfirmedView>, Problem> {
    let now = app.clock.now();
    let confirmed_at = new.confirmed_at.unwrap_or(now.into());
    if confirmed_at.is_ahead_of(now) {
        return Err(Problem::refused(
            "confirmed_in_the_future",
            "A recruitment cannot lie in the future.",
        )
        .with_field("confirmed_at", "lies more than five minutes ahead"));
    }
    let confirmation = Confirmation {
        code: new.code,
        member: new.new_member_id,
        confirmed_at,
    };
    let attribution = app.table.confirm(id, &confirmation, now).await?;
    Ok(Json(ConfirmedView {
        id,
        r#type: attribution.kind(),
        status: attribution.status(),
        created_at: attribution.created_at(),
        code: attribution.code,
        mentor_id: attribution.mentor,
        confirmed_at: attribution
            .conversion
            .as_ref()
            .map(|conversion| conversion.confirmed_at),
        new_member_id: attribution.conversion.map(|conversion| conversion.member),
    }))
}

#[derive(Serialize)]
struct Removed {
    id: AttributionId,
    deleted: bool,
    deleted_at: Timestamp,
}

async fn remove(
    Scoped(app): Scoped,
    PathId(id): PathId<AttributionId>,
) -> Result<Json<Removed>, Problem> {
    let deleted_at = app.table.delete_attribution(id, app.clock.now()).await?;
    let deleted_at = deleted_at.ok_or_else(no_such_record)?;
    Ok(Json(Removed {
        id,
        deleted: true,
        deleted_at,
    }))
}

/// An attribution in its mentor's list, as the contract shows it.
#[derive(Serialize)]
struct MentorsView {
    id: AttributionId,
    code: Code,
    mentor_id: MentorId,
    r#type: AttributionType,
    status: AttributionStatus,
    new_member_id: Option<MemberId>,
    occurred_at: Timestamp,
}

impl From<Attribution> for MentorsView {
    fn from(attribution: Attribution) -> Self {
        Self {
            id: attribution.id,
            r#type: attribution.kind(),
            status: attribution.status(),
            code: attribution.code,
            mentor_id: attribution.mentor,
            new_member_id: attribution.conversion.map(|conversion| conversion.member),
            occurred_at: attribution.occurred_at,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MentorsFilter {
    org_id: Option<OrgId>,
    status: Option<AttributionStatus>,
    code: Option<FoldedCode>,
}

async fn list_of_mentor(
    Scoped(app): Scoped,
    PathId(mentor): PathId<String>,
    Listing { filter, paging }: Listing<MentorsFilter>,
) -> Result<Json<ListView<MentorsView>>, Problem> {
    let filter = AttributionFilter {
        mentor: Some(statistics::mentor_in_path(&mentor)?),
        org: filter.org_id,
        status: filter.status,
        code: filter.code,
    };
    let page = app
        .table
        .list_attributions(&filter, paging.request(), app.clock.now())
        .await?;
    Ok(list_answer(paging, page, MentorsView::from))
}
