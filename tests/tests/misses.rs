//! Whoever guesses codes is slowed down, and nobody else.

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request};
use local::engine;
use serde_json::json;
use std::net::SocketAddr;
use store::UnscopedStore;
use tests::gate::{Gate, Stop};
use tests::tokens::bearer;
use tests::{Reply, Verv};
use tower::ServiceExt;
use web::App;

const VALIDATE: &str = "/gafapay/v3/reward_promotion/validate_referral_code";
const COMPANY: &str = "59388167894b4d10a04fe5da3b8a2104";

fn guess(code: &str) -> Request<Body> {
    let body = json!({"referral_code": code, "user_type": 2}).to_string();
    Request::post(VALIDATE)
        .header("companyid", COMPANY)
        .body(Body::from(body))
        .expect("a request")
}

/// Sends `request` from `peer`, whatever its headers claim.
async fn from(app: &App, peer: &str, mut request: Request<Body>) -> (u16, String) {
    let peer: SocketAddr = peer.parse().expect("an address");
    request.extensions_mut().insert(ConnectInfo(peer));
    let response = match local::router(app.clone()).oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let retry = response.headers().get("retry-after");
    let retry = retry.and_then(|value| value.to_str().ok()).unwrap_or("");
    (response.status().as_u16(), retry.to_owned())
}

async fn with_a_code() -> (Verv, String) {
    let verv = Verv::start().await;
    let pair = json!({"mentor_id": "usr_1", "org_id": COMPANY});
    let code = verv.post("/api/v1/referral-codes", pair).await.expect(201);
    let code = code.string("/code");
    (verv, code)
}

