//! Webhooks: where an organisation is told of events. Its staff and servers make, change, test and
//! delete them, with a credential even where the API is public: a webhook that anyone could make
//! would go on telling them once tokens are required.

mod body;
mod views;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use body::{DeliveryQuery, NewWebhookBody, WebhookChangeBody, WebhookQuery};
use domain::{EventId, KeyScope, WebhookId};
use std::sync::Arc;
use store::Store;
use views::{DeletedView, DeliveryView, IssuedView, WebhookView};
use web::access::VERIFIED_STAFF;
use web::extract::{Idempotent, IdempotentJson, JsonBody, ListQuery, Now, PathId, PathIds};
use web::pagination::{ListReply, list_view};
use web::problem::{Problem, no_such_record};
use web::reply::{accepted, created};
use web::routes::Routes;
use web::settings::Settings;

const BASE: &str = "/api/v1/webhooks";

/// Every route of the function.
pub fn routes() -> Routes {
    let readers = VERIFIED_STAFF.or_key(KeyScope::WebhooksRead);
    let writers = VERIFIED_STAFF.or_key(KeyScope::WebhooksWrite);
    Routes::under(BASE)
        .get("", readers, list)
        .post("", writers, create)
        .get("/{id}", readers, show)
        .patch("/{id}", writers, update)
        .delete("/{id}", writers, remove)
        .post("/{id}/secret", writers, rotate)
        .post("/{id}/test", writers, test)
        .get("/{id}/deliveries", readers, deliveries)
        .post("/{id}/deliveries/{event_id}/replay", writers, replay)
}

async fn list(
    store: Store,
    Now(now): Now,
    ListQuery { filter, paging }: ListQuery<WebhookQuery>,
) -> Result<ListReply<WebhookView>, Problem> {
    let page = store.list_webhooks(filter.org_id, paging.request()).await?;
    Ok(list_view(paging, page, now, WebhookView::from))
}

async fn create(
    store: Store,
    Now(now): Now,
    State(settings): State<Arc<Settings>>,
    IdempotentJson { value: new, key }: IdempotentJson<NewWebhookBody>,
) -> Result<Response, Problem> {
    let targets = settings.webhook_targets;
    let made = store.create_webhook(new.into(), targets, key.as_ref(), now);
    let made = made.await?.value;
    let location = format!("{BASE}/{}", made.webhook.id);
    Ok(created(location, IssuedView::from(made)))
}

async fn show(store: Store, PathId(id): PathId<WebhookId>) -> Result<Json<WebhookView>, Problem> {
    let webhook = store.find_webhook(id).await?;
    Ok(Json(webhook.ok_or_else(no_such_record)?.into()))
}

async fn update(
    store: Store,
    Now(now): Now,
    State(settings): State<Arc<Settings>>,
    PathId(id): PathId<WebhookId>,
    JsonBody(change): JsonBody<WebhookChangeBody>,
) -> Result<Json<WebhookView>, Problem> {
    let (change, targets) = (change.into(), settings.webhook_targets);
    let changed = store.update_webhook(id, &change, targets, now);
    Ok(Json(changed.await?.into()))
}

async fn remove(
    store: Store,
    Now(now): Now,
    PathId(id): PathId<WebhookId>,
) -> Result<Json<DeletedView>, Problem> {
    let deleted = store.delete_webhook(id, now).await?;
    let deleted = deleted.ok_or_else(no_such_record)?;
    Ok(Json(DeletedView::new(deleted.id, now)))
}

async fn rotate(
    store: Store,
    Now(now): Now,
    PathId(id): PathId<WebhookId>,
    Idempotent(key): Idempotent,
) -> Result<Json<IssuedView>, Problem> {
    let rotated = store.rotate_webhook_secret(id, key.as_ref(), now).await?;
    Ok(Json(rotated.value.into()))
}

async fn test(
    store: Store,
    Now(now): Now,
    PathId(id): PathId<WebhookId>,
    Idempotent(key): Idempotent,
) -> Result<Response, Problem> {
    let test = store.test_webhook(id, key.as_ref(), now).await?;
    let location = format!("{BASE}/{id}/deliveries");
    Ok(accepted(location, DeliveryView::from(test.value)))
}

async fn deliveries(
    store: Store,
    Now(now): Now,
    PathId(id): PathId<WebhookId>,
    ListQuery { filter, paging }: ListQuery<DeliveryQuery>,
) -> Result<ListReply<DeliveryView>, Problem> {
    let page = store.list_deliveries(id, filter.status, paging.request());
    let page = page.await?.ok_or_else(no_such_record)?;
    Ok(list_view(paging, page, now, DeliveryView::from))
}

async fn replay(
    store: Store,
    Now(now): Now,
    PathIds(id, event): PathIds<WebhookId, EventId>,
    Idempotent(key): Idempotent,
) -> Result<Response, Problem> {
    let replayed = store.replay_delivery(id, event, key.as_ref(), now).await?;
    let location = format!("{BASE}/{id}/deliveries");
    Ok(accepted(location, DeliveryView::from(replayed.value)))
}
