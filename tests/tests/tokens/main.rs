//! Tokens that must not get in, on every route that requires one.

mod bad;
mod claims;
mod companies;
mod provider;
mod rsa;

use axum::http::Method;
use bad::{Case, Good, broken, forged_signature};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claims::{confused, expired, foreign};
use jsonwebtoken::{Algorithm, EncodingKey};
use provider::{bad_of_platform, families, jwks};
use serde_json::{Value, json};
use tests::Verv;
use tests::tokens::bearer;
use web::access::OPEN;

/// The key of the companies without their own.
const PLATFORM: &str = "platform-key-that-is-long-enough-for-hs256";
/// The key of the platform's staff.
const STAFF: &str = "staff-key-that-is-also-long-enough-for-hs256";
const OLD: &str = "acme-key-number-one-long-enough-for-hs256";
const NEW: &str = "acme-key-number-two-long-enough-for-hs256";
const OTHER: &str = "globex-key-which-is-long-enough-for-hs256";
const ACME: &str = "acme";
/// A company that has no keys of its own.
const WITHOUT_KEYS: &str = "initech";

fn settings() -> Vec<(&'static str, String)> {
    let keys = json!({
        "*": [PLATFORM], "platform": [STAFF], "acme": [OLD, NEW], "globex": [OTHER],
    });
    vec![
        ("API_ACCESS", "token".to_owned()),
        ("TOKEN_KEYS", keys.to_string()),
        ("TOKEN_JWKS", jwks().to_string()),
    ]
}

async fn platform() -> Verv {
    let settings = settings();
    let borrowed: Vec<_> = settings.iter().map(|(n, v)| (*n, v.as_str())).collect();
    Verv::with_settings(&borrowed).await
}

fn encoded(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

/// A token with any header, signed with HMAC of `algorithm` over the parts as they are.
fn forged(header: &Value, claims: &Value, key: &str, algorithm: Algorithm) -> String {
    sign(&encoded(header), &encoded(claims), key, algorithm)
}

fn sign(header: &str, claims: &str, key: &str, algorithm: Algorithm) -> String {
    let message = format!("{header}.{claims}");
    let key = EncodingKey::from_secret(key.as_bytes());
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm);
    format!("{message}.{}", signature.expect("a signature"))
}

/// `claims` with the fields of `change`; `null` takes one away.
fn with(claims: &Value, change: Value) -> Value {
    let mut changed = claims.clone();
    for (name, value) in change.as_object().expect("an object") {
        let fields = changed.as_object_mut().expect("an object");
        match value {
            Value::Null => fields.remove(name),
            value => fields.insert(name.clone(), value.clone()),
        };
    }
    changed
}

fn hs256() -> Value {
    json!({"typ": "JWT", "alg": "HS256"})
}

fn signed(claims: &Value, key: &str) -> String {
    forged(&hs256(), claims, key, Algorithm::HS256)
}

/// A path and body for a route, none of which matters before the token.
fn any_path(route: &str) -> String {
    let path = route
        .replace("{id}", "rc_0")
        .replace("{event_id}", "evt_0")
        .replace("{mentor_id}", "usr_1");
    assert!(!path.contains('{'), "{route}");
    path
}

/// Every bad `Authorization`.
fn bad(now: i64) -> Vec<Case> {
    let good = Good::at(now);
    [
        broken(&good),
        forged_signature(&good),
        confused(&good, now),
        expired(&good, now),
        foreign(&good),
    ]
    .concat()
}

#[tokio::test]
async fn no_bad_token_gets_in_and_all_are_answered_alike() {
    let verv = platform().await;
    let bad = bad(verv.now().timestamp());
    assert!(bad.len() >= 60, "{}", bad.len());
    assert_none_gets_in(&verv, ACME, &bad).await;
}

#[tokio::test]
async fn no_token_forged_in_the_name_of_a_provider_gets_in() {
    let verv = platform().await;
    let now = verv.now().timestamp();
    let mut bad = bad_of_platform(now);
    for family in families() {
        let forged = family.bad(now);
        assert!(forged.len() >= 40, "{}: {}", family.kid, forged.len());
        bad.extend(forged);
    }
    assert_none_gets_in(&verv, WITHOUT_KEYS, &bad).await;
}