#[tokio::test]
async fn ten_thousand_guesses_end_at_twenty_and_leave_others_alone() {
    let (verv, code) = with_a_code().await;
    let mut refused = 0;
    for n in 0..10_000 {
        // A header of the caller's own changes nothing.
        let mut request = guess(&format!("GUESS-{n:05}"));
        let claimed = format!("10.9.{}.{}", n / 250, n % 250);
        let claimed = claimed.parse().expect("a value");
        request.headers_mut().insert("x-forwarded-for", claimed);
        let (status, retry) = from(&verv.app(), "185.12.34.56:1000", request).await;
        match status {
            422 => {}
            429 => {
                refused += 1;
                assert_eq!(retry, "60");
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(refused, 9_980);
    let known = from(&verv.app(), "185.12.34.56:1000", guess(&code)).await;
    assert_eq!(known.0, 429, "not even a right guess gets through");
    let other = from(&verv.app(), "185.12.34.57:1000", guess(&code)).await;
    assert_eq!(other.0, 200);
    verv.clock.advance(chrono::TimeDelta::seconds(60));
    let later = from(&verv.app(), "185.12.34.56:1000", guess(&code)).await;
    assert_eq!(later.0, 200, "the next minute is a new one");
}

/// Must be true: a flood of guesses is refused, and nobody else feels it.
#[tokio::test]
async fn ten_thousand_guesses_four_hundred_at_once_leave_everyone_else_alone() {
    let settings = [
        ("API_ACCESS", "token"),
        ("TRUSTED_ADDRESSES", "198.51.100.0/24"),
    ];
    let verv = Verv::with_settings(&settings).await;
    let staff = bearer(&verv, "staff", &["ROLE_ORG"], Some(COMPANY));
    let customer = bearer(&verv, "usr_9", &["ROLE_CUSTOMER"], Some(COMPANY));
    let pair = json!({"mentor_id": "usr_1", "org_id": COMPANY});
    let made = verv.call_as(&staff, Method::POST, "/api/v1/referral-codes", Some(pair));
    let code = made.await.expect(201).string("/code");
    let (app, guesser) = (verv.app(), "185.12.34.56:1000");
    let named = |authorization: &str, code: &str| {
        let mut request = guess(code);
        let value = authorization.parse().expect("a value");
        request.headers_mut().insert("authorization", value);
        request
    };
    let (mut tested, mut refused) = (0, 0);
    for batch in 0..25 {
        let codes: Vec<_> = (0..400).map(|n| format!("GUESS-{batch}-{n}")).collect();
        let guesses = codes.iter().map(|code| from(&app, guesser, guess(code)));
        for (status, _) in futures::future::join_all(guesses).await {
            match status {
                422 => tested += 1,
                429 => refused += 1,
                other => panic!("{other}"),
            }
        }
        let known = from(&app, guesser, guess(&code)).await;
        assert_eq!(known.0, 429, "a right guess is not told either");
        for (peer, request) in [
            ("185.12.34.57:1000", guess(&code)),
            (guesser, named(&customer, &code)),
            (guesser, named(&staff, &code)),
            ("198.51.100.7:1", guess(&code)),
        ] {
            assert_eq!(from(&app, peer, request).await.0, 200, "{peer}");
        }
    }
    assert_eq!((tested, refused), (20, 9_980));
    // A server whose users mistype has no limit, staff neither; a customer has their own.
    for n in 0..60 {
        let wrong = format!("WRONG-{n}");
        let trusted = from(&app, "198.51.100.7:1", guess(&wrong)).await;
        let staffs = from(&app, guesser, named(&staff, &wrong)).await;
        let own = from(&app, "185.12.34.58:1", named(&customer, &wrong)).await;
        assert_eq!((trusted.0, staffs.0), (422, 422), "{n}");
        assert_eq!(own.0, if n < 20 { 422 } else { 429 }, "{n}");
    }
}

/// Many people behind one address, whose links all work, wait for nobody's misses.
#[tokio::test]
async fn lookups_that_find_their_code_are_not_limited() {
    let (verv, code) = with_a_code().await;
    let app = verv.app();
    let lookups = (0..400).map(|_| from(&app, "185.12.34.56:1", guess(&code)));
    let answers = futures::future::join_all(lookups).await;
    assert!(answers.iter().all(|(status, _)| *status == 200));
}

#[tokio::test]
async fn guesses_side_by_side_get_no_further() {
    let (verv, _) = with_a_code().await;
    let app = verv.app();
    let codes: Vec<String> = (0..300).map(|n| format!("GUESS-{n:05}")).collect();
    let guesses = codes
        .iter()
        .map(|code| from(&app, "185.12.34.56:1", guess(code)));
    let answers = futures::future::join_all(guesses).await;
    let looked_up = answers.iter().filter(|(status, _)| *status == 422).count();
    assert_eq!(looked_up, 20);
}

/// Fifteen processes, each with a request at a time, as on Lambda: none of them sees another's
/// miss before all have looked their code up.
#[tokio::test]
async fn what_processes_test_beyond_the_limit_is_paid_in_the_next_minutes() {
    let verv = Verv::with_settings(&[("MISS_LIMIT", "5")]).await;
    let pair = json!({"mentor_id": "usr_1", "org_id": COMPANY});
    let made = verv.post("/api/v1/referral-codes", pair).await;
    let code = made.expect(201).string("/code");
    let guesser = "185.12.34.56:1";
    let mut guesses = Vec::new();
    for n in 0..15 {
        let gate = Gate::new();
        // After the code and the counter, which are read side by side.
        gate.arm(Stop::Before(2));
        let client = gate.client(&verv.engine.endpoint());
        let app = verv.app_on(UnscopedStore::new(client, "verv"));
        let request = guess(&format!("GUESS-{n}"));
        let answer = tokio::spawn(async move { from(&app, guesser, request).await.0 });
        gate.stopped().await;
        guesses.push((gate, answer));
    }
    let mut told = 0;
    for (gate, answer) in guesses {
        gate.release();
        match answer.await.expect("an answer") {
            422 => told += 1,
            status => assert_eq!(status, 429),
        }
    }
    assert_eq!(told, 5, "the others are not told that they missed");
    for expected in [429, 429, 429, 200] {
        let known = from(&verv.app(), guesser, guess(&code)).await;
        assert_eq!(known.0, expected);
        verv.clock.advance(chrono::TimeDelta::seconds(60));
    }
}

#[tokio::test]
async fn another_process_knows_of_the_misses() {
    let (verv, code) = with_a_code().await;
    for n in 0..20 {
        let request = guess(&format!("GUESS-{n:05}"));
        assert_eq!(
            from(&verv.app(), "[2001:db8:1:2::1]:1", request).await.0,
            422
        );
    }
    let store = UnscopedStore::new(engine::client(&verv.engine.endpoint()), "verv");
    let app = verv.app_on(store);
    let same_network = from(&app, "[2001:db8:1:2:9::9]:1", guess(&code)).await;
    assert_eq!(same_network.0, 429);
    let other_network = from(&app, "[2001:db8:1:3::1]:1", guess(&code)).await;
    assert_eq!(other_network.0, 200);
}

#[tokio::test]
async fn every_route_that_looks_up_a_code_counts() {
    let routes: [(&str, Method, &str, Option<serde_json::Value>); 5] = [
        (
            "lookup",
            Method::GET,
            "/api/v1/referral-code-records/lookup?code=NO-SUCH-1",
            None,
        ),
        (
            "click",
            Method::POST,
            "/api/v1/referral-attributions",
            Some(json!({"code": "NO-SUCH-1"})),
        ),
        ("redirect", Method::GET, "/r/NO-SUCH-1", None),
        ("look", Method::HEAD, "/r/NO-SUCH-1", None),
        (
            "user",
            Method::GET,
            "/gafapay/v3/reward_promotion/user_referral_code?referral_code=NO-SUCH-1",
            None,
        ),
    ];
    for (name, method, path, body) in routes {
        let verv = Verv::with_settings(&[("MISS_LIMIT", "3")]).await;
        let token = bearer(&verv, "usr_1", &["ROLE_CUSTOMER"], None);
        let headers = [("companyid", COMPANY), ("authorization", token.as_str())];
        let mut last: Option<Reply> = None;
        for n in 0..4 {
            let reply = verv
                .call(method.clone(), path, &headers, body.clone())
                .await;
            let expected = if n < 3 { 404 } else { 429 };
            assert_eq!(
                reply.status.as_u16(),
                expected,
                "{name} {n}: {}",
                reply.text
            );
            last = Some(reply);
        }
        let last = last.expect("a reply");
        assert_eq!(last.header("retry-after"), "60", "{name}");
        assert_eq!(last.usage.write_units, 0.0, "{name}");
    }
}

#[tokio::test]
async fn no_limit_counts_nothing() {
    let verv = Verv::with_settings(&[("MISS_LIMIT", "0")]).await;
    for n in 0..40 {
        let path = format!("/api/v1/referral-code-records/lookup?code=NO-SUCH-{n}");
        let reply = verv.get(&path).await.expect(404);
        assert_eq!(reply.usage.write_units, 0.0);
        assert_eq!(reply.usage.calls, 1);
    }
}

#[tokio::test]
async fn a_code_that_exists_costs_no_trip_and_no_write_more() {
    let (verv, code) = with_a_code().await;
    let headers = [("companyid", COMPANY)];
    let body = json!({"referral_code": code, "user_type": 2});
    let validate = verv
        .call(Method::POST, VALIDATE, &headers, Some(body))
        .await
        .expect(200)
        .usage;
    assert_eq!(
        (validate.trips, validate.write_units),
        (1, 0.0),
        "{validate:?}"
    );
    assert!(validate.read_units <= 2.0, "{validate:?}");

    let path = format!("/api/v1/referral-code-records/lookup?code={code}");
    let lookup = verv.get(&path).await.expect(200).usage;
    assert_eq!((lookup.trips, lookup.write_units), (1, 0.0), "{lookup:?}");
    assert!(lookup.read_units <= 2.0, "{lookup:?}");

    let click = verv
        .post("/api/v1/referral-attributions", json!({"code": code}))
        .await
        .expect(201);
    let cost = click.usage;
    assert_eq!(cost.trips, 2, "{cost:?}");
    assert!(
        cost.read_units <= 1.0 && cost.write_units <= 3.0,
        "{cost:?}"
    );

    let path = format!("/api/v1/referral-attributions/{}", click.string("/id"));
    let body = json!({"code": code, "new_member_id": "usr_2"});
    let confirm = verv.put(&path, body).await.expect(200).usage;
    assert_eq!(confirm.trips, 2, "{confirm:?}");
    assert!(
        confirm.read_units <= 2.0 && confirm.write_units <= 16.0,
        "{confirm:?}"
    );

    let redirect = verv.get(&format!("/r/{code}")).await.expect(302).usage;
    assert_eq!(redirect.trips, 2, "{redirect:?}");
    assert!(redirect.read_units <= 1.0, "{redirect:?}");
}

#[tokio::test]
async fn another_companys_code_is_a_miss_like_any_other() {
    let (verv, code) = with_a_code().await;
    let validate = |company: &'static str, code: String| {
        let body = json!({"referral_code": code, "user_type": 2});
        let verv = &verv;
        async move {
            let headers = [("companyid", company)];
            verv.call(Method::POST, VALIDATE, &headers, Some(body))
                .await
        }
    };
    let foreign = validate("globex", code).await.expect(422);
    let missing = validate("globex", "NO-SUCH-1".to_owned()).await.expect(422);
    assert_eq!(foreign.text, missing.text);
    assert_eq!(foreign.usage, missing.usage);
}
