//! How often an address may record clicks and make codes, and who is believed about an address.

use axum::http::Method;
use serde_json::{Value, json};
use tests::flows::{ATTRIBUTIONS, CODE, CODES, ORG, RECORDS};
use tests::tokens::bearer;
use tests::{Reply, Verv};

const SECRET: &str = "a-secret-between-the-cdn-and-us";

/// A platform behind a proxy that names its clients, with these settings beside.
async fn behind_a_proxy(settings: &[(&str, &str)]) -> Verv {
    let proxy = [
        ("TRUSTED_PROXY_HEADER", "x-viewer"),
        ("TRUSTED_PROXY_SECRET", SECRET),
    ];
    let verv = Verv::with_settings(&[&proxy, settings].concat()).await;
    let authorization = bearer(&verv, "root", &["ROLE_ADMIN"], None);
    let code = json!({"mentor_id": "usr_4491", "org_id": ORG, "code": CODE});
    let made = verv.call_as(&authorization, Method::POST, RECORDS, Some(code));
    made.await.expect(201);
    verv
}

/// What `viewer` sends through the proxy.
async fn from(verv: &Verv, viewer: &str, method: Method, path: &str, body: Value) -> Reply {
    let headers = [("x-viewer", viewer), ("x-verv-proxy-secret", SECRET)];
    let body = (!body.is_null()).then_some(body);
    verv.call(method, path, &headers, body).await
}

async fn click_from(verv: &Verv, viewer: &str) -> Reply {
    let click = json!({"code": CODE});
    from(verv, viewer, Method::POST, ATTRIBUTIONS, click).await
}

/// Case 5.
#[tokio::test]
async fn eleven_thousand_clicks_of_one_address_are_a_burst_and_then_the_rate() {
    let verv = behind_a_proxy(&[("CLICK_RATE", "600")]).await;
    let mut recorded = 0;
    for n in 0..11_000 {
        let reply = click_from(&verv, "192.0.2.1").await;
        match reply.status.as_u16() {
            201 => recorded += 1,
            429 => assert_eq!(reply.usage.calls, 0),
            _ => panic!("{}", reply.text),
        }
        // Nine seconds in all.
        if n % 1_100 == 1_099 {
            verv.clock.advance(chrono::TimeDelta::milliseconds(900));
        }
    }
    // 300 at once, and ten a second for the eight seconds before the last batch.
    assert_eq!(recorded, 381);
    click_from(&verv, "192.0.2.2").await.expect(201);
}

#[tokio::test]
async fn a_limit_is_told_before_and_when_it_is_reached() {
    let verv = behind_a_proxy(&[("CLICK_RATE", "6"), ("CLICK_BURST", "2")]).await;
    for (status, left) in [
        (201, "\"clicks\";r=1;t=10"),
        (201, "\"clicks\";r=0;t=20"),
        (429, "\"clicks\";r=0;t=20"),
    ] {
        let reply = click_from(&verv, "192.0.2.1").await.expect(status);
        assert_eq!(reply.header("ratelimit-policy"), "\"clicks\";q=2;w=20");
        assert_eq!(reply.header("ratelimit"), left);
        let retry = if status == 429 { "10" } else { "" };
        assert_eq!(reply.header("retry-after"), retry);
        if status == 429 {
            assert_eq!(reply.string("/code"), "too_many_requests");
        }
    }
    verv.clock.advance(chrono::TimeDelta::seconds(10));
    click_from(&verv, "192.0.2.1").await.expect(201);
}

#[tokio::test]
async fn staff_and_trusted_addresses_have_no_rate() {
    let settings = [
        ("API_ACCESS", "token"),
        ("CLICK_RATE", "1"),
        ("CLICK_BURST", "1"),
        ("TRUSTED_ADDRESSES", "198.51.100.0/24, 2001:db8::7"),
    ];
    let verv = behind_a_proxy(&settings).await;
    for trusted in ["198.51.100.77", "2001:db8::7"] {
        for _ in 0..3 {
            click_from(&verv, trusted).await.expect(201);
        }
    }
    click_from(&verv, "192.0.2.1").await.expect(201);
    click_from(&verv, "192.0.2.1").await.expect(429);
    for (role, status) in [("ROLE_ORG", 201), ("ROLE_CUSTOMER", 429)] {
        let authorization = bearer(&verv, "usr_1", &[role], Some(ORG));
        let headers = [
            ("x-viewer", "192.0.2.1"),
            ("x-verv-proxy-secret", SECRET),
            ("authorization", authorization.as_str()),
        ];
        let click = Some(json!({"code": CODE}));
        let reply = verv.call(Method::POST, ATTRIBUTIONS, &headers, click).await;
        reply.expect(status);
    }
}

#[tokio::test]
async fn new_codes_have_a_rate_of_their_own() {
    let verv = behind_a_proxy(&[("CODE_RATE", "6"), ("CODE_BURST", "2")]).await;
    for (n, path, status) in [
        (0, CODES, 201),
        (1, RECORDS, 201),
        (2, CODES, 429),
        (3, RECORDS, 429),
    ] {
        let mut pair = json!({"mentor_id": format!("usr_{n}"), "org_id": ORG});
        if path == RECORDS {
            pair["code"] = json!(format!("OWN-{n}"));
        }
        let reply = from(&verv, "192.0.2.1", Method::POST, path, pair).await;
        let reply = reply.expect(status);
        assert_eq!(reply.header("ratelimit-policy"), "\"codes\";q=2;w=20");
    }
    click_from(&verv, "192.0.2.1").await.expect(201);
}

#[tokio::test]
async fn whoever_does_not_prove_to_be_the_proxy_is_taken_as_seen() {
    let verv = behind_a_proxy(&[]).await;
    let click = click_from(&verv, "192.0.2.1:4711").await.expect(201);
    assert_eq!(click.string("/ip_address"), "192.0.2.1");
    for secret in ["", "a-secret-between-the-cdn-and-uS"] {
        let headers = [("x-viewer", "192.0.2.1"), ("x-verv-proxy-secret", secret)];
        let body = Some(json!({"code": CODE}));
        let click = verv.call(Method::POST, ATTRIBUTIONS, &headers, body).await;
        assert_eq!(click.expect(201).string("/ip_address"), "127.0.0.1");
    }
}

/// Case 7, for people.
#[tokio::test]
async fn a_person_reads_a_page_when_links_are_followed_too_often() {
    let settings = [
        ("CLICK_RATE", "6"),
        ("CLICK_BURST", "1"),
        ("MISS_LIMIT", "1"),
    ];
    let verv = behind_a_proxy(&settings).await;
    let link = format!("/r/{CODE}");
    let follow =
        async |viewer: &str, path: &str| from(&verv, viewer, Method::GET, path, Value::Null).await;
    follow("192.0.2.1", &link).await.expect(302);
    let rate = follow("192.0.2.1", &link).await.expect(429);
    assert_eq!(rate.header("retry-after"), "10");
    follow("192.0.2.2", "/r/UNKNOWN-1").await.expect(404);
    verv.clock.advance(chrono::TimeDelta::seconds(10));
    let misses = follow("192.0.2.2", &link).await.expect(429);
    assert_eq!(misses.header("retry-after"), "50");
    assert_eq!(misses.header("ratelimit-policy"), "\"misses\";q=1;w=60");
    assert_eq!(misses.header("ratelimit"), "\"misses\";r=0;t=50");
    for page in [rate, misses] {
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(
            page.text.contains("<h1>Too many visits</h1>"),
            "{}",
            page.text
        );
    }
}
