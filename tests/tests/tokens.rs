//! Tokens that must not get in, on every route that asks for one.

use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use shared::http::access::rules::{Door, RULES};
use tests::Verv;
use tests::tokens::bearer;

const PLATFORM: &str = "platform-key-that-is-long-enough-for-hs256";
const OLD: &str = "acme-key-number-one-long-enough-for-hs256";
const NEW: &str = "acme-key-number-two-long-enough-for-hs256";
const OTHER: &str = "globex-key-which-is-long-enough-for-hs256";
const ACME: &str = "acme";

async fn platform() -> Verv {
    let keys = json!({"*": [PLATFORM], "acme": [OLD, NEW], "globex": [OTHER]}).to_string();
    Verv::with_settings(&[("API_ACCESS", "token"), ("TOKEN_KEYS", &keys)]).await
}

fn encoded(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

/// A token with any header, signed with HMAC of `algorithm` over what stands there.
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

/// Every bad `Authorization`, by name: the values of the header, none to many.
fn bad(now: i64) -> Vec<(&'static str, Vec<String>)> {
    let good = json!({"sub": "usr_1", "roles": ["ROLE_ORG"], "exp": now + 3_600, "org_id": ACME});
    let token = signed(&good, OLD);
    let parts: Vec<&str> = token.split('.').collect();
    let (header, claims, signature) = (parts[0], parts[1], parts[2]);
    let bearer = |token: &str| vec![format!("Bearer {token}")];
    let headed = |header: Value| {
        let token = forged(&header, &good, OLD, Algorithm::HS256);
        vec![format!("Bearer {token}")]
    };
    let claiming = |change: Value| vec![format!("Bearer {}", signed(&with(&good, change), OLD))];
    let raw_claims = |text: &str| {
        let claims = URL_SAFE_NO_PAD.encode(text);
        vec![format!(
            "Bearer {}",
            sign(header, &claims, OLD, Algorithm::HS256)
        )]
    };
    let flipped = {
        let mut bytes = URL_SAFE_NO_PAD.decode(signature).expect("base64");
        bytes[7] ^= 1;
        format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(bytes))
    };
    let short = {
        let bytes = URL_SAFE_NO_PAD.decode(signature).expect("base64");
        format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(&bytes[..16]))
    };
    let padded = {
        let bytes = URL_SAFE_NO_PAD.decode(signature).expect("base64");
        format!("{header}.{claims}.{}", URL_SAFE.encode(bytes))
    };
    let other_claims = encoded(&with(&good, json!({"sub": "usr_2"})));
    let none = encoded(&json!({"typ": "JWT", "alg": "none"}));
    let rs256 = encode(
        &Header::new(Algorithm::HS512),
        &good,
        &EncodingKey::from_secret(OLD.as_bytes()),
    );
    vec![
        // Broken.
        ("no header", vec![]),
        ("empty header", vec![String::new()]),
        ("scheme alone", vec!["Bearer".to_owned()]),
        ("scheme and space", vec!["Bearer ".to_owned()]),
        ("no scheme", vec![token.clone()]),
        (
            "Basic",
            vec![format!("Basic {}", STANDARD.encode("admin:admin"))],
        ),
        ("Basic with the token", vec![format!("Basic {token}")]),
        ("Digest", vec![format!("Digest {token}")]),
        ("a colon", vec![format!("Bearer: {token}")]),
        ("two spaces", vec![format!("Bearer  {token}")]),
        ("a tab", vec![format!("Bearer\t{token}")]),
        ("quoted", vec![format!("Bearer \"{token}\"")]),
        ("a list", vec![format!("Bearer {token}, Bearer {token}")]),
        (
            "two headers",
            vec![format!("Bearer {token}"), format!("Bearer {token}")],
        ),
        ("trailing words", vec![format!("Bearer {token} {token}")]),
        ("no dots", bearer("abc")),
        ("one dot", bearer(&format!("{header}.{claims}"))),
        ("no signature", bearer(&format!("{header}.{claims}."))),
        ("no claims", bearer(&format!("{header}..{signature}"))),
        ("no token header", bearer(&format!(".{claims}.{signature}"))),
        ("dots alone", bearer("..")),
        ("four parts", bearer(&format!("{token}.{signature}"))),
        (
            "five parts, as JWE",
            bearer(&format!("{token}.{header}.{claims}")),
        ),
        ("no base64", bearer(&format!("{header}.!!!.{signature}"))),
        (
            "header no JSON",
            bearer(&sign(
                &URL_SAFE_NO_PAD.encode("{"),
                claims,
                OLD,
                Algorithm::HS256,
            )),
        ),
        (
            "header a list",
            bearer(&sign(
                &URL_SAFE_NO_PAD.encode("[]"),
                claims,
                OLD,
                Algorithm::HS256,
            )),
        ),
        ("claims no JSON", raw_claims("{")),
        ("claims a list", raw_claims("[1]")),
        ("claims a string", raw_claims("\"usr_1\"")),
        ("padded signature", bearer(&padded)),
        ("over-long", claiming(json!({"x": "x".repeat(5_000)}))),
        (
            "not UTF-8",
            bearer(&sign(
                header,
                &URL_SAFE_NO_PAD.encode([0xff, 0xfe]),
                OLD,
                Algorithm::HS256,
            )),
        ),
        // Forged.
        ("signature flipped", bearer(&flipped)),
        ("signature cut", bearer(&short)),
        (
            "signature of zeros",
            bearer(&format!(
                "{header}.{claims}.{}",
                URL_SAFE_NO_PAD.encode([0; 32])
            )),
        ),
        (
            "claims swapped",
            bearer(&format!("{header}.{other_claims}.{signature}")),
        ),
        (
            "alg none, no signature",
            bearer(&format!("{none}.{claims}.")),
        ),
        (
            "alg none, old signature",
            bearer(&format!("{none}.{claims}.{signature}")),
        ),
        ("alg None", headed(json!({"typ": "JWT", "alg": "None"}))),
        ("alg nOnE", headed(json!({"typ": "JWT", "alg": "nOnE"}))),
        ("alg empty", headed(json!({"typ": "JWT", "alg": ""}))),
        ("alg missing", headed(json!({"typ": "JWT"}))),
        ("alg null", headed(json!({"typ": "JWT", "alg": null}))),
        ("alg hs256", headed(json!({"typ": "JWT", "alg": "hs256"}))),
        (
            "alg a list",
            headed(json!({"typ": "JWT", "alg": ["HS256"]})),
        ),
        (
            "alg HS384",
            bearer(&forged(
                &json!({"alg": "HS384"}),
                &good,
                OLD,
                Algorithm::HS384,
            )),
        ),
        (
            "alg HS512",
            vec![format!("Bearer {}", rs256.expect("a token"))],
        ),
        (
            "alg RS256, signed HS256",
            headed(json!({"typ": "JWT", "alg": "RS256"})),
        ),
        (
            "alg ES256, signed HS256",
            headed(json!({"typ": "JWT", "alg": "ES256"})),
        ),
        (
            "alg EdDSA, signed HS256",
            headed(json!({"typ": "JWT", "alg": "EdDSA"})),
        ),
        ("empty key", bearer(&signed(&good, ""))),
        ("guessed key", bearer(&signed(&good, "secret"))),
        (
            "development key",
            bearer(&signed(&good, "local-development-key")),
        ),
        ("the company as key", bearer(&signed(&good, ACME))),
        (
            "own key in jwk",
            bearer(&forged(
                &json!({"alg": "HS256", "jwk": {"kty": "oct", "k": URL_SAFE_NO_PAD.encode("mine")}}),
                &good,
                "mine",
                Algorithm::HS256,
            )),
        ),
        (
            "own key by jku",
            bearer(&forged(
                &json!({"alg": "HS256", "jku": "https://evil.example/keys"}),
                &good,
                "mine",
                Algorithm::HS256,
            )),
        ),
        (
            "kid of a file",
            bearer(&forged(
                &json!({"alg": "HS256", "kid": "../../dev/null"}),
                &good,
                "",
                Algorithm::HS256,
            )),
        ),
        (
            "kid of another company",
            bearer(&forged(
                &json!({"alg": "HS256", "kid": "globex"}),
                &good,
                OTHER,
                Algorithm::HS256,
            )),
        ),
        // Confused.
        (
            "crit",
            headed(json!({"alg": "HS256", "crit": ["exp"], "exp": now + 1})),
        ),
        ("crit empty", headed(json!({"alg": "HS256", "crit": []}))),
        (
            "crit b64",
            headed(json!({"alg": "HS256", "crit": ["b64"], "b64": false})),
        ),
        (
            "encrypted",
            headed(json!({"alg": "HS256", "enc": "A128GCM"})),
        ),
        ("compressed", headed(json!({"alg": "HS256", "zip": "DEF"}))),
        ("nested", headed(json!({"alg": "HS256", "cty": "JWT"}))),
        (
            "of another type",
            headed(json!({"alg": "HS256", "typ": "logout+jwt"})),
        ),
        ("typ a number", headed(json!({"alg": "HS256", "typ": 1}))),
        ("no sub", claiming(json!({"sub": null}))),
        ("empty sub", claiming(json!({"sub": ""}))),
        ("sub a number", claiming(json!({"sub": 1}))),
        ("sub over-long", claiming(json!({"sub": "x".repeat(256)}))),
        (
            "sub twice",
            raw_claims(&format!(
                r#"{{"sub":"usr_1","sub":"usr_2","roles":["ROLE_ORG"],"exp":{},"org_id":"acme"}}"#,
                now + 60
            )),
        ),
        (
            "roles twice",
            raw_claims(&format!(
                r#"{{"sub":"usr_1","roles":[],"roles":["ROLE_ORG"],"exp":{},"org_id":"acme"}}"#,
                now + 60
            )),
        ),
        ("no roles", claiming(json!({"roles": null}))),
        ("roles empty", claiming(json!({"roles": []}))),
        ("roles a string", claiming(json!({"roles": "ROLE_ORG"}))),
        (
            "roles unknown",
            claiming(json!({"roles": ["ROLE_ROOT", "admin", "role_org"]})),
        ),
        ("roles numbers", claiming(json!({"roles": [1]}))),
        ("org_id a list", claiming(json!({"org_id": [ACME]}))),
        (
            "org_id with a separator",
            claiming(json!({"org_id": "acme#x"})),
        ),
        // Expired, or not yet valid.
        ("no exp", claiming(json!({"exp": null}))),
        ("exp past", claiming(json!({"exp": now - 31}))),
        ("exp at the leeway", claiming(json!({"exp": now - 30}))),
        ("exp long past", claiming(json!({"exp": 1}))),
        ("exp negative", claiming(json!({"exp": -1}))),
        (
            "exp a string",
            claiming(json!({"exp": (now + 3_600).to_string()})),
        ),
        ("exp a fraction", claiming(json!({"exp": now as f64 + 0.5}))),
        ("exp without end", claiming(json!({"exp": 1e300}))),
        ("exp true", claiming(json!({"exp": true}))),
        ("nbf ahead", claiming(json!({"nbf": now + 31}))),
        ("nbf far ahead", claiming(json!({"nbf": i64::MAX}))),
        ("nbf a string", claiming(json!({"nbf": "0"}))),
        // Foreign, and replayed against another company.
        ("another company's key", bearer(&signed(&good, OTHER))),
        (
            "another company's token",
            bearer(&signed(&with(&good, json!({"org_id": "globex"})), OLD)),
        ),
        ("the platform's key", bearer(&signed(&good, PLATFORM))),
        (
            "the company's key, no company",
            claiming(json!({"org_id": null})),
        ),
        (
            "an organisation's role without one",
            bearer(&signed(&with(&good, json!({"org_id": null})), OLD)),
        ),
        (
            "an administrator by the company",
            claiming(json!({"roles": ["ROLE_ADMIN"]})),
        ),
        (
            "an administrator by the company's key",
            bearer(&signed(
                &with(&good, json!({"roles": ["ROLE_ADMIN"], "org_id": null})),
                OLD,
            )),
        ),
    ]
}

