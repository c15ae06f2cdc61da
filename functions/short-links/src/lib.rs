//! The short link `/r/{code}`: records a click and redirects to the page where a person joins; and
//! the share page `/s/{code}`, which leads to it.

mod bots;
mod pages;
mod share;
mod target;
mod visit;

use axum::extract::State;
use axum::response::Response;
use domain::FoldedCode;
use pages::leads_nowhere;
use std::sync::Arc;
use store::Store;
use target::Target;
use visit::Visit;
use web::access::OPEN;
use web::extract::{Now, PathId};
use web::language::Language;
use web::problem::Problem;
use web::routes::Routes;
use web::settings::Settings;
use web::{Limited, limited};

const BASE: &str = "/r";

/// Every route of the function.
pub fn routes() -> Routes {
    Routes::under(BASE)
        .errors_as(pages::render)
        .get_or_slashed("/{code}", OPEN, limited(Limited::Clicks, follow))
        .merge(share::routes())
}

async fn follow(
    store: Store,
    Now(now): Now,
    State(settings): State<Arc<Settings>>,
    language: Language,
    visit: Visit,
    code: Result<PathId<String>, Problem>,
) -> Result<Response, Problem> {
    let code = code
        .ok()
        .and_then(|PathId(text)| FoldedCode::pasted(&text).ok());
    let Some(code) = code else {
        return Ok(leads_nowhere(&settings, language));
    };
    let parameters = visit.parameters();
    let target = if visit.is_counted() {
        Target::of_click(&store, visit.click(code, &settings), now).await?
    } else {
        Target::of_code(&store, &code, now).await?
    };
    Ok(match target {
        Some(target) => target.redirect(&parameters, &settings),
        None => leads_nowhere(&settings, language),
    })
}
