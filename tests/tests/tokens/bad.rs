//! Tokens that must open nothing.

use crate::rsa::rs256;
use crate::{ACME, OLD, OTHER, encoded, forged, sign, signed, with};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

/// A case's name, and the values of its `Authorization` header: none to many.
pub(crate) type Case = (&'static str, Vec<String>);

/// A token that gets in, and its parts.
pub(crate) struct Good {
    pub(crate) good: Value,
    pub(crate) token: String,
    pub(crate) header: String,
    pub(crate) claims: String,
    pub(crate) signature: String,
}

impl Good {
    pub(crate) fn at(now: i64) -> Self {
        let good =
            json!({"sub": "usr_1", "roles": ["ROLE_ORG"], "exp": now + 3_600, "org_id": ACME});
        let token = signed(&good, OLD);
        let part = |at: usize| token.split('.').nth(at).expect("three parts").to_owned();
        Self {
            header: part(0),
            claims: part(1),
            signature: part(2),
            good,
            token,
        }
    }

    /// The same claims under another header.
    pub(crate) fn headed(&self, header: Value) -> Vec<String> {
        bearer(&forged(&header, &self.good, OLD, Algorithm::HS256))
    }

    /// The same header over changed claims.
    pub(crate) fn claiming(&self, change: Value) -> Vec<String> {
        bearer(&signed(&with(&self.good, change), OLD))
    }

    /// The same header over this text.
    pub(crate) fn raw_claims(&self, text: &str) -> Vec<String> {
        let claims = URL_SAFE_NO_PAD.encode(text);
        bearer(&sign(&self.header, &claims, OLD, Algorithm::HS256))
    }

    /// The token with another encoding of its signature.
    fn resigned(&self, encode: impl FnOnce(Vec<u8>) -> String) -> String {
        let bytes = URL_SAFE_NO_PAD.decode(&self.signature).expect("base64");
        format!("{}.{}.{}", self.header, self.claims, encode(bytes))
    }
}

pub(crate) fn bearer(token: &str) -> Vec<String> {
    vec![format!("Bearer {token}")]
}

/// No token at all, or what is none.
pub(crate) fn broken(good: &Good) -> Vec<Case> {
    let Good {
        token,
        header,
        claims,
        signature,
        ..
    } = good;
    let padded = good.resigned(|bytes| URL_SAFE.encode(bytes));
    vec![
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
        ("claims no JSON", good.raw_claims("{")),
        ("claims a list", good.raw_claims("[1]")),
        ("claims a string", good.raw_claims("\"usr_1\"")),
        ("padded signature", bearer(&padded)),
        ("over-long", good.claiming(json!({"x": "x".repeat(5_000)}))),
        (
            "not UTF-8",
            bearer(&sign(
                header,
                &URL_SAFE_NO_PAD.encode([0xff, 0xfe]),
                OLD,
                Algorithm::HS256,
            )),
        ),
    ]
}

/// Signatures that are not the key's.
pub(crate) fn forged_signature(good: &Good) -> Vec<Case> {
    let Good {
        header,
        claims,
        signature,
        ..
    } = good;
    let short = good.resigned(|bytes| URL_SAFE_NO_PAD.encode(&bytes[..16]));
    let flipped = good.resigned(|mut bytes| {
        bytes[7] ^= 1;
        URL_SAFE_NO_PAD.encode(bytes)
    });
    let other_claims = encoded(&with(&good.good, json!({"sub": "usr_2"})));
    let none = encoded(&json!({"typ": "JWT", "alg": "none"}));
    let rs256 = rs256(&encoded(&json!({"typ": "JWT", "alg": "RS256"})), claims);
    vec![
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
        (
            "alg None",
            good.headed(json!({"typ": "JWT", "alg": "None"})),
        ),
        (
            "alg nOnE",
            good.headed(json!({"typ": "JWT", "alg": "nOnE"})),
        ),
        ("alg empty", good.headed(json!({"typ": "JWT", "alg": ""}))),
        ("alg missing", good.headed(json!({"typ": "JWT"}))),
        ("alg null", good.headed(json!({"typ": "JWT", "alg": null}))),
        (
            "alg hs256",
            good.headed(json!({"typ": "JWT", "alg": "hs256"})),
        ),
        (
            "alg a list",
            good.headed(json!({"typ": "JWT", "alg": ["HS256"]})),
        ),
        (
            "alg HS384",
            bearer(&forged(
                &json!({"alg": "HS384"}),
                &good.good,
                OLD,
                Algorithm::HS384,
            )),
        ),
        (
            "alg HS512",
            bearer(&forged(
                &json!({"alg": "HS512"}),
                &good.good,
                OLD,
                Algorithm::HS512,
            )),
        ),
        ("alg RS256, signed RS256", bearer(&rs256)),
        (
            "alg RS256, signed HS256",
            good.headed(json!({"typ": "JWT", "alg": "RS256"})),
        ),
        (
            "alg ES256, signed HS256",
            good.headed(json!({"typ": "JWT", "alg": "ES256"})),
        ),
        (
            "alg EdDSA, signed HS256",
            good.headed(json!({"typ": "JWT", "alg": "EdDSA"})),
        ),
        ("empty key", bearer(&signed(&good.good, ""))),
        ("guessed key", bearer(&signed(&good.good, "secret"))),
        (
            "development key",
            bearer(&signed(&good.good, "local-development-key")),
        ),
        ("the company as key", bearer(&signed(&good.good, ACME))),
        (
            "own key in jwk",
            bearer(&forged(
                &json!({"alg": "HS256", "jwk": {"kty": "oct", "k": URL_SAFE_NO_PAD.encode("mine")}}),
                &good.good,
                "mine",
                Algorithm::HS256,
            )),
        ),
        (
            "own key by jku",
            bearer(&forged(
                &json!({"alg": "HS256", "jku": "https://evil.example/keys"}),
                &good.good,
                "mine",
                Algorithm::HS256,
            )),
        ),
        (
            "kid of a file",
            bearer(&forged(
                &json!({"alg": "HS256", "kid": "../../dev/null"}),
                &good.good,
                "",
                Algorithm::HS256,
            )),
        ),
        (
            "kid of another company",
            bearer(&forged(
                &json!({"alg": "HS256", "kid": "globex"}),
                &good.good,
                OTHER,
                Algorithm::HS256,
            )),
        ),
    ]
}
