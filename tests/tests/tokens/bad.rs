//! Tokens that must open nothing.

use crate::rsa::rs256;
use crate::{ACME, OLD, OTHER, PLATFORM, encoded, forged, sign, signed, with};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

/// Every bad `Authorization`, by name: the values of the header, none to many.
pub(crate) fn bad(now: i64) -> Vec<(&'static str, Vec<String>)> {
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
    let rs256 = rs256(&encoded(&json!({"typ": "JWT", "alg": "RS256"})), claims);
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
            bearer(&forged(
                &json!({"alg": "HS512"}),
                &good,
                OLD,
                Algorithm::HS512,
            )),
        ),
        ("alg RS256, signed RS256", bearer(&rs256)),
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
