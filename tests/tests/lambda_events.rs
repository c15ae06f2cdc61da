//! The function behind the table's stream: the compiled binary, driven through the Lambda Runtime
//! API with batches of the stream, in front of an endpoint that speaks EventBridge's protocol.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use chrono::TimeDelta;
use domain::WebhookTargets;
use domain::webhook::NewWebhook;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use tests::Verv;
use tests::flows::ORG;
use tests::functions::STREAM;
use tests::runtime_api::{InitFailure, Lambda};
use tests::samples::{self, Before, CLICK_ID, CODE_ID};
use tests::sqs::{QUEUE_URL, Sqs};

/// EventBridge, which refuses what it is told to.
#[derive(Clone, Default)]
struct Bridge {
    /// The entries of each call.
    calls: Arc<Mutex<Vec<Vec<Value>>>>,
    /// The ids of events that are refused.
    refused: Arc<Mutex<BTreeSet<String>>>,
    /// What every call is answered, if it fails.
    status: Arc<Mutex<Option<StatusCode>>>,
}

async fn put_events(State(bridge): State<Bridge>, headers: HeaderMap, call: String) -> Response {
    assert_eq!(headers["x-amz-target"], "AWSEvents.PutEvents");
    if let Some(status) = *bridge.status.lock().expect("a lock") {
        return (status, json!({"__type": "InternalException"}).to_string()).into_response();
    }
    let call: Value = serde_json::from_str(&call).expect("JSON");
    let entries = call["Entries"].as_array().expect("entries").clone();
    assert!((1..=10).contains(&entries.len()), "{}", entries.len());
    let refused = bridge.refused.lock().expect("a lock").clone();
    let answers: Vec<_> = entries
        .iter()
        .map(|entry| match refused.contains(&id_of(entry)) {
            true => json!({"ErrorCode": "ThrottlingException", "ErrorMessage": "busy"}),
            false => json!({"EventId": "17793124-05d4-b198-2fde-7ededc63b103"}),
        })
        .collect();
    let failed = answers
        .iter()
        .filter(|answer| answer["ErrorCode"].is_string());
    let answer = json!({"FailedEntryCount": failed.count(), "Entries": answers});
    bridge.calls.lock().expect("a lock").push(entries);
    (StatusCode::OK, answer.to_string()).into_response()
}

fn detail(entry: &Value) -> Value {
    let detail = entry["Detail"].as_str().expect("text");
    serde_json::from_str(detail).expect("JSON")
}

fn id_of(entry: &Value) -> String {
    detail(entry)["id"].as_str().expect("an id").to_owned()
}

impl Bridge {
    async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().route("/", post(put_events));
        let router = router.with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        endpoint
    }

    fn take(&self) -> Vec<Vec<Value>> {
        std::mem::take(&mut self.calls.lock().expect("a lock"))
    }
}

async fn start(verv: &Verv, bridge: &Bridge) -> Lambda {
    start_with(verv, bridge, &Sqs::default()).await
}

async fn start_with(verv: &Verv, bridge: &Bridge, sqs: &Sqs) -> Lambda {
    let (dynamodb, endpoint) = (verv.engine.endpoint(), bridge.serve().await);
    let queue = sqs.serve().await;
    let variables = [
        ("TABLE_NAME", "verv"),
        ("EVENT_BUS", "verv-events"),
        ("WEBHOOK_QUEUE_URL", QUEUE_URL),
        ("AWS_ENDPOINT_URL_SQS", &queue),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", &endpoint),
        ("AWS_ENDPOINT_URL_DYNAMODB", &dynamodb),
    ];
    let started = Lambda::start(STREAM, &variables).await;
    started.unwrap_or_else(|InitFailure(wrote)| panic!("{wrote}"))
}

fn place(batch: &Value, at: usize) -> Value {
    batch["Records"][at]["dynamodb"]["SequenceNumber"].clone()
}

