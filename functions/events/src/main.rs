//! The Lambda function behind the table's stream.

use events::bus::Bus;
use events::{Failures, tell};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use web::lambda::{Started, VerifiesTokens, start};
use web::problem::chain;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let started = &start(VerifiesTokens::Never).await?;
    let bus = &Bus::new(&started.aws, started.settings.require_event_bus()?);
    lambda_runtime::run(service_fn(move |event| handle(started, bus, event))).await
}

async fn handle(
    started: &Started,
    bus: &Bus,
    event: LambdaEvent<Value>,
) -> Result<Failures, Error> {
    let told = tell(&started.store, bus, &event.payload).await;
    Ok(told.inspect_err(|error| tracing::error!(cause = chain(error), "events are not told"))?)
}
