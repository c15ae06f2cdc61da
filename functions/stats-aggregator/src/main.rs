//! The Lambda function behind the schedule.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use std::time::{Duration, SystemTime};
use web::lambda::{Started, start};
use web::middleware::end_of;

/// How long before the deadline the last chunk is begun.
const RESERVE: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let started = &start(|_| Ok(())).await?;
    lambda_runtime::run(service_fn(move |event| aggregate(started, event))).await
}

async fn aggregate(started: &Started, event: LambdaEvent<Value>) -> Result<(), Error> {
    let Started { store, clock, .. } = started;
    let last_moment = end_of(&event.context).map(|end| end - RESERVE);
    let is_over = || last_moment.is_some_and(|moment| SystemTime::now() >= moment);
    let report = stats_aggregator::aggregate(store, clock, is_over).await?;
    let function = &event.context.env_config.function_name;
    for metrics in report.metrics(function, clock.now().timestamp_millis()) {
        println!("{metrics}");
    }
    Ok(())
}