fn failures(places: &[Value]) -> Value {
    let each = places.iter().map(|place| json!({"itemIdentifier": place}));
    json!({"batchItemFailures": each.collect::<Vec<_>>()})
}

#[tokio::test]
async fn events_of_the_stream_are_put_on_the_bus_with_whom_they_are_about() {
    let verv = samples::platform(Before::Member).await;
    let bridge = Bridge::default();
    let lambda = start(&verv, &bridge).await;
    let batch = samples::read("events-stream");
    let answer = lambda.invoke(&batch).await.expect("an answer");
    assert_eq!(answer, failures(&[]));
    let calls = bridge.take();
    let [entries] = &calls[..] else {
        panic!("{calls:?}")
    };
    let types: Vec<_> = entries
        .iter()
        .map(|entry| entry["DetailType"].clone())
        .collect();
    assert_eq!(
        types,
        ["code.created", "attribution.confirmed", "limit.reached"]
    );
    for entry in entries {
        assert_eq!(entry["EventBusName"], "verv-events");
        assert_eq!(entry["Source"], "verv");
        let detail = detail(entry);
        assert_eq!(
            (&detail["specversion"], &detail["type"]),
            (&json!("1.0"), &entry["DetailType"])
        );
        assert_eq!(detail["data"]["mentor_id"], "usr_4491");
    }
    assert_eq!(detail(&entries[0])["subject"], CODE_ID);
    let confirmed = detail(&entries[1]);
    assert_eq!(confirmed["subject"], CLICK_ID);
    assert_eq!(confirmed["data"]["new_member_id"], "usr_5892");
    lambda.stop().await;
}

#[tokio::test]
async fn what_the_bus_refuses_is_reported_and_nothing_else() {
    let verv = samples::platform(Before::Member).await;
    let bridge = Bridge::default();
    let lambda = start(&verv, &bridge).await;
    let mut batch = samples::read("events-stream");
    // What the filter lets through besides is no event: neither told nor a failure.
    let mut other = batch["Records"][0].clone();
    other["dynamodb"]["NewImage"]["kind"]["S"] = json!("click");
    let mut ended = batch["Records"][0].clone();
    ended["eventName"] = json!("REMOVE");
    let mut broken = batch["Records"][0].clone();
    broken["dynamodb"]["SequenceNumber"] = json!("4421584500000000017450009");
    broken["dynamodb"]["NewImage"]["change"] = json!({"M": {}});
    let records = batch["Records"].as_array_mut().expect("records");
    records.extend([other, ended, broken]);
    let second = &batch["Records"][1]["dynamodb"]["NewImage"]["sk"]["S"];
    let second = second.as_str().expect("an id").to_owned();
    bridge.refused.lock().expect("a lock").insert(second);
    let answer = lambda.invoke(&batch).await.expect("an answer");
    assert_eq!(answer, failures(&[place(&batch, 1), place(&batch, 4)]));
    assert_eq!(bridge.take().concat().len(), 3);
    lambda.stop().await;
}

#[tokio::test]
async fn a_batch_that_cannot_be_told_fails_as_a_whole() {
    let verv = samples::platform(Before::Member).await;
    let bridge = Bridge::default();
    let lambda = start(&verv, &bridge).await;
    *bridge.status.lock().expect("a lock") = Some(StatusCode::INTERNAL_SERVER_ERROR);
    let batch = samples::read("events-stream");
    let error = lambda.invoke(&batch).await.expect_err("a failure");
    assert!(error["errorMessage"].to_string().contains("bus"), "{error}");
    *bridge.status.lock().expect("a lock") = None;
    lambda.invoke(&batch).await.expect("the next try");
    lambda.stop().await;
}

