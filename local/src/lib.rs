//! The platform in one process: every function's routes over one table, and DynamoDB
//! embedded. `main.rs` is the command; tests and benchmarks use the same parts.

pub mod api_key;
pub mod cors;
pub mod data;
pub mod deliveries;
pub mod demo;
pub mod dynamodb;
pub mod engine;
pub mod gateway;
pub mod repair;
pub mod stream;
pub mod token;
pub mod transfer;

use axum::Router;
use chrono::TimeDelta;
use domain::Clock;
use stats_aggregator::action;
use std::time::Duration;
use store::UnscopedStore;
use store::fold::FoldPace;
use web::App;
use web::routes::Routes;

/// The embedded engine takes apart and puts together millions of small maps, which the C
/// library's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often the aggregator runs on this machine; on AWS the template's schedule says.
const AGGREGATION_PERIOD: Duration = Duration::from_secs(15);

/// Runs the aggregator on its schedule, for ever.
pub async fn aggregate_regularly(
    store: UnscopedStore,
    clock: Clock,
    pace: FoldPace,
    visitor_retention: Option<TimeDelta>,
) {
    let aggregator = store.aggregator();
    loop {
        let run = stats_aggregator::aggregate(&aggregator, &clock, &pace, || false);
        match run.await {
            Ok(report) => report.log(),
            Err(error) => {
                tracing::error!(%error, "the aggregation failed; the next one goes on from there");
            }
        }
        let forgotten =
            action::forget_visitors(&aggregator, &clock, visitor_retention, || false).await;
        if let Err(error) = forgotten {
            tracing::error!(%error, "visitors are not forgotten; the next run goes on from there");
        }
        tokio::time::sleep(AGGREGATION_PERIOD).await;
    }
}

/// Every route of every function.
pub fn routes() -> Routes {
    code_records::routes()
        .merge(codes::routes())
        .merge(attributions::routes())
        .merge(conversions::routes())
        .merge(event_feed::routes())
        .merge(api_keys::routes())
        .merge(webhook_registry::routes())
        .merge(programs::routes())
        .merge(privacy::routes())
        .merge(reward_promotion::routes())
        .merge(short_links::routes())
        .merge(console::routes())
}

/// Every route of every function over one `app`, as API Gateway exposes them.
pub fn router(app: App) -> Router {
    routes().into_router(app)
}
