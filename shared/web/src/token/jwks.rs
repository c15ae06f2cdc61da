//! The public keys of an identity provider: `TOKEN_JWKS`, a JWK set (RFC 7517).
//!
//! A key's family fixes the algorithm of the tokens that it verifies, and a token names its key
//! by `kid`; a key that a token's header brings along or points to is never looked at.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::HashMap;
use std::fmt;

/// In bytes: RSA keys of less than 2048 bits are broken, those of more than 8192 are slow.
const RSA_MODULUS: std::ops::RangeInclusive<usize> = 256..=1_024;

/// A coordinate of P-256 or Ed25519, in bytes.
const COORDINATE: usize = 32;

/// The keys by their `kid`, read once in init.
#[derive(Clone, Default)]
pub struct Jwks(HashMap<String, PublicKey>);

/// A key, and the only algorithm that it verifies.
#[derive(Clone)]
pub(super) struct PublicKey {
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Jwk>,
}

/// A key as the document has it. Certificates and what else is about a key are ignored.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    r#use: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    /// The private part of a key.
    d: Option<IgnoredAny>,
    /// A secret.
    k: Option<IgnoredAny>,
}

impl Jwks {
    /// Reads `{"keys": […]}`. Keys for encryption, which some providers publish beside the
    /// others, are passed over.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(json: &str) -> Result<Self, String> {
        let document: Document = serde_json::from_str(json)
            .map_err(|_| "must be a JWK set: {\"keys\": […]}".to_owned())?;
        let is_for_signatures = |jwk: &Jwk| jwk.r#use.as_ref().is_none_or(|for_| for_ == "sig");
        let mut keys = HashMap::new();
        for jwk in document.keys.into_iter().filter(is_for_signatures) {
            if jwk.d.is_some() || jwk.k.is_some() {
                return Err("holds a private key, where only public ones belong".to_owned());
            }
            let kid = jwk.kid.clone().filter(|kid| !kid.is_empty());
            let kid = kid.ok_or("holds a key without a kid")?;
            let key = PublicKey::of(&jwk).ok_or_else(|| {
                let kid: String = kid.chars().take(64).collect();
                format!("holds a key that is none of RS256, ES256 and EdDSA: {kid}")
            })?;
            if keys.insert(kid, key).is_some() {
                return Err("holds two keys of one kid".to_owned());
            }
        }
        if keys.is_empty() {
            return Err("must hold a key for signatures".to_owned());
        }
        Ok(Self(keys))
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key `kid`.
    pub(super) fn find(&self, kid: &str) -> Option<&PublicKey> {
        self.0.get(kid)
    }
}

impl PublicKey {
    /// The key, if it is whole and of a family that we know.
    fn of(jwk: &Jwk) -> Option<Self> {
        let algorithm = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", None) => Algorithm::RS256,
            ("EC", Some("P-256")) => Algorithm::ES256,
            ("OKP", Some("Ed25519")) => Algorithm::EdDSA,
            _ => return None,
        };
        let named = jwk.alg.as_deref();
        let fits = match algorithm {
            Algorithm::RS256 => named.is_none_or(|alg| alg == "RS256"),
            Algorithm::ES256 => named.is_none_or(|alg| alg == "ES256"),
            _ => named.is_none_or(|alg| matches!(alg, "EdDSA" | "Ed25519")),
        };
        let key = match algorithm {
            Algorithm::RS256 => rsa_key(jwk.n.as_deref()?, jwk.e.as_deref()?)?,
            Algorithm::ES256 => {
                let (x, y) = (jwk.x.as_deref()?, jwk.y.as_deref()?);
                let is_whole = [x, y].iter().all(|part| is_coordinate(part));
                is_whole
                    .then(|| DecodingKey::from_ec_components(x, y))?
                    .ok()?
            }
            _ => {
                let x = jwk.x.as_deref().filter(|x| is_coordinate(x))?;
                DecodingKey::from_ed_components(x).ok()?
            }
        };
        fits.then_some(Self { algorithm, key })
    }
}

