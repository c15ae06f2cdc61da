//! What API Gateway says of a request beside its path: whose address, how the body is encoded,
//! a query that is no URI.

use serde_json::json;
use tests::flows::{ATTRIBUTIONS, CODE};
use tests::samples::{Before, CODE_ID, platform, read, replay};

#[tokio::test]
async fn the_address_of_a_click_is_the_gateways_and_never_the_clients_claim() {
    let verv = platform(Before::Code).await;
    let mut event = read("attributions-record-click");
    event["body"] = json!({"code": CODE}).to_string().into();
    event["headers"]["x-forwarded-for"] = "203.0.113.99".into();
    event["headers"]["x-real-ip"] = "203.0.113.99".into();
    event["headers"]["forwarded"] = "for=203.0.113.99".into();
    let click = replay(&verv, &event).await.expect(201);
    assert_eq!(click.string("/ip_address"), "185.12.34.56");
    assert_eq!(
        click.string("/user_agent"),
        event["headers"]["user-agent"].as_str().expect("text")
    );

    let mut event = read("short-links-follow");
    event["headers"]["x-forwarded-for"] = "203.0.113.99".into();
    event["requestContext"]["http"]["sourceIp"] = "2001:db8:1:2::5".into();
    let redirect = replay(&verv, &event).await.expect(302);
    let (_, id) = redirect
        .header("location")
        .split_once("&click=")
        .expect("a click");
    let click = verv.get(&format!("{ATTRIBUTIONS}/{id}")).await.expect(200);
    assert_eq!(click.string("/ip_address"), "2001:db8:1:2::5");
    assert_eq!(click.string("/referrer_url"), "https://instagram.com/");
}

#[tokio::test]
async fn a_body_in_base_64_is_the_same_body() {
    let verv = platform(Before::Code).await;
    let mut event = read("attributions-record-click");
    // {"code":"JAN-VERV-8F3A"}
    event["body"] = "eyJjb2RlIjoiSkFOLVZFUlYtOEYzQSJ9".into();
    event["isBase64Encoded"] = true.into();
    let click = replay(&verv, &event).await.expect(201);
    assert_eq!(click.string("/code"), CODE);
}

#[tokio::test]
async fn a_query_that_is_no_uri_is_answered_as_any_other() {
    let verv = platform(Before::Code).await;
    let mut event = read("code-records-lookup");
    event["rawQueryString"] = "code=jan verv 8f3a".into();
    assert_eq!(
        replay(&verv, &event).await.expect(200).string("/id"),
        CODE_ID
    );
    for query in [
        "code=<script>",
        "code=\"",
        "code=\u{0}",
        "code=å",
        "code=#",
        "code=\u{7f}",
    ] {
        event["rawQueryString"] = query.into();
        replay(&verv, &event).await.expect(404);
    }
}