/// Each of `bad` is refused alike on every route that requires a token, for `company`.
async fn assert_none_gets_in(verv: &Verv, company: &str, bad: &[Case]) {
    let routes = local::routes();
    let closed = routes.declarations().iter();
    for route in closed.filter(|route| route.access.access != OPEN) {
        let mut first: Option<String> = None;
        for (name, values) in bad {
            let mut headers = vec![("companyid", company)];
            headers.extend(values.iter().map(|value| ("authorization", value.as_str())));
            let path = format!("{}?user_id=usr_1", any_path(&route.path));
            let reply = verv.call(route.method.clone(), &path, &headers, None).await;
            let at = format!("{name} on {} {}", route.method, route.path);
            assert_eq!(reply.status, 401, "{at}: {}", reply.text);
            assert_ne!(reply.header("www-authenticate"), "", "{at}");
            assert_eq!(reply.usage.calls, 0, "{at}");
            assert_eq!(first.get_or_insert(reply.text.clone()), &reply.text, "{at}");
        }
    }
}

#[tokio::test]
async fn good_tokens_get_in_with_either_key_and_either_scheme() {
    let verv = platform().await;
    let now = verv.now().timestamp();
    let good = json!({"sub": "usr_1", "roles": ["ROLE_ORG"], "exp": now + 3_600, "org_id": ACME});
    for (name, token) in [
        ("the old key", signed(&good, OLD)),
        ("the new key", signed(&good, NEW)),
        (
            "within the leeway",
            signed(&with(&good, json!({"exp": now - 29})), OLD),
        ),
        (
            "nbf within the leeway",
            signed(&with(&good, json!({"nbf": now + 30})), OLD),
        ),
        (
            "claims that we do not know",
            signed(&with(&good, json!({"iat": now, "aud": "x"})), OLD),
        ),
        (
            "no typ",
            forged(&json!({"alg": "HS256"}), &good, OLD, Algorithm::HS256),
        ),
    ] {
        for scheme in ["Bearer", "Token", "bearer", "TOKEN"] {
            let authorization = format!("{scheme} {token}");
            let list = verv
                .call_as(&authorization, Method::GET, "/api/v1/referral-codes", None)
                .await;
            assert_eq!(list.status, 200, "{name}, {scheme}: {}", list.text);
            let headers = [("authorization", &*authorization), ("companyid", ACME)];
            let path = "/gafapay/v3/reward_promotion/user_referral_code?user_id=usr_1";
            let user = verv.call(Method::GET, path, &headers, None).await;
            assert_eq!(user.status, 404, "{name}, {scheme}: {}", user.text);
        }
    }
}

#[tokio::test]
async fn a_public_api_looks_at_no_token() {
    let verv = Verv::start().await;
    for (name, values) in bad(verv.now().timestamp()) {
        let headers: Vec<_> = values
            .iter()
            .map(|v| ("authorization", v.as_str()))
            .collect();
        let reply = verv
            .call(Method::GET, "/api/v1/referral-codes", &headers, None)
            .await;
        assert_eq!(reply.status, 200, "{name}: {}", reply.text);
    }
}

#[tokio::test]
async fn the_command_issues_a_token_that_gets_in() {
    let verv = Verv::with_settings(&[("API_ACCESS", "token")]).await;
    let token = bearer(&verv, "usr_4491", &["ROLE_MENTOR"], Some("org_002"));
    let pair = json!({"mentor_id": "usr_4491", "org_id": "org_002"});
    let path = "/api/v1/referral-codes";
    verv.call_as(&token, Method::POST, path, Some(pair))
        .await
        .expect(201);
    let other = json!({"mentor_id": "usr_4492", "org_id": "org_002"});
    verv.call_as(&token, Method::POST, path, Some(other))
        .await
        .expect(403);
}
