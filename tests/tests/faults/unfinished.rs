//! A transaction that DynamoDB still carries out when its caller asks again.

use crate::{RECORDS, codes_stored};
use serde_json::json;
use std::time::{Duration, Instant};
use tests::Verv;
use tests::faults::{Fault, Faults};
use tests::template::Template;
use web::middleware::RESERVE;

/// What a request has, as the template says.
fn deadline() -> Duration {
    let template = Template::read();
    let timeout = template.property(template.function("code-records"), "Timeout");
    Duration::from_secs(timeout.as_u64().expect("seconds")) - RESERVE
}

/// DynamoDB's guide calls for a retry once 5 s have passed since the first attempt: until then
/// every other one may be told that the transaction is in progress.
#[tokio::test]
async fn a_transaction_that_hangs_is_tried_again_within_the_requests_deadline() {
    let cases = [
        (Fault::NoAnswer, Fault::InProgress),
        (Fault::NoAnswer, Fault::NoAnswer),
        (Fault::LostAnswer, Fault::InProgress),
    ];
    futures::future::join_all(cases.map(|(first, others)| hang(first, others))).await;
}

/// The first attempt meets `first`, all others of the first 5 s `others`.
async fn hang(first: Fault, others: Fault) {
    let faults = Faults::none();
    // As a function on Lambda is set, pauses included.
    let verv = Verv::with_client(&[], |endpoint| {
        let config = faults.client(endpoint).config().to_builder();
        let config = config
            .timeout_config(web::lambda::timeouts())
            .retry_config(web::lambda::retries());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    })
    .await;
    let begun = Instant::now();
    faults.set(move |operation, number| match (operation, number) {
        ("TransactWriteItems", 1) => Some(first),
        ("TransactWriteItems", _) if begun.elapsed() < Duration::from_secs(5) => Some(others),
        _ => None,
    });
    let body = json!({"mentor_id": "usr_1", "org_id": "org_1", "code": "MY-OWN"});
    verv.post(RECORDS, body).await.expect(201);
    assert!(begun.elapsed() < deadline(), "{first:?}, {others:?}");
    assert!(faults.calls("TransactWriteItems") > 2);
    faults.clear();
    assert_eq!(codes_stored(&verv).await, 1);
}
