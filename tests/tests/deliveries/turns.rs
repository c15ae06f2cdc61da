//! A receiver that hangs or fails holds up nobody else.

use crate::bed::{
    Does, ORG, Receiver, attempt_due, begin, deliverer, happen, listed, platform, register, shown,
    status,
};
use chrono::TimeDelta;
use serde_json::Value;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_receiver_that_hangs_delays_nobody_else() {
    let (verv, mut stream) = platform().await;
    let hanging = Receiver::start(|_, _| Does::Stall("")).await;
    let working = Receiver::answering(204).await;
    let (hangs, _) = register(&verv, "org_2", &hanging.url).await;
    register(&verv, ORG, &working.url).await;
    for number in 0..20 {
        happen(&verv, "org_2", &format!("usr_{number}")).await;
        happen(&verv, ORG, &format!("usr_{number}")).await;
    }
    assert_eq!(begin(&verv, &mut stream).await, 40);
    let deliverer = deliverer(&verv);
    let begun = Instant::now();
    let all = tokio::spawn({
        let deliverer = deliverer.clone();
        async move { attempt_due(&deliverer).await }
    });
    while working.got().len() < 20 {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{}",
            working.got().len()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(all.await.expect("attempts"), 40);
    let all = listed(&verv, &hangs).await;
    let errors = all.iter().map(|delivery| &delivery["attempts"][0]["error"]);
    assert!(errors.clone().all(|error| error == "timed_out"), "{all:?}");
    assert_eq!(errors.count(), 20);
}

#[tokio::test]
async fn a_receiver_that_has_failed_for_a_minute_gets_one_at_a_time() {
    let (verv, mut stream) = platform().await;
    let receiver = Receiver::answering(500).await;
    let (webhook, _) = register(&verv, ORG, &receiver.url).await;
    for number in 0..10 {
        happen(&verv, ORG, &format!("usr_{number}")).await;
    }
    begin(&verv, &mut stream).await;
    let deliverer = deliverer(&verv);
    assert_eq!(attempt_due(&deliverer).await, 10);
    verv.clock.advance(TimeDelta::seconds(10));
    assert_eq!(attempt_due(&deliverer).await, 10);
    assert_eq!(receiver.got().len(), 20, "it has just begun to fail");

    verv.clock.advance(TimeDelta::minutes(6));
    assert_eq!(attempt_due(&deliverer).await, 10);
    assert_eq!(receiver.got().len(), 21);
    // No attempt is counted for those that were put off.
    let attempts: Vec<_> = listed(&verv, &webhook)
        .await
        .iter()
        .map(|delivery| delivery["attempts"].as_array().map_or(0, Vec::len))
        .collect();
    assert_eq!(attempts.iter().filter(|number| **number == 2).count(), 9);
    assert_eq!(attempts.iter().filter(|number| **number == 3).count(), 1);

    // It works again: one success, and all others go out.
    receiver.set(|_, _| status(204, ""));
    for _ in 0..100 {
        verv.clock.advance(TimeDelta::minutes(1));
        attempt_due(&deliverer).await;
    }
    assert_eq!(shown(&verv, &webhook).await["failing_since"], Value::Null);
    for delivery in listed(&verv, &webhook).await {
        assert_eq!(delivery["status"], "delivered");
    }
    assert_eq!(receiver.got().len(), 31);
}
