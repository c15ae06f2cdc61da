//! The Lambda function behind the table's stream.

use events::bus::Bus;
use events::tell;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use web::lambda::{VerifiesTokens, start};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let started = start(VerifiesTokens::Never).await?;
    let bus = Bus::new(&started.aws, started.settings.require_event_bus()?);
    let (store, bus) = (&started.store, &bus);
    let handle = |event: LambdaEvent<Value>| async move {
        let told = tell(store, bus, &event.payload).await;
        told.map_err(Error::from)
    };
    lambda_runtime::run(service_fn(handle)).await
}
