//! API keys: made and revoked by an organisation's staff, and what servers open with them.

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::tokens::bearer;
use tests::{Reply, Verv};

const KEYS: &str = "/api/v1/api-keys";
const CODES: &str = "/api/v1/referral-codes";
const CLICKS: &str = "/api/v1/referral-attributions";

async fn platform() -> Verv {
    Verv::with_settings(&[("API_ACCESS", "token")]).await
}

fn staff(verv: &Verv, org: &str) -> String {
    bearer(verv, "staff_1", &["ROLE_ORG"], Some(org))
}

async fn make(verv: &Verv, org: &str, scopes: &[&str]) -> Reply {
    let new = json!({"org_id": org, "name": "Sign-up server", "scopes": scopes});
    let staff = staff(verv, org);
    let made = verv.call_as(&staff, Method::POST, KEYS, Some(new)).await;
    made.expect(201)
}

/// The `Authorization` of the key that was made.
fn with(made: &Reply) -> String {
    tests::logs::plant(&made.string("/key"));
    format!("Bearer {}", made.string("/key"))
}

async fn get(verv: &Verv, authorization: &str, path: &str) -> Reply {
    verv.call_as(authorization, Method::GET, path, None).await
}

#[tokio::test]
async fn a_key_opens_what_its_scopes_name_in_its_own_organisation() {
    let verv = platform().await;
    let key = with(&make(&verv, "org_1", &["codes:write", "codes:read"]).await);
    let pair = |org: &str| json!({"mentor_id": "usr_1", "org_id": org});
    let code = verv.call_as(&key, Method::POST, CODES, Some(pair("org_1")));
    let code = code.await.expect(201);
    let path = format!("{CODES}/{}", code.string("/id"));
    get(&verv, &key, &path).await.expect(200);
    get(&verv, &key, &format!("{path}/stats")).await.expect(403);
    get(&verv, &key, KEYS).await.expect(403);
    let other = verv.call_as(&key, Method::POST, CODES, Some(pair("org_2")));
    other.await.expect(403);

    let others = with(&make(&verv, "org_2", &["codes:read"]).await);
    let hidden = get(&verv, &others, &path).await.expect(404);
    let missing = format!("{CODES}/rc_019d2a5c000070008000000000000003");
    let missing = get(&verv, &others, &missing).await.expect(404);
    assert_eq!(hidden.text, missing.text);
    let listed = get(&verv, &others, CODES).await.expect(200);
    assert_eq!(listed.json()["pagination"]["total"], 0);
}

