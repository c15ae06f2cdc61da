//! The short link `/r/{code}`: records a click and redirects to the page where a person joins.

mod bots;
mod pages;
mod target;
mod visit;

use axum::extract::State;
use axum::response::Response;
use domain::FoldedCode;
use pages::no_such_link;
use std::sync::Arc;
use store::Store;
use target::Target;
use visit::Visit;
use web::access::OPEN;
use web::extract::{Now, PathId};
use web::problem::Problem;
use web::routes::Routes;
use web::settings::Settings;
use web::{Limited, limited};

const BASE: &str = "/r";

/// Every route of the function.
pub fn routes() -> Routes {
    Routes::under(BASE).errors_as(pages::render).get(
        "/{code}",
        OPEN,
        limited(Limited::Clicks, follow),
    )
}

async fn follow(
    store: Store,
    Now(now): Now,
    State(settings): State<Arc<Settings>>,
    visit: Visit,
    code: Result<PathId<FoldedCode>, Problem>,
) -> Result<Response, Problem> {
    let Ok(PathId(code)) = code else {
        return Ok(no_such_link());
    };
    let target = if visit.is_counted() {
        Target::of_click(&store, visit.click(code, &settings), now).await?
    } else {
        Target::of_code(&store, &code, now).await?
    };
    Ok(target.map_or_else(no_such_link, |target| target.redirect(&settings)))
}
