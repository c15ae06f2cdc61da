//! Deliveries to webhooks: begun, attempted, and found due.

use crate::platform::Platform;
use chrono::TimeDelta;
use domain::WebhookTargets;
use domain::delivery::NextAttempt;
use serde_json::json;
use std::sync::Arc;
use tests::flows::ORG;
use tests::samples;
use tests::tokens::bearer;
use webhooks::Deliverer;
use webhooks::connect::SystemResolver;
use webhooks::receiver::Receivers;

pub(crate) async fn deliveries(platform: &Platform) {
    let staff = bearer(&platform.verv, "staff", &["ROLE_ORG"], Some(ORG));
    // Nobody listens at the discard port: the receiver fails.
    let new = json!({"org_id": ORG, "url": "http://127.0.0.1:9/", "events": ["*"]});
    let authorization = [("authorization", staff.as_str())];
    let request = "POST /api/v1/webhooks";
    platform.call(request, &authorization, new, 201).await;
    let told = events::stream::read(&samples::read("events-stream")).told;
    let now = platform.verv.now();
    let stream = &platform.stream.0;
    let begun = events::deliveries::begin(stream, &told, NextAttempt::at(now), now).await;
    assert_eq!((begun.due.len(), begun.failed.len()), (3, 0));

    let deliverer = Deliverer {
        store: platform.queued.0.clone(),
        clock: platform.verv.clock.clone(),
        receivers: Receivers::new(WebhookTargets::Any, Arc::new(SystemResolver)),
        queue: None,
    };
    // The second time, the receiver gets one at a time.
    for _ in 0..2 {
        let due = deliverer.due().await.expect("the engine answers");
        assert!(due.len() >= 3, "{due:?}");
        for due in due {
            let attempted = deliverer.attempt(due.into()).await;
            attempted.expect("the engine answers");
        }
        platform.wait(TimeDelta::minutes(2));
    }
}
