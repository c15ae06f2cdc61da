//! The platform in one process: every function's routes over one table, and DynamoDB
//! embedded. `main.rs` is the command; tests and benchmarks use the same parts.

pub mod demo;
pub mod engine;
pub mod token;

use axum::Router;
use shared::http::App;
use std::time::Duration;

/// How often the aggregator runs on this machine; on AWS the template's schedule says.
const AGGREGATION_PERIOD: Duration = Duration::from_secs(15);

/// Runs the aggregator on its schedule, for ever.
pub async fn aggregate_regularly(app: App) {
    loop {
        if let Err(error) = stats_aggregator::aggregate(&app, || false).await {
            tracing::error!(%error, "the aggregation failed; the next one goes on from there");
        }
        tokio::time::sleep(AGGREGATION_PERIOD).await;
    }
}

/// Every route of every function.
pub fn routes() -> Router<App> {
    code_records::routes()
        .merge(codes::routes())
        .merge(attributions::routes())
        .merge(programs::routes())
        .merge(reward_promotion::routes())
        .merge(short_links::routes())
}

/// Every route of every function over one `app`, as API Gateway shows them.
pub fn router(app: App) -> Router {
    shared::http::finish(routes(), app)
}
