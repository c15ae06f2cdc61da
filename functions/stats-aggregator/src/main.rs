//! The Lambda function behind the schedule.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use stats_aggregator::action::{self, Action};
use std::time::{Duration, SystemTime};
use store::fold::Aggregator;
use store::metered;
use web::lambda::{Started, VerifiesTokens, start};
use web::middleware::end_of;

/// How long before the deadline the last round is begun.
const RESERVE: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let started = &start(VerifiesTokens::Never).await?;
    let aggregator = &started.store.aggregator();
    lambda_runtime::run(service_fn(move |event| handle(started, aggregator, event))).await
}

async fn handle(
    started: &Started,
    aggregator: &Aggregator,
    event: LambdaEvent<Value>,
) -> Result<Value, Error> {
    let clock = &started.clock;
    let last_moment = end_of(&event.context).map(|end| end - RESERVE);
    let is_over = || last_moment.is_some_and(|moment| SystemTime::now() >= moment);
    match Action::read(&event.payload)? {
        Action::Aggregate => {
            let pace = &started.settings.fold_pace;
            let run = stats_aggregator::aggregate(aggregator, clock, pace, is_over);
            let (report, usage) = metered(run).await;
            let report = report?;
            match &started.settings.stack_name {
                Some(stack) => {
                    let now = clock.now().timestamp_millis();
                    println!("{}", report.line(usage, stack, now));
                }
                None => report.log(),
            }
            Ok(json!(null))
        }
        Action::Verify(days) => {
            let found = action::verify(aggregator, clock, days, is_over).await?;
            Ok(action::verification(&found))
        }
        Action::Rebuild => {
            let rebuild = action::rebuild(aggregator, clock, is_over).await?;
            Ok(action::rebuilt(&rebuild))
        }
        Action::ForgetVisitors => {
            let retention = started.settings.visitor_retention;
            let done = action::forget_visitors(aggregator, clock, retention, is_over).await?;
            Ok(action::forgotten(done.as_ref()))
        }
    }
}
