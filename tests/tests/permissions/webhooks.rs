//! Webhooks, registered, and the deliveries to them.

use crate::platform::Platform;
use serde_json::{Value, json};
use tests::tokens::bearer;

const WEBHOOKS: &str = "/api/v1/webhooks";

pub(crate) async fn webhooks(platform: &Platform) {
    let staff = bearer(&platform.verv, "staff_4", &["ROLE_ORG"], Some("org_004"));
    let authorization = ("authorization", staff.as_str());
    let with_key = [authorization, ("idempotency-key", "webhook")];
    let call = async |request: String, body: Value, status: u16| {
        platform.call(&request, &with_key, body, status).await
    };
    let new = json!({"org_id": "org_004", "url": "https://hooks.example/", "events": ["*"]});
    let mut kept = Value::Null;
    for _ in 0..2 {
        let again = call(format!("POST {WEBHOOKS}"), new.clone(), 201).await;
        if kept.is_null() {
            kept = again;
        }
    }
    let path = format!("{WEBHOOKS}/{}", kept["id"].as_str().expect("an id"));
    for request in [format!("GET {WEBHOOKS}"), format!("GET {path}")] {
        call(request, Value::Null, 200).await;
    }
    call(
        format!("PATCH {path}"),
        json!({"events": ["code.created"]}),
        200,
    )
    .await;
    call(format!("POST {path}/secret"), Value::Null, 200).await;
    let test = call(format!("POST {path}/test"), Value::Null, 202).await;
    call(format!("GET {path}/deliveries"), Value::Null, 200).await;
    let event = test["event_id"].as_str().expect("an id");
    let replay = format!("POST {path}/deliveries/{event}/replay");
    call(replay, Value::Null, 202).await;
    call(format!("DELETE {path}"), Value::Null, 200).await;
}
