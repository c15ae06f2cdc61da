//! Recruitments: confirmed by a code alone or by a click, and read back by when they were
//! confirmed.

mod body;
mod views;

use axum::response::Response;
use body::{ConversionQuery, NewConversion, NewConversionBody};
use domain::KeyScope;
use store::Store;
use store::attributions::Converted;
use views::RecruitmentView;
use web::access::{OWN, STAFF};
use web::extract::{IdempotentJson, ListQuery, Now};
use web::pagination::{ListReply, list_view};
use web::problem::Problem;
use web::reply::{created, ok};
use web::routes::Routes;

const BASE: &str = "/api/v1/referral-conversions";

/// Where the attribution of a recruitment is found.
const ATTRIBUTIONS: &str = "/api/v1/referral-attributions";

/// Every route of the function.
pub fn routes() -> Routes {
    Routes::under(BASE)
        .get("", OWN.or_key(KeyScope::AttributionsRead), list)
        // A mentor who could confirm would count their own recruits.
        .post("", STAFF.or_key(KeyScope::ConversionsWrite), convert)
}

async fn list(
    store: Store,
    Now(now): Now,
    ListQuery { filter, paging }: ListQuery<ConversionQuery>,
) -> Result<ListReply<RecruitmentView>, Problem> {
    let page = store
        .list_recruitments(&filter.try_into()?, paging.request(), now)
        .await?;
    Ok(list_view(paging, page, now, RecruitmentView::from))
}

async fn convert(
    store: Store,
    Now(now): Now,
    IdempotentJson { value: new, key }: IdempotentJson<NewConversionBody>,
) -> Result<Response, Problem> {
    let key = key.as_ref();
    let reply = match new.try_into()? {
        NewConversion::ByCode(new) => store.convert_by_code(new, key, now).await?,
        NewConversion::OfClick(id, joined) => store.convert_click(id, joined, key, now).await?,
    };
    Ok(match reply.value {
        Converted::New(made) => created(
            format!("{ATTRIBUTIONS}/{}", made.id),
            RecruitmentView::from(made),
        ),
        Converted::Repeated(held) => ok(RecruitmentView::from(held)),
    })
}
