//! Nothing is lost and nothing is made up: with the process killed before and after every call of
//! DynamoDB, and when DynamoDB conflicts, throttles or loses its answers.

use crate::bed::{
    ORG, Receiver, attempt_due, begin, deliverer, happen, listed, message, pending, register, shown,
};
use chrono::TimeDelta;
use domain::delivery::NextAttempt;
use local::stream::Stream;
use serde_json::Value;
use std::collections::BTreeSet;
use store::UnscopedStore;
use tests::Verv;
use tests::faults::{Fault, Faults};
use tests::gate::{Gate, Stop};

/// Runs `work`, killed at `stop`; whether it was.
async fn killed(gate: &Gate, stop: Stop, work: impl Future<Output = ()>) -> bool {
    gate.arm(stop);
    let is_killed = tokio::select! {
        biased;
        () = gate.stopped(), if stop != Stop::Never => true,
        () = work => false,
    };
    gate.arm(Stop::Never);
    is_killed
}

/// Every stop from the first call on, two for each.
fn stops() -> impl Iterator<Item = Stop> {
    (0..).flat_map(|call| [Stop::Before(call), Stop::After(call)])
}

/// A batch of the stream that is killed comes again.
#[tokio::test]
async fn a_killed_batch_of_the_stream_begins_each_delivery_once() {
    let gate = Gate::new();
    let verv = Verv::with_client(&[], |endpoint| gate.client(endpoint)).await;
    let verv = verv.as_platform();
    let mut stream = Stream::open(&verv.engine, "verv").await.expect("a stream");
    let receiver = Receiver::answering(204).await;
    let (webhook, _) = register(&verv, ORG, &receiver.url).await;
    register(&verv, ORG, &receiver.url).await;
    happen(&verv, ORG, "usr_1").await;
    happen(&verv, ORG, "usr_2").await;
    let batch = stream.read().expect("a batch");
    let told = events::stream::read(&batch).told;
    let mut kills = 0;
    for stop in stops() {
        let store = UnscopedStore::new(gate.client(&verv.engine.endpoint()), "verv");
        let next = NextAttempt::at(verv.now());
        let work = async {
            events::deliveries::begin(&store, &told, next, verv.now()).await;
        };
        if !killed(&gate, stop, work).await {
            break;
        }
        kills += 1;
    }
    assert!(kills >= 10, "{kills}");
    assert_eq!(attempt_due(&deliverer(&verv)).await, 4);
    assert_eq!(receiver.got().len(), 4);
    assert_eq!(listed(&verv, &webhook).await.len(), 2);
}

#[tokio::test]
async fn a_killed_attempt_is_made_again_a_minute_later_under_its_id() {
    let gate = Gate::new();
    let verv = Verv::with_client(&[], |endpoint| gate.client(endpoint)).await;
    let verv = verv.as_platform();
    let mut stream = Stream::open(&verv.engine, "verv").await.expect("a stream");
    let receiver = Receiver::answering(204).await;
    let (webhook, _) = register(&verv, ORG, &receiver.url).await;
    let mut kills = 0;
    for (number, stop) in stops().enumerate() {
        let before = receiver.got().len();
        happen(&verv, ORG, &format!("usr_{number}")).await;
        begin(&verv, &mut stream).await;
        let due = message(&pending(&verv).await);
        let deliverer = deliverer(&verv);
        let work = async { deliverer.attempt(due).await.expect("an answer") };
        let is_killed = killed(&gate, stop, work).await;
        kills += usize::from(is_killed);
        // Its message comes again, and what that does not find the schedule does.
        deliverer.attempt(due).await.expect("an answer");
        verv.clock.advance(TimeDelta::seconds(61));
        attempt_due(&deliverer).await;
        let got = receiver.got().split_off(before);
        let ids: BTreeSet<_> = got.iter().map(|got| got.id()).collect();
        assert_eq!(ids.len(), 1, "{stop:?}");
        assert!(got.len() <= 2, "{stop:?}: {}", got.len());
        let newest = &listed(&verv, &webhook).await[0];
        assert_eq!(newest["status"], "delivered", "{stop:?} {newest}");
        assert_eq!(attempt_due(&deliverer).await, 0, "{stop:?}");
        if !is_killed {
            break;
        }
    }
    assert!(kills >= 8, "{kills}");
}

#[tokio::test]
async fn lost_answers_conflicts_and_throttles_are_one_attempt() {
    for fault in [
        Fault::LostAnswer,
        Fault::LateAnswer,
        Fault::Throttled,
        Fault::InternalError,
    ] {
        for operation in ["GetItem", "PutItem"] {
            let faults = Faults::none();
            let verv = Verv::through(&faults).await.as_platform();
            let mut stream = Stream::open(&verv.engine, "verv").await.expect("a stream");
            let receiver = Receiver::answering(500).await;
            let (webhook, _) = register(&verv, ORG, &receiver.url).await;
            happen(&verv, ORG, "usr_1").await;
            // Each call of the kind meets it the first time.
            faults.set(move |called, number| {
                (called == operation && number % 2 == 1).then_some(fault)
            });
            begin(&verv, &mut stream).await;
            let due = message(&pending(&verv).await);
            let attempted = deliverer(&verv).attempt(due).await;
            faults.clear();
            attempted.expect("the next try is answered");
            let what = format!("{fault:?} of {operation}");
            assert_eq!(receiver.got().len(), 1, "{what}");
            let listed = listed(&verv, &webhook).await;
            assert_eq!(
                listed[0]["attempts"].as_array().map(Vec::len),
                Some(1),
                "{what}"
            );
            assert_eq!(listed[0]["attempts"][0]["status"], 500, "{what}");
            assert_ne!(shown(&verv, &webhook).await["failing_since"], Value::Null);
        }
    }
}
