//! Referral codes: the service's view, with links, rotation and invalidation.

mod body;
mod bulk;
mod views;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use body::{ChangeBody, RotationBody, StatsQuery};
use bulk::{BulkBody, BulkReply, Issuer};
use domain::codes::Issued;
use domain::{CallerKind, CodeId, KeyScope};
use std::sync::Arc;
use store::Store;
use views::{CodeView, InvalidatedView, LinksView, RotatedView, StatsView, TermsView};
use web::accept::Accepted;
use web::access::{OWN, STAFF};
use web::codes::{CodeQuery, WantedCodeBody};
use web::extract::{IdempotentJson, JsonBody, ListQuery, Now, PathId, ShortBase, StrictQuery};
use web::pagination::{ListReply, list_view};
use web::picture::KnownPictures;
use web::problem::{Problem, no_such_record};
use web::qr::{self, QrQuery};
use web::reply::{AsOf, created, ok};
use web::routes::Routes;
use web::settings::Settings;
use web::{CodeAllowance, Limited, limited};

const BASE: &str = "/api/v1/referral-codes";

/// Every route of the function.
pub fn routes() -> Routes {
    Routes::under(BASE)
        .get("", OWN.or_key(KeyScope::CodesRead), list)
        .post(
            "",
            OWN.or_key(KeyScope::CodesWrite),
            limited(Limited::Codes, get_or_create),
        )
        .post(
            "/bulk",
            OWN.or_key(KeyScope::CodesWrite),
            get_or_create_many,
        )
        .get("/{id}", OWN.or_key(KeyScope::CodesRead), show)
        .put("/{id}", OWN.or_key(KeyScope::CodesWrite), rotate)
        .patch("/{id}", STAFF.or_key(KeyScope::CodesWrite), change)
        .delete("/{id}", OWN.or_key(KeyScope::CodesWrite), invalidate)
        .get("/{id}/terms", OWN.or_key(KeyScope::CodesRead), terms)
        .get("/{id}/url", OWN.or_key(KeyScope::CodesRead), links)
        .get("/{id}/qr", OWN.or_key(KeyScope::CodesRead), qr_code)
        .get("/{id}/stats", OWN.or_key(KeyScope::StatsRead), stats)
}

async fn list(
    store: Store,
    Now(now): Now,
    State(settings): State<Arc<Settings>>,
    ListQuery { filter, paging }: ListQuery<CodeQuery>,
) -> Result<ListReply<CodeView>, Problem> {
    let page = store
        .list_codes(&filter.try_into()?, paging.request(), now)
        .await?;
    Ok(list_view(paging, page, now, |record| {
        CodeView::new(record, &settings, now)
    }))
}

async fn show(
    store: Store,
    Now(now): Now,
    State(settings): State<Arc<Settings>>,
    PathId(id): PathId<CodeId>,
) -> Result<Json<CodeView>, Problem> {
    let record = store.find_code_by_id(id).await?;
    let record = record.ok_or_else(no_such_record)?;
    Ok(Json(CodeView::new(record, &settings, now)))
}

async fn get_or_create(
    store: Store,
    caller: CallerKind,
    Now(now): Now,
    State(settings): State<Arc<Settings>>,
    IdempotentJson { value: wanted, key }: IdempotentJson<WantedCodeBody>,
) -> Result<Response, Problem> {
    let wanted = wanted.chosen_by(caller)?;
    let reply = store.get_or_create_code(wanted, key.as_ref(), now).await?;
    let view = |record| CodeView::new(record, &settings, reply.at);
    Ok(match reply.value {
        Issued::Created(record) => created(format!("{BASE}/{}", record.id), view(record)),
        Issued::Existing(record) => ok(view(record)),
    })
}

async fn get_or_create_many(
    store: Store,
    caller: CallerKind,
    Now(now): Now,
    State(settings): State<Arc<Settings>>,
    allowance: CodeAllowance,
    IdempotentJson { value, key }: IdempotentJson<BulkBody>,
) -> Result<BulkReply, Problem> {
    store.claim_key(key.as_ref(), now).await?;
    let wanted = value.wanted(caller, &allowance);
    let issuer = Issuer {
        store,
        settings,
        key,
        now,
    };
    Ok(issuer.answer(wanted).await)
}

async fn rotate(
    store: Store,
    Now(now): Now,
    State(settings): State<Arc<Settings>>,
    PathId(id): PathId<CodeId>,
    JsonBody(change): JsonBody<RotationBody>,
) -> Result<Json<RotatedView>, Problem> {
    let mentor = change.mentor()?;
    let rotation = store.rotate_code(id, &mentor, now).await?;
    Ok(Json(RotatedView::new(rotation, &settings, now)))
}

async fn change(
    store: Store,
    Now(now): Now,
    State(settings): State<Arc<Settings>>,
    PathId(id): PathId<CodeId>,
    JsonBody(body): JsonBody<ChangeBody>,
) -> Result<Json<CodeView>, Problem> {
    let change = body.change()?;
    let record = store.change_code(id, &change, now).await?;
    Ok(Json(CodeView::new(record, &settings, now)))
}

async fn terms(
    store: Store,
    Now(now): Now,
    PathId(id): PathId<CodeId>,
) -> Result<(AsOf, Json<TermsView>), Problem> {
    let found = store.code_with_count(id, now).await?;
    let counted = found.ok_or_else(no_such_record)?;
    let (code, program) = counted.value;
    let view = TermsView::new(&code, program.as_ref(), now);
    Ok((AsOf(counted.as_of), Json(view)))
}

async fn invalidate(
    store: Store,
    Now(now): Now,
    PathId(id): PathId<CodeId>,
) -> Result<Json<InvalidatedView>, Problem> {
    let record = store.invalidate_code(id, now).await?;
    Ok(Json(InvalidatedView::new(record, now)))
}

async fn links(
    store: Store,
    Now(now): Now,
    State(settings): State<Arc<Settings>>,
    short_base: ShortBase,
    PathId(id): PathId<CodeId>,
) -> Result<Json<LinksView>, Problem> {
    let record = store.find_code_by_id(id).await?;
    let code = record.ok_or_else(no_such_record)?.code;
    Ok(Json(LinksView::new(code, &settings, &short_base, now)))
}

async fn qr_code(
    store: Store,
    short_base: ShortBase,
    PathId(id): PathId<CodeId>,
    StrictQuery(query): StrictQuery<QrQuery>,
    accepted: Accepted,
    known: KnownPictures,
) -> Result<Response, Problem> {
    let record = store.find_code_by_id(id).await?;
    let code = record.ok_or_else(no_such_record)?.code;
    let picture = qr::draw(&short_base.scanned_url(&code), query.look(&accepted))?;
    Ok(known.answer(picture))
}

async fn stats(
    store: Store,
    Now(now): Now,
    PathId(id): PathId<CodeId>,
    StrictQuery(StatsQuery { period }): StrictQuery<StatsQuery>,
) -> Result<(AsOf, Json<StatsView>), Problem> {
    let period = period.unwrap_or_default();
    let total = store.code_total(id, period, now).await?;
    let (record, counts) = total.ok_or_else(no_such_record)?;
    let view = StatsView::new(record, counts.value, period);
    Ok((AsOf(counts.as_of), Json(view)))
}
