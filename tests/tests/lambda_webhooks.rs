//! The function behind the queue of deliveries: the compiled binary, driven through the Lambda
//! Runtime API with batches of the queue and with the schedule's event, in front of an endpoint
//! that speaks SQS's protocol.
//!
//! On Lambda only receivers at public addresses are called, so that none of this machine can be:
//! here attempts are refused before they connect. What receivers do is in `deliveries`.

use domain::webhook::NewWebhook;
use domain::{Delivery, DeliveryStatus, Endpoint, EventId, Webhook, WebhookTargets};
use serde_json::{Value, json};
use store::items;
use tests::Verv;
use tests::flows::ORG;
use tests::functions::QUEUED;
use tests::runtime_api::{InitFailure, Lambda};
use tests::samples::{self, Before, WEBHOOK_ID};
use tests::sqs::{QUEUE_URL, Sqs};

async fn start(verv: &Verv, sqs: &Sqs) -> Lambda {
    let (dynamodb, queue) = (verv.engine.endpoint(), sqs.serve().await);
    let variables = [
        ("TABLE_NAME", "verv"),
        ("WEBHOOK_QUEUE_URL", QUEUE_URL),
        ("AWS_ENDPOINT_URL_SQS", &queue),
        ("AWS_ENDPOINT_URL_DYNAMODB", &dynamodb),
    ];
    let started = Lambda::start(QUEUED, &variables).await;
    started.unwrap_or_else(|InitFailure(wrote)| panic!("{wrote}"))
}

/// A platform with the sample's webhook, whose receiver is said to be on this machine, and the
/// deliveries of the sample's events to it.
async fn platform() -> (Verv, Vec<EventId>) {
    let verv = samples::platform(Before::Member).await;
    let new = NewWebhook {
        org: ORG.parse().expect("an id"),
        url: "https://127.0.0.1:9/verv".parse().expect("a URL"),
        events: vec!["*".to_owned()].try_into().expect("types"),
    };
    let made = new.issue(WebhookTargets::Public, verv.now());
    let made = made.expect("a webhook");
    let webhook = Webhook {
        id: WEBHOOK_ID.parse().expect("an id"),
        ..made.webhook
    };
    let endpoint = Endpoint { webhook, ..made };
    verv.put_items(vec![items::of_webhook(&endpoint).expect("an item")])
        .await;
    let told = events::stream::read(&samples::read("events-stream")).told;
    let ids = told.iter().map(|told| told.event.id).collect();
    let next = domain::delivery::NextAttempt::at(verv.now());
    let begun = events::deliveries::begin(&verv.store, &told, next, verv.now()).await;
    assert_eq!(begun.due.len(), 3);
    (verv, ids)
}

async fn delivery(verv: &Verv, event: EventId) -> Delivery {
    let webhook = WEBHOOK_ID.parse().expect("an id");
    let key = domain::delivery::DeliveryKey { webhook, event };
    let found = verv.store.find_delivery(key).await;
    found.expect("the engine answers").expect("a delivery")
}

#[tokio::test]
async fn a_message_is_one_attempt_and_its_retry_waits_in_the_queue() {
    let (verv, events) = platform().await;
    let sqs = Sqs::default();
    let lambda = start(&verv, &sqs).await;
    let mut batch = samples::read("webhooks-queue");
    // What cannot be read comes again; what nobody knows any more does not.
    let records = batch["Records"].as_array_mut().expect("records");
    let mut broken = records[0].clone();
    broken["messageId"] = json!("broken");
    broken["body"] = json!("{}");
    let mut unknown = records[0].clone();
    unknown["messageId"] = json!("unknown");
    let body = json!({
        "webhook": WEBHOOK_ID, "event": "evt_019d2a5bd8f070008000000000990003", "version": 0,
    });
    unknown["body"] = json!(body.to_string());
    records.extend([broken, unknown]);
    let answer = lambda.invoke(&batch).await.expect("an answer");
    let failures = json!({"batchItemFailures": [{"itemIdentifier": "broken"}]});
    assert_eq!(answer, failures);
    let mut retries = 0;
    for event in &events {
        let delivery = delivery(&verv, *event).await;
        assert_eq!(delivery.status, DeliveryStatus::Pending);
        retries += delivery.attempts.len();
        for attempt in &delivery.attempts {
            let error = format!("{:?}", attempt.result);
            assert!(error.contains("AddressRefused"), "{error}");
        }
    }
    assert_eq!(retries, 2, "the sample has messages for two of the three");
    let sent = sqs.take().concat();
    assert_eq!(sent.len(), retries);
    for message in &sent {
        assert_eq!(message["MessageGroupId"], WEBHOOK_ID);
        let delay = message["DelaySeconds"].as_u64();
        // Five seconds, up to a tenth more by chance, and never early.
        assert!((5..=6).contains(&delay.expect("seconds")), "{delay:?}");
        let body: Value =
            serde_json::from_str(message["MessageBody"].as_str().expect("text")).expect("JSON");
        assert_eq!(body["version"], 2);
    }
    // The same messages again are attempts that were made.
    batch["Records"]
        .as_array_mut()
        .expect("records")
        .truncate(2);
    let answer = lambda.invoke(&batch).await.expect("an answer");
    assert_eq!(answer, json!({"batchItemFailures": []}));
    assert_eq!(sqs.take().concat().len(), 0);
    lambda.stop().await;
}

#[tokio::test]
async fn the_schedule_queues_what_is_due() {
    let (verv, _) = platform().await;
    let sqs = Sqs::default();
    let lambda = start(&verv, &sqs).await;
    let event = samples::read("webhooks-due");
    let answer = lambda.invoke(&event).await.expect("an answer");
    assert_eq!(answer, json!({"picked_up": 3}));
    assert_eq!(sqs.take().concat().len(), 3);
    sqs.set_down(true);
    let error = lambda.invoke(&event).await.expect_err("a failure");
    assert!(
        error["errorMessage"].to_string().contains("queued"),
        "{error}"
    );
    sqs.set_down(false);
    lambda.invoke(&event).await.expect("the next run");
    assert_eq!(
        sqs.take().concat().len(),
        3,
        "what is not attempted is due still"
    );
    lambda.stop().await;
}

#[tokio::test]
async fn without_a_queue_or_with_any_receivers_the_function_does_not_start() {
    let verv = Verv::start().await;
    let dynamodb = verv.engine.endpoint();
    let base = [
        ("TABLE_NAME", "verv"),
        ("AWS_ENDPOINT_URL_DYNAMODB", &*dynamodb),
    ];
    for (variable, value) in [("WEBHOOK_QUEUE_URL", ""), ("WEBHOOK_TARGETS", "any")] {
        let variables = [&base[..], &[(variable, value)]].concat();
        let Err(InitFailure(wrote)) = Lambda::start(QUEUED, &variables).await else {
            panic!("it starts with {variable}={value}");
        };
        assert!(wrote.contains(variable), "{wrote}");
    }
}