/// A path and body for a route, none of which matters before the token.
fn any_path(route: &str) -> String {
    let path = route
        .replace("{id}", "rc_0")
        .replace("{mentor_id}", "usr_1");
    assert!(!path.contains('{'), "{route}");
    path
}

#[tokio::test]
async fn no_bad_token_gets_in_and_all_are_answered_alike() {
    let verv = platform().await;
    let bad = bad(verv.now().timestamp());
    assert!(bad.len() >= 60, "{}", bad.len());
    let doors = RULES.iter().filter(|rule| rule.door != Door::Open);
    for rule in doors {
        // Routes that are in the table and not yet served answer 404 before any token.
        let is_served = tests::tokens::routes()
            .iter()
            .any(|(method, route)| method.as_str() == rule.method && route == rule.route);
        if !is_served {
            continue;
        }
        let mut first: Option<String> = None;
        for (name, values) in &bad {
            let mut headers = vec![("companyid", ACME)];
            headers.extend(values.iter().map(|value| ("authorization", value.as_str())));
            let path = format!("{}?user_id=usr_1", any_path(rule.route));
            let method = Method::from_bytes(rule.method.as_bytes()).expect("a method");
            let reply = verv.call(method, &path, &headers, None).await;
            let at = format!("{name} on {} {}", rule.method, rule.route);
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
