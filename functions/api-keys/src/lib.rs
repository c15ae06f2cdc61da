//! API keys: what an organisation's own servers call with. Its staff make, list and revoke
//! them, by token even where the API is public: a key that anyone could make would be a back
//! door once tokens are required.

mod views;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::api_key::{ApiKeyName, KeyScopes, NewApiKey};
use domain::{ApiKeyId, OrgId, Timestamp};
use serde::Deserialize;
use std::sync::Arc;
use store::Store;
use views::{ApiKeyView, IssuedView};
use web::access::VERIFIED_STAFF;
use web::extract::{IdempotentJson, ListQuery, Now, PathId};
use web::pagination::{ListReply, list_view};
use web::problem::{Problem, no_such_record};
use web::reply::created;
use web::routes::Routes;
use web::settings::Settings;

const BASE: &str = "/api/v1/api-keys";

/// Every route of the function.
pub fn routes() -> Routes {
    Routes::under(BASE)
        .get("", VERIFIED_STAFF, list)
        .post("", VERIFIED_STAFF, create)
        .get("/{id}", VERIFIED_STAFF, show)
        .delete("/{id}", VERIFIED_STAFF, revoke)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApiKeyQuery {
    org_id: Option<OrgId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewApiKeyBody {
    org_id: OrgId,
    name: ApiKeyName,
    scopes: KeyScopes,
    expires_at: Option<Timestamp>,
}

impl From<NewApiKeyBody> for NewApiKey {
    fn from(body: NewApiKeyBody) -> Self {
        Self {
            org: body.org_id,
            name: body.name,
            scopes: body.scopes,
            expires_at: body.expires_at,
        }
    }
}

async fn list(
    store: Store,
    Now(now): Now,
    ListQuery { filter, paging }: ListQuery<ApiKeyQuery>,
) -> Result<ListReply<ApiKeyView>, Problem> {
    let page = store.list_api_keys(filter.org_id, paging.request()).await?;
    Ok(list_view(paging, page, now, |key| {
        ApiKeyView::new(key, now)
    }))
}

async fn create(
    store: Store,
    Now(now): Now,
    State(settings): State<Arc<Settings>>,
    IdempotentJson { value: new, key }: IdempotentJson<NewApiKeyBody>,
) -> Result<Response, Problem> {
    let reply = store.create_api_key(new.into(), settings.key_mode, key.as_ref(), now);
    let reply = reply.await?;
    let location = format!("{BASE}/{}", reply.value.key.id);
    Ok(created(location, IssuedView::new(reply.value, reply.at)))
}

async fn show(
    store: Store,
    Now(now): Now,
    PathId(id): PathId<ApiKeyId>,
) -> Result<Json<ApiKeyView>, Problem> {
    let key = store.find_api_key(id).await?.ok_or_else(no_such_record)?;
    Ok(Json(ApiKeyView::new(key, now)))
}

async fn revoke(
    store: Store,
    Now(now): Now,
    PathId(id): PathId<ApiKeyId>,
) -> Result<Json<ApiKeyView>, Problem> {
    let revoked = store.revoke_api_key(id, now).await?;
    let revoked = revoked.ok_or_else(no_such_record)?;
    Ok(Json(ApiKeyView::new(revoked, now)))
}
