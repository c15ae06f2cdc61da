//! API keys, and each function's recognition of them.

use crate::platform::Platform;
use axum::body::Body;
use axum::http::Request;
use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::tokens::bearer;
use tower::ServiceExt;

const KEYS: &str = "/api/v1/api-keys";

pub(crate) async fn api_keys(platform: &Platform) {
    let staff = staff_of(platform);
    let authorization = ("authorization", staff.as_str());
    let post = format!("POST {KEYS}");
    let new = json!({"org_id": "org_004", "name": "Server", "scopes": SCOPES});
    let with_key = [authorization, ("idempotency-key", "server")];
    let mut made = Value::Null;
    for _ in 0..2 {
        let again = platform.call(&post, &with_key, new.clone(), 201).await;
        if made.is_null() {
            made = again;
        }
    }
    let path = format!("{KEYS}/{}", made["id"].as_str().expect("an id"));
    for request in [format!("GET {KEYS}"), format!("GET {path}")] {
        platform
            .call(&request, &[authorization], Value::Null, 200)
            .await;
    }
    let used = format!("Bearer {}", made["key"].as_str().expect("a key"));
    recognised(platform, &used).await;
    let delete = format!("DELETE {path}");
    let staff = staff_of(platform);
    let authorization = ("authorization", staff.as_str());
    platform
        .call(&delete, &[authorization], Value::Null, 200)
        .await;
}

/// A token that is valid for an hour from now.
fn staff_of(platform: &Platform) -> String {
    bearer(&platform.verv, "staff_4", &["ROLE_ORG"], Some("org_004"))
}

const SCOPES: [&str; 2] = ["codes:read", "clicks:write"];

/// A request with the key `used` at each function, first of its process and of the day: where
/// tokens are required, all but the short links' tell whose it is.
async fn recognised(platform: &Platform, used: &str) {
    for (route, router) in &platform.restricted {
        platform.wait(TimeDelta::days(1));
        let request = Request::builder()
            .method(route.method.clone())
            .uri(route.path.replace(['{', '}'], ""))
            .header("authorization", used)
            .header("companyid", "org_004")
            .body(Body::empty())
            .expect("a request");
        let answer = router.clone().oneshot(request).await.expect("infallible");
        assert_ne!(answer.status().as_u16(), 401, "{route}");
    }
}