fn rsa_key(modulus: &str, exponent: &str) -> Option<DecodingKey> {
    let bytes = |text: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        Some(bytes[zeros..].to_vec())
    };
    let (n, e) = (bytes(modulus)?, bytes(exponent)?);
    // An even exponent, or one of 1, makes a key that is none.
    let is_sound =
        RSA_MODULUS.contains(&n.len()) && e.last().is_some_and(|last| last % 2 == 1) && e != [1];
    is_sound.then(|| DecodingKey::from_rsa_raw_components(&n, &e))
}

fn is_coordinate(text: &str) -> bool {
    URL_SAFE_NO_PAD
        .decode(text)
        .is_ok_and(|bytes| bytes.len() == COORDINATE)
}

impl fmt::Debug for Jwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jwks({} keys)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn bytes(length: usize) -> String {
        URL_SAFE_NO_PAD.encode(vec![0xa5; length])
    }

    fn rsa() -> Value {
        json!({"kty": "RSA", "kid": "r", "use": "sig", "alg": "RS256", "n": bytes(256), "e": "AQAB", "x5c": ["MII"]})
    }

    fn ec() -> Value {
        json!({"kty": "EC", "kid": "e", "crv": "P-256", "x": bytes(32), "y": bytes(32)})
    }

    fn ed() -> Value {
        json!({"kty": "OKP", "kid": "d", "crv": "Ed25519", "alg": "EdDSA", "x": bytes(32)})
    }

    fn with(mut key: Value, name: &str, value: Value) -> Value {
        key[name] = value;
        key
    }

    fn parse(keys: &[Value]) -> Result<Jwks, String> {
        Jwks::parse(&json!({ "keys": keys }).to_string())
    }

    #[test]
    fn a_key_fixes_its_algorithm() {
        let encryption = json!({"kty": "RSA", "kid": "enc", "use": "enc", "alg": "RSA-OAEP"});
        let jwks = parse(&[rsa(), ec(), ed(), encryption]).expect("keys");
        let algorithm = |kid: &str| jwks.find(kid).map(|key| key.algorithm);
        assert_eq!(algorithm("r"), Some(Algorithm::RS256));
        assert_eq!(algorithm("e"), Some(Algorithm::ES256));
        assert_eq!(algorithm("d"), Some(Algorithm::EdDSA));
        assert_eq!(algorithm("enc"), None);
    }

    #[test]
    fn a_set_that_is_not_wholly_understood_is_refused() {
        for (name, keys) in [
            ("none", vec![]),
            (
                "for encryption alone",
                vec![with(rsa(), "use", json!("enc"))],
            ),
            ("without a kid", vec![with(rsa(), "kid", Value::Null)]),
            ("with an empty kid", vec![with(rsa(), "kid", json!(""))]),
            ("two of one kid", vec![rsa(), with(ec(), "kid", json!("r"))]),
            ("private RSA", vec![with(rsa(), "d", json!("AQAB"))]),
            ("private EC", vec![with(ec(), "d", json!(bytes(32)))]),
            (
                "a secret",
                vec![json!({"kty": "oct", "kid": "k", "k": bytes(32)})],
            ),
            ("RS512", vec![with(rsa(), "alg", json!("RS512"))]),
            ("HS256 in RSA", vec![with(rsa(), "alg", json!("HS256"))]),
            (
                "RSA of 1024 bits",
                vec![with(rsa(), "n", json!(bytes(128)))],
            ),
            ("exponent 1", vec![with(rsa(), "e", json!("AQ"))]),
            ("exponent even", vec![with(rsa(), "e", json!("AAAC"))]),
            ("exponent empty", vec![with(rsa(), "e", json!(""))]),
            ("P-384", vec![with(ec(), "crv", json!("P-384"))]),
            ("no curve", vec![with(ec(), "crv", Value::Null)]),
            ("half a point", vec![with(ec(), "y", Value::Null)]),
            ("a short point", vec![with(ec(), "x", json!(bytes(31)))]),
            ("Ed448", vec![with(ed(), "crv", json!("Ed448"))]),
            ("a long Ed25519", vec![with(ed(), "x", json!(bytes(57)))]),
            ("another family", vec![with(ed(), "kty", json!("AKP"))]),
            ("no base64", vec![with(ed(), "x", json!("!"))]),
        ] {
            assert!(parse(&keys).is_err(), "{name}");
        }
        for text in ["", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[1]}"] {
            assert!(Jwks::parse(text).is_err(), "{text}");
        }
    }
}
