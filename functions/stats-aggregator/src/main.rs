//! The Lambda function behind the schedule.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use shared::http::deadline::end_of;
use std::time::{Duration, SystemTime};

/// How long before the deadline the last chunk is begun.
const RESERVE: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let app = &shared::http::app::start(|_| Ok(())).await?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
        let last_moment = end_of(&event.context).map(|end| end - RESERVE);
        let is_over = || last_moment.is_some_and(|moment| SystemTime::now() >= moment);
        let report = stats_aggregator::aggregate(app, is_over).await?;
        let function = &event.context.env_config.function_name;
        for metrics in report.metrics(function, app.clock.now().timestamp_millis()) {
            println!("{metrics}");
        }
        Ok::<_, Error>(())
    }))
    .await
}
