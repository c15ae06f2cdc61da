//! The platform in one process: every function's routes over one table, and DynamoDB
//! embedded. `main.rs` is the command; tests and benchmarks use the same parts.

pub mod demo;
pub mod engine;

use axum::Router;
use shared::http::App;

/// Every route of every function, as API Gateway shows them.
pub fn router(app: App) -> Router {
    let routes = code_records::routes()
        .merge(codes::routes())
        .merge(attributions::routes())
        .merge(short_links::routes());
    shared::http::finish(routes, app)
}
