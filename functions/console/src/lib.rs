//! What a browser shows: a page that leads on, the contract document to browse and to try, and
//! the console. All of it is embedded in the binary, compressed, and needs no table.
//!
//! Pages are asked for each time, and their assets never again: the address of an asset has the
//! version of all of them in it.

mod files;
mod requested;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::Response;
use files::{VERSION, find};
use requested::{Lifetime, Requested};
use web::access::OPEN;
use web::problem::Problem;
use web::routes::Routes;

/// Every route of the function.
pub fn routes() -> Routes {
    Routes::under("")
        .get("/", OPEN, home)
        .get("/console", OPEN, console)
        .get("/docs", OPEN, docs)
        .get("/openapi.yaml", OPEN, document)
        .get("/assets/{version}/{file}", OPEN, asset)
}

async fn home(requested: Requested) -> Result<Response, Problem> {
    page(&requested, "index.html")
}

async fn console(requested: Requested) -> Result<Response, Problem> {
    page(&requested, "console.html")
}

async fn docs(requested: Requested) -> Result<Response, Problem> {
    page(&requested, "docs.html")
}

async fn document(requested: Requested) -> Result<Response, Problem> {
    page(&requested, "openapi.yaml")
}

async fn asset(
    requested: Requested,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response, Problem> {
    let Path((version, name)) = path.map_err(|_| no_such_file())?;
    // While a new version takes over, its pages may be served beside assets of the old one: those
    // go together well enough for a moment, and must not stay.
    let lifetime = match version == VERSION {
        true => Lifetime::Forever,
        false => Lifetime::Once,
    };
    let file = find(&name).filter(|file| file.is_asset());
    Ok(requested.answer(file.ok_or_else(no_such_file)?, lifetime))
}

fn page(requested: &Requested, name: &str) -> Result<Response, Problem> {
    let file = find(name).ok_or_else(no_such_file)?;
    Ok(requested.answer(file, Lifetime::Validated))
}

fn no_such_file() -> Problem {
    Problem::not_found("file_not_found", "There is no such file.")
}
