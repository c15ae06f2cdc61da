//! The Lambda function behind the queue of deliveries, and behind the schedule that queues what
//! is overdue.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use queue::Queue;
use serde_json::{Value, json};
use std::sync::Arc;
use web::lambda::{VerifiesTokens, start};
use web::problem::chain;
use webhooks::Deliverer;
use webhooks::connect::SystemResolver;
use webhooks::receiver::Receivers;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let started = start(VerifiesTokens::Never).await?;
    let settings = &started.settings;
    let queue = &Queue::new(&started.aws, settings.require_webhook_queue()?.as_str());
    let deliverer = &Deliverer {
        receivers: Receivers::new(settings.webhook_targets, Arc::new(SystemResolver)),
        store: started.store,
        clock: started.clock,
        queue: Some(queue.clone()),
    };
    lambda_runtime::run(service_fn(move |event| handle(deliverer, queue, event))).await
}

/// A batch of the queue has records; whatever else there is comes from the schedule.
async fn handle(
    deliverer: &Deliverer,
    queue: &Queue,
    event: LambdaEvent<Value>,
) -> Result<Value, Error> {
    if event.payload["Records"].is_array() {
        return Ok(json!(deliverer.deliver(&event.payload).await));
    }
    let picked_up = deliverer.pick_up(queue).await;
    let picked_up = picked_up
        .inspect_err(|error| tracing::error!(cause = chain(error), "what is due is not queued"))?;
    Ok(json!({"picked_up": picked_up}))
}
