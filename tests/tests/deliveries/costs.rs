//! What a delivery costs, from the event to its end: the same however many there are.

use crate::bed::{
    ORG, Receiver, attempt_due, begin, deliverer, happen, platform, register, status,
};
use chrono::TimeDelta;
use store::metered;

#[tokio::test]
async fn a_delivery_costs_no_more_than_the_guide_says() {
    let (verv, mut stream) = platform().await;
    let receiver = Receiver::answering(204).await;
    register(&verv, ORG, &receiver.url).await;
    let deliverer = deliverer(&verv);
    for number in 0..60 {
        happen(&verv, ORG, &format!("usr_{number}")).await;
        if number % 20 > 0 {
            begin(&verv, &mut stream).await;
            attempt_due(&deliverer).await;
            continue;
        }
        // The webhooks of an organisation are held for ten seconds.
        verv.clock.advance(TimeDelta::seconds(11));
        let (begun, usage) = metered(begin(&verv, &mut stream)).await;
        assert_eq!(begun, 1);
        assert!(
            usage.read_units <= 1.0 && usage.write_units <= 4.0,
            "{usage:?}"
        );
        let due = deliverer.due().await.expect("what is due");
        let (attempted, usage) = metered(deliverer.attempt(due[0].into())).await;
        attempted.expect("the engine answers");
        assert!(
            usage.read_units <= 3.0 && usage.write_units <= 10.0,
            "{usage:?}"
        );
    }
    receiver.set(|_, _| status(500, ""));
    happen(&verv, ORG, "usr_60").await;
    begin(&verv, &mut stream).await;
    let due = deliverer.due().await.expect("what is due");
    let (attempted, usage) = metered(deliverer.attempt(due[0].into())).await;
    attempted.expect("the engine answers");
    // That the receiver has begun to fail is noted as well.
    assert!(
        usage.read_units <= 4.0 && usage.write_units <= 14.0,
        "{usage:?}"
    );
    assert_eq!(receiver.got().len(), 61);
}