/// To the organisation's webhook that is told of them, whether or not queue and bus take them.
#[tokio::test]
async fn a_delivery_begins_for_each_webhook_that_is_told_of_an_event() {
    let verv = samples::platform(Before::Member).await;
    let new = NewWebhook {
        org: ORG.parse().expect("an id"),
        url: "https://hooks.example.org/verv".parse().expect("a URL"),
        events: vec!["attribution.confirmed".to_owned()]
            .try_into()
            .expect("types"),
    };
    let store = verv.unrestricted();
    let made = store.create_webhook(new, WebhookTargets::Public, None, verv.now());
    let webhook = made.await.expect("a webhook").value.webhook.id;
    let (bridge, sqs) = (Bridge::default(), Sqs::default());
    let lambda = start_with(&verv, &bridge, &sqs).await;
    let batch = samples::read("events-stream");
    *bridge.status.lock().expect("a lock") = Some(StatusCode::INTERNAL_SERVER_ERROR);
    lambda.invoke(&batch).await.expect_err("the bus fails");
    let sent = sqs.take().concat();
    let [sent] = &sent[..] else {
        panic!("one of the three is a confirmation: {sent:?}")
    };
    assert_eq!(sent["MessageGroupId"], webhook.to_string());
    let message: Value =
        serde_json::from_str(sent["MessageBody"].as_str().expect("text")).expect("JSON");
    let confirmed = &batch["Records"][1]["dynamodb"]["NewImage"]["sk"]["S"];
    assert_eq!(
        message,
        json!({"webhook": webhook, "event": confirmed, "version": 0})
    );
    // What the queue does not take is in the table as due, and no failure.
    *bridge.status.lock().expect("a lock") = None;
    sqs.set_down(true);
    let answer = lambda.invoke(&batch).await.expect("an answer");
    assert_eq!(answer, failures(&[]));
    let shard = domain::Shard::all().find(|shard| {
        let event: domain::EventId = confirmed.as_str().expect("an id").parse().expect("an id");
        *shard == event.shard()
    });
    let far = verv.now() + TimeDelta::days(30_000);
    let due = verv
        .store
        .due_deliveries(shard.expect("a shard"), None, far, 10);
    assert_eq!(due.await.expect("the engine answers").len(), 1);
    lambda.stop().await;
}

/// A hundred records go out in calls of ten, in their order.
#[tokio::test]
async fn a_long_batch_goes_out_in_parts() {
    let verv = Verv::start().await;
    verv.clock.advance(TimeDelta::minutes(1));
    let bridge = Bridge::default();
    let lambda = start(&verv, &bridge).await;
    let first = samples::read("events-stream")["Records"][0].clone();
    let records: Vec<_> = (0..100)
        .map(|number| {
            let mut record = first.clone();
            let id = format!("evt_019d2a5bd8f070008000000000{number:02x}0003");
            record["dynamodb"]["NewImage"]["sk"] = json!({"S": id});
            record["dynamodb"]["SequenceNumber"] = json!(format!("{number:024}"));
            record
        })
        .collect();
    let answer = lambda.invoke(&json!({"Records": records})).await;
    assert_eq!(answer.expect("an answer"), failures(&[]));
    let calls = bridge.take();
    assert_eq!(calls.len(), 10);
    let ids: Vec<_> = calls.concat().iter().map(id_of).collect();
    assert!(ids.is_sorted() && ids.len() == 100);
    lambda.stop().await;
}

#[tokio::test]
async fn without_a_bus_and_a_queue_the_function_does_not_start() {
    let verv = Verv::start().await;
    let dynamodb = verv.engine.endpoint();
    let variables = [
        ("TABLE_NAME", "verv"),
        ("AWS_ENDPOINT_URL_DYNAMODB", &*dynamodb),
    ];
    let Err(InitFailure(wrote)) = Lambda::start(STREAM, &variables).await else {
        panic!("it starts without a bus");
    };
    assert!(wrote.contains("EVENT_BUS"), "{wrote}");
    let variables = [&variables[..], &[("EVENT_BUS", "verv-events")]].concat();
    let Err(InitFailure(wrote)) = Lambda::start(STREAM, &variables).await else {
        panic!("it starts without a queue");
    };
    assert!(wrote.contains("WEBHOOK_QUEUE_URL"), "{wrote}");
}
