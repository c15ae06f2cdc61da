//! Tokens whose headers or claims must open nothing, however well they are signed.

use crate::bad::{Case, Good, bearer};
use crate::{ACME, OLD, OTHER, PLATFORM, signed, with};
use serde_json::json;

/// Headers and claims of another shape.
pub(crate) fn confused(good: &Good, now: i64) -> Vec<Case> {
    vec![
        (
            "crit",
            good.headed(json!({"alg": "HS256", "crit": ["exp"], "exp": now + 1})),
        ),
        (
            "crit empty",
            good.headed(json!({"alg": "HS256", "crit": []})),
        ),
        (
            "crit b64",
            good.headed(json!({"alg": "HS256", "crit": ["b64"], "b64": false})),
        ),
        (
            "encrypted",
            good.headed(json!({"alg": "HS256", "enc": "A128GCM"})),
        ),
        (
            "compressed",
            good.headed(json!({"alg": "HS256", "zip": "DEF"})),
        ),
        ("nested", good.headed(json!({"alg": "HS256", "cty": "JWT"}))),
        (
            "of another type",
            good.headed(json!({"alg": "HS256", "typ": "logout+jwt"})),
        ),
        (
            "typ a number",
            good.headed(json!({"alg": "HS256", "typ": 1})),
        ),
        ("no sub", good.claiming(json!({"sub": null}))),
        ("empty sub", good.claiming(json!({"sub": ""}))),
        ("sub a number", good.claiming(json!({"sub": 1}))),
        (
            "sub over-long",
            good.claiming(json!({"sub": "x".repeat(256)})),
        ),
        (
            "sub twice",
            good.raw_claims(&format!(
                r#"{{"sub":"usr_1","sub":"usr_2","roles":["ROLE_ORG"],"exp":{},"org_id":"acme"}}"#,
                now + 60
            )),
        ),
        (
            "roles twice",
            good.raw_claims(&format!(
                r#"{{"sub":"usr_1","roles":[],"roles":["ROLE_ORG"],"exp":{},"org_id":"acme"}}"#,
                now + 60
            )),
        ),
        ("no roles", good.claiming(json!({"roles": null}))),
        ("roles empty", good.claiming(json!({"roles": []}))),
        (
            "roles a string",
            good.claiming(json!({"roles": "ROLE_ORG"})),
        ),
        (
            "roles unknown",
            good.claiming(json!({"roles": ["ROLE_ROOT", "admin", "role_org"]})),
        ),
        ("roles numbers", good.claiming(json!({"roles": [1]}))),
        ("org_id a list", good.claiming(json!({"org_id": [ACME]}))),
        (
            "org_id with a separator",
            good.claiming(json!({"org_id": "acme#x"})),
        ),
    ]
}

/// Expired, or not yet valid.
pub(crate) fn expired(good: &Good, now: i64) -> Vec<Case> {
    vec![
        ("no exp", good.claiming(json!({"exp": null}))),
        ("exp past", good.claiming(json!({"exp": now - 31}))),
        ("exp at the leeway", good.claiming(json!({"exp": now - 30}))),
        ("exp long past", good.claiming(json!({"exp": 1}))),
        ("exp negative", good.claiming(json!({"exp": -1}))),
        (
            "exp a string",
            good.claiming(json!({"exp": (now + 3_600).to_string()})),
        ),
        (
            "exp a fraction",
            good.claiming(json!({"exp": now as f64 + 0.5})),
        ),
        ("exp without end", good.claiming(json!({"exp": 1e300}))),
        ("exp true", good.claiming(json!({"exp": true}))),
        (
            "exp in 25 hours",
            good.claiming(json!({"exp": now + 90_000})),
        ),
        (
            "older than a day",
            good.claiming(json!({"iat": now - 86_400})),
        ),
        ("iat ahead", good.claiming(json!({"iat": now + 31}))),
        ("iat a string", good.claiming(json!({"iat": "0"}))),
        ("iss a number", good.claiming(json!({"iss": 1}))),
        ("aud a number", good.claiming(json!({"aud": 1}))),
        ("nbf ahead", good.claiming(json!({"nbf": now + 31}))),
        ("nbf far ahead", good.claiming(json!({"nbf": i64::MAX}))),
        ("nbf a string", good.claiming(json!({"nbf": "0"}))),
    ]
}

/// Another company's, and replayed against another company.
pub(crate) fn foreign(good: &Good) -> Vec<Case> {
    vec![
        ("another company's key", bearer(&signed(&good.good, OTHER))),
        (
            "another company's token",
            bearer(&signed(&with(&good.good, json!({"org_id": "globex"})), OLD)),
        ),
        ("the platform's key", bearer(&signed(&good.good, PLATFORM))),
        (
            "the company's key, no company",
            good.claiming(json!({"org_id": null})),
        ),
        (
            "an organisation's role without one",
            bearer(&signed(&with(&good.good, json!({"org_id": null})), OLD)),
        ),
        (
            "an administrator by the company",
            good.claiming(json!({"roles": ["ROLE_ADMIN"]})),
        ),
        (
            "an administrator by the company's key",
            bearer(&signed(
                &with(&good.good, json!({"roles": ["ROLE_ADMIN"], "org_id": null})),
                OLD,
            )),
        ),
    ]
}
