//! Webhooks: what an organisation has few of, and the deliveries to one, of which there are many.

use super::{BY_ID, Budget, LIST, Measured, budget};
use axum::http::Method;
use domain::Delivery;
use serde_json::json;
use tests::Verv;
use tests::flows::ORG;

const WEBHOOKS: &str = "/api/v1/webhooks";

/// The webhook in the table and in index 2, and the organisation's count of them.
const CREATE: Budget = budget(2, 2.0, 8.0);
const CHANGE: Budget = budget(2, 2.0, 6.0);
const DELETE: Budget = budget(2, 2.0, 8.0);
/// The webhook, the delivery in the table and among the due ones.
const SEND: Budget = budget(3, 3.0, 6.0);
/// The webhook, and a page of deliveries of one kibibyte at most with some attempts.
const DELIVERIES: Budget = budget(2, 16.0, 0.0);

pub(crate) async fn registered(verv: &Verv, measured: &mut Measured) {
    let new = json!({"org_id": ORG, "url": "https://hooks.example/", "events": ["*"]});
    let made = verv.post(WEBHOOKS, new).await;
    measured.take("create a webhook", CREATE, &made);
    let path = format!("{WEBHOOKS}/{}", made.string("/id"));
    measured.take("webhook by id", BY_ID, &verv.get(&path).await);
    let list = verv.get(&format!("{WEBHOOKS}?org_id={ORG}")).await;
    measured.take("webhooks of an org", LIST, &list);
    let post = async |path: String| verv.call(Method::POST, &path, &[], None).await;
    let rotated = post(format!("{path}/secret")).await;
    measured.take("rotate a webhook's secret", CHANGE, &rotated);
    let id = made.string("/id").parse().expect("an id");
    let webhook = verv.unrestricted().find_webhook(id).await;
    let webhook = webhook.expect("the engine answers").expect("a webhook");
    for _ in 0..100 {
        let delivery = Delivery::test(&webhook, verv.now());
        let begun = verv.store.begin_delivery(&delivery).await;
        assert!(begun.expect("the engine answers"));
    }
    let test = post(format!("{path}/test")).await;
    measured.take("test a webhook", SEND, &test);
    let event = test.string("/event_id");
    let replayed = post(format!("{path}/deliveries/{event}/replay")).await;
    measured.take("replay a delivery", SEND, &replayed);
    let listed = verv.get(&format!("{path}/deliveries")).await;
    assert_eq!(listed.json()["data"].as_array().map(Vec::len), Some(20));
    measured.take("deliveries", DELIVERIES, &listed);
    let change = json!({"status": "disabled"});
    measured.take("change a webhook", CHANGE, &verv.patch(&path, change).await);
    measured.take("delete a webhook", DELETE, &verv.delete(&path).await);
}
