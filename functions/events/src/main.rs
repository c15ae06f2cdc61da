//! The Lambda function behind the table's stream.

use events::Outlets;
use events::bus::Bus;
use events::tell;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use queue::Queue;
use serde_json::Value;
use web::lambda::{BatchFailures, Started, VerifiesTokens, start};
use web::problem::chain;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let started = &start(VerifiesTokens::Never).await?;
    let settings = &started.settings;
    let outlets = &Outlets {
        bus: Bus::new(&started.aws, settings.require_event_bus()?),
        queue: Queue::new(&started.aws, settings.require_webhook_queue()?.as_str()),
    };
    lambda_runtime::run(service_fn(move |event| handle(started, outlets, event))).await
}

async fn handle(
    started: &Started,
    outlets: &Outlets,
    event: LambdaEvent<Value>,
) -> Result<BatchFailures, Error> {
    let told = tell(&started.store, outlets, &event.payload, started.clock.now()).await;
    Ok(told.inspect_err(|error| tracing::error!(cause = chain(error), "events are not told"))?)
}