#[tokio::test]
async fn the_key_is_shown_once_and_stored_nowhere() {
    let verv = platform().await;
    let new = json!({"org_id": "org_1", "name": "Server", "scopes": ["codes:read"]});
    let staff = staff(&verv, "org_1");
    let headers = [
        ("authorization", staff.as_str()),
        ("idempotency-key", "one"),
    ];
    let first = verv
        .call(Method::POST, KEYS, &headers, Some(new.clone()))
        .await;
    let first = first.expect(201);
    let again = verv.call(Method::POST, KEYS, &headers, Some(new)).await;
    let again = again.expect(201);
    let key = first.string("/key");
    assert!(key.starts_with("vrv_test_"), "{key}");
    assert_eq!(first.header("location"), again.header("location"));
    let mut expected = first.json();
    expected["key"] = Value::Null;
    assert_eq!(again.json(), expected, "a repetition finds the record");

    let secret = &key["vrv_test_".len() + 32..];
    let stored = verv.stored_text().await;
    assert!(stored.contains(&first.string("/id")) && !stored.contains(secret));
    let shown = get(&verv, &staff, first.header("location"))
        .await
        .expect(200);
    assert!(!shown.text.contains("\"key\"") && !shown.text.contains(secret));
    let mut shown = shown.json();
    shown["id"] = json!("key_…");
    insta::assert_json_snapshot!(shown, @r#"
    {
      "created_at": "2026-03-26T12:00:00Z",
      "expires_at": null,
      "id": "key_…",
      "last_used_on": null,
      "name": "Server",
      "org_id": "org_1",
      "revoked_at": null,
      "scopes": [
        "codes:read"
      ],
      "status": "active"
    }
    "#);
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_and_other_staff_cannot_revoke_it() {
    let verv = platform().await;
    let made = make(&verv, "org_1", &["codes:read"]).await;
    let key = with(&made);
    get(&verv, &key, CODES).await.expect(200);
    let path = format!("{KEYS}/{}", made.string("/id"));
    let revoke = |staff: String| {
        let (verv, path) = (&verv, &path);
        async move { verv.call_as(&staff, Method::DELETE, path, None).await }
    };
    revoke(staff(&verv, "org_2")).await.expect(404);
    get(&verv, &key, CODES).await.expect(200);
    let revoked = revoke(staff(&verv, "org_1")).await.expect(200);
    assert_eq!(revoked.string("/status"), "revoked");
    get(&verv, &key, CODES).await.expect(401);
    verv.clock.advance(TimeDelta::hours(1));
    let again = revoke(staff(&verv, "org_1")).await.expect(200);
    assert_eq!(again.text, revoked.text, "the first time stays");
}

#[tokio::test]
async fn another_process_takes_a_revoked_key_for_ten_seconds_at_most() {
    let verv = platform().await;
    let made = make(&verv, "org_1", &["codes:read"]).await;
    let text = made.string("/key").parse().expect("a key");
    let other = verv.store_of_another_process();
    let is_taken = async |at| {
        let key = other.recognise_api_key(&text, at).await;
        key.expect("the engine answers").is_some()
    };
    assert!(is_taken(verv.now()).await);
    let path = format!("{KEYS}/{}", made.string("/id"));
    let staff = staff(&verv, "org_1");
    let revoked = verv.call_as(&staff, Method::DELETE, &path, None).await;
    revoked.expect(200);
    assert!(is_taken(verv.now() + TimeDelta::seconds(9)).await);
    assert!(!is_taken(verv.now() + TimeDelta::seconds(10)).await);
}

#[tokio::test]
async fn a_key_ends_at_its_time_and_its_last_use_is_known_by_the_day() {
    let verv = platform().await;
    let staff = staff(&verv, "org_1");
    let new = |end: &str| json!({"org_id": "org_1", "name": "S", "scopes": ["codes:read"], "expires_at": end});
    let past = verv.call_as(
        &staff,
        Method::POST,
        KEYS,
        Some(new("2026-03-26T12:00:00Z")),
    );
    assert_eq!(
        past.await.expect(422).string("/code"),
        "expires_in_the_past"
    );
    let made = verv.call_as(
        &staff,
        Method::POST,
        KEYS,
        Some(new("2026-03-27T12:00:00Z")),
    );
    let made = made.await.expect(201);
    let (key, path) = (with(&made), made.header("location").to_owned());
    // What lists hold for two seconds is read before.
    get(&verv, &staff, CODES).await.expect(200);
    let first = get(&verv, &key, CODES).await.expect(200);
    let second = get(&verv, &key, CODES).await.expect(200);
    assert_eq!(
        (
            first.usage.calls - second.usage.calls,
            first.usage.write_units > 0.0
        ),
        (2, true),
        "one read and the note of the day, and then neither"
    );
    assert_eq!(second.usage.write_units, 0.0);
    verv.clock.advance(TimeDelta::hours(13));
    let next_day = get(&verv, &key, CODES).await.expect(200);
    assert!(next_day.usage.write_units > 0.0);
    let shown = |verv| async move {
        get(
            verv,
            &bearer(verv, "s", &["ROLE_ORG"], Some("org_1")),
            &path,
        )
        .await
    };
    let shown = shown(&verv).await.expect(200);
    assert_eq!(shown.string("/last_used_on"), "2026-03-27");
    verv.clock.advance(TimeDelta::hours(11));
    get(&verv, &key, CODES).await.expect(401);
}

#[tokio::test]
async fn whoever_is_not_the_organisations_staff_makes_no_key_even_where_the_api_is_public() {
    let new = json!({"org_id": "org_1", "name": "S", "scopes": ["codes:read"]});
    for access in ["public", "token"] {
        let verv = Verv::with_settings(&[("API_ACCESS", access)]).await;
        verv.post(KEYS, new.clone()).await.expect(401);
        verv.get(&format!("{KEYS}?org_id=org_1")).await.expect(401);
        for (role, org, status) in [
            ("ROLE_MENTOR", "org_1", 403),
            ("ROLE_CUSTOMER", "org_1", 403),
            ("ROLE_ORG", "org_2", 403),
            ("ROLE_ORG", "org_1", 201),
        ] {
            let token = bearer(&verv, "usr_7", &[role], Some(org));
            let made = verv.call_as(&token, Method::POST, KEYS, Some(new.clone()));
            made.await.expect(status);
        }
        let token = bearer(&verv, "usr_7", &["ROLE_ORG"], Some("org_2"));
        let listed = get(&verv, &token, KEYS).await.expect(200);
        assert_eq!(listed.json()["pagination"]["total"], 0);
        get(&verv, &token, &format!("{KEYS}?org_id=org_1"))
            .await
            .expect(404);
    }
}

#[tokio::test]
async fn what_is_no_key_of_this_deployment_opens_nothing() {
    let verv = platform().await;
    let made = make(&verv, "org_1", &["codes:read"]).await;
    let key = made.string("/key");
    let id = made.string("/id").parse().expect("an id");
    let same_id = domain::KeyText::generate(id, domain::KeyMode::Test);
    let of_production = domain::KeyText::generate(id, domain::KeyMode::Live);
    for forged in [
        same_id.expose().to_owned(),
        of_production.expose().to_owned(),
        key.replace("test", "live"),
        key[..key.len() - 1].to_owned(),
        key.to_uppercase(),
        "vrv_test_".to_owned(),
    ] {
        let answer = get(&verv, &format!("Bearer {forged}"), CODES).await;
        assert_eq!(answer.expect(401).string("/code"), "unauthorized");
    }
    get(&verv, &format!("token {key}"), CODES).await.expect(200);
}

#[tokio::test]
async fn on_an_open_route_a_key_without_the_scope_is_anyone() {
    let verv = platform().await;
    let writes = make(&verv, "org_1", &["codes:write"]).await;
    let pair = json!({"mentor_id": "usr_1", "org_id": "org_1"});
    let key = with(&writes);
    let code = verv.call_as(&key, Method::POST, CODES, Some(pair)).await;
    let code = code.expect(201).string("/code");
    let records = make(&verv, "org_1", &["clicks:write"]).await;
    for made in [&writes, &records] {
        let click = json!({"code": code});
        let key = with(made);
        let clicked = verv.call_as(&key, Method::POST, CLICKS, Some(click)).await;
        clicked.expect(201);
    }
}

#[tokio::test]
async fn the_payments_company_may_call_with_a_key_of_its_own() {
    let verv = platform().await;
    let key = with(&make(&verv, "org_1", &["codes:read", "codes:write"]).await);
    let pair = json!({"mentor_id": "usr_1", "org_id": "org_1"});
    let made = verv.call_as(&key, Method::POST, CODES, Some(pair)).await;
    made.expect(201);
    let path = "/gafapay/v3/reward_promotion/user_referral_code?user_id=usr_1";
    let of = |company: &'static str| {
        let headers = [
            ("authorization", key.clone()),
            ("companyid", company.to_owned()),
        ];
        let verv = &verv;
        async move {
            let headers: Vec<_> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
            verv.call(Method::GET, path, &headers, None).await
        }
    };
    of("org_1").await.expect(200);
    of("org_2").await.expect(401);
    let clicks = with(&make(&verv, "org_1", &["clicks:write"]).await);
    let headers = [("authorization", clicks.as_str()), ("companyid", "org_1")];
    verv.call(Method::GET, path, &headers, None)
        .await
        .expect(401);
}
