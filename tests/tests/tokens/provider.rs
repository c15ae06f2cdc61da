//! Tokens of an identity provider: `TOKEN_JWKS`, one key of each family.

use crate::bad::{Case, bearer};
use crate::rsa::rsa_key;
use crate::{ACME, STAFF, WITHOUT_KEYS, encoded, sign, with};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};

/// Private keys in PKCS #8, made for this test: no setting names them.
const P256: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg8pdRP+4HvyR5PAbzVoilCRKy3x6aWbw0nEqqRqCtGH6hRANCAASEOyF4zjP6qCzSjGW6bUNHPSeON6Yx6+bUVjN+8nYgzU/pkLMvpjvy+NCNx8bEDst2F9bHHMEr/zJuBNFl1/DG";
const OTHER_P256: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgZVs7L1b2xGB/+o2B141iniqELZhBlo7bNehRugLAzQWhRANCAARhC0+vlE1BpA+dmMXRcKu4lBu4D7KanILKogp8O4sD6QnVj+AA+wzPsOJCGj2Crvq/KS1Yr2WYrIQ6x5PypmDC";
const P384: &str = "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDCVnjcs5R/9IGIxqVaKVewwHePl617UIc+4a2czbZ2PygAU/Xj73Fw6CAuf3N51iOShZANiAASZ+e7t2xKje9WKbU3Ymxur3iIBw6H/zCjLcdSYbi/MvzSmgEgeVygUhFHw7TOSlSdoyFZvXmCuO7ZtiyKrrH34zBy+vybo9uU8VlWzT6WL6jcaB4Mj4SEXF4G68Z3B2yk=";
const ED25519: &str = "MC4CAQAwBQYDK2VwBCIEILXFGOaNDCUhHRttkyffrfvAS3fAjoAmgkbxSUPCSJ/b";
const OTHER_ED25519: &str = "MC4CAQAwBQYDK2VwBCIEIFDc1x7Pd+nP3D0kWG2MQm91/iloo6LBp+V4dbE6yoaG";

fn ec(der: &str) -> EncodingKey {
    EncodingKey::from_ec_der(&STANDARD.decode(der).expect("base64"))
}

fn ed(der: &str) -> EncodingKey {
    EncodingKey::from_ed_der(&STANDARD.decode(der).expect("base64"))
}

/// A key of the provider, and one of its family that is not the provider's.
pub(crate) struct Family {
    pub(crate) kid: &'static str,
    pub(crate) algorithm: Algorithm,
    key: EncodingKey,
    other: Option<EncodingKey>,
}

pub(crate) fn families() -> [Family; 3] {
    [
        Family {
            kid: "rsa-1",
            algorithm: Algorithm::RS256,
            key: rsa_key(),
            other: None,
        },
        Family {
            kid: "ec-1",
            algorithm: Algorithm::ES256,
            key: ec(P256),
            other: Some(ec(OTHER_P256)),
        },
        Family {
            kid: "ed-1",
            algorithm: Algorithm::EdDSA,
            key: ed(ED25519),
            other: Some(ed(OTHER_ED25519)),
        },
    ]
}

/// What the provider publishes.
pub(crate) fn jwks() -> Value {
    let keys: Vec<_> = families().iter().map(Family::jwk).collect();
    json!({ "keys": keys })
}

impl Family {
    fn jwk(&self) -> Value {
        let jwk = Jwk::from_encoding_key(&self.key, self.algorithm).expect("a public key");
        let mut jwk = serde_json::to_value(jwk).expect("JSON");
        jwk["kid"] = json!(self.kid);
        jwk["use"] = json!("sig");
        jwk
    }

    fn header(&self) -> Value {
        json!({"typ": "JWT", "alg": self.algorithm, "kid": self.kid})
    }

    /// A token of the provider.
    pub(crate) fn signed(&self, claims: &Value) -> String {
        self.headed(self.header(), claims)
    }

    /// A token with another header, signed with the provider's key.
    pub(crate) fn headed(&self, header: Value, claims: &Value) -> String {
        signed_with(&self.key, self.algorithm, &header, claims)
    }

    /// Every text that an attacker has of the public key, each as a secret of HS256.
    fn public_texts(&self) -> Vec<String> {
        let jwk = self.jwk();
        let parts = ["n", "x", "y", "e"].into_iter();
        let mut texts: Vec<_> = parts
            .filter_map(|part| jwk[part].as_str().map(ToOwned::to_owned))
            .collect();
        texts.extend([jwk.to_string(), jwks().to_string(), self.kid.to_owned()]);
        texts
    }

    /// Forged and misused tokens of this family.
    pub(crate) fn bad(&self, now: i64) -> Vec<Case> {
        let good = good(now);
        let token = self.signed(&good);
        let (message, signature) = token.rsplit_once('.').expect("a signature");
        let (header, claims) = message.split_once('.').expect("two parts");
        let mut flipped = URL_SAFE_NO_PAD.decode(signature).expect("base64");
        flipped[9] ^= 1;
        let flipped = URL_SAFE_NO_PAD.encode(flipped);
        let zeros = URL_SAFE_NO_PAD.encode(vec![0; 64]);
        let swapped = encoded(&with(&good, json!({"sub": "usr_2"})));
        let headed = |change: Value| bearer(&self.headed(with(&self.header(), change), &good));
        let none = encoded(&json!({"typ": "JWT", "alg": "none", "kid": self.kid}));
        let mut cases = vec![
            ("flipped", bearer(&format!("{message}.{flipped}"))),
            ("cut", bearer(&format!("{message}.{}", &signature[..40]))),
            ("zeros", bearer(&format!("{message}.{zeros}"))),
            ("no signature", bearer(&format!("{message}."))),
            (
                "swapped",
                bearer(&format!("{header}.{swapped}.{signature}")),
            ),
            ("none", bearer(&format!("{none}.{claims}."))),
            (
                "none, signed",
                bearer(&format!("{none}.{claims}.{signature}")),
            ),
            ("no kid", headed(json!({"kid": null}))),
            ("empty kid", headed(json!({"kid": ""}))),
            ("unknown kid", headed(json!({"kid": "rsa-2"}))),
            (
                "kid in other letters",
                headed(json!({"kid": self.kid.to_uppercase()})),
            ),
            ("kid a list", headed(json!({"kid": [self.kid]}))),
            ("crit", headed(json!({"crit": ["exp"]}))),
            ("of another type", headed(json!({"typ": "logout+jwt"}))),
        ];
        for alg in [
            "HS256", "RS256", "RS512", "PS256", "ES256", "ES384", "EdDSA",
        ] {
            if json!(alg) != json!(self.algorithm) {
                cases.push(("another alg", headed(json!({ "alg": alg }))));
            }
        }
        for family in families().iter().filter(|family| family.kid != self.kid) {
            cases.push(("another family's kid", headed(json!({"kid": family.kid}))));
        }
        cases.extend(self.confused(&good));
        cases.extend(self.misused(&good, now));
        cases
    }

    /// Signed with what is no key of the provider.
    fn confused(&self, good: &Value) -> Vec<Case> {
        let mut cases = Vec::new();
        for secret in self.public_texts() {
            let header = json!({"typ": "JWT", "alg": "HS256", "kid": self.kid});
            let bytes = URL_SAFE_NO_PAD.decode(&secret).unwrap_or_default();
            for secret in [secret.as_bytes(), &bytes] {
                let key = EncodingKey::from_secret(secret);
                let token = signed_with(&key, Algorithm::HS256, &header, good);
                cases.push(("the public key as a secret", bearer(&token)));
            }
        }
        if let Some(other) = &self.other {
            let jwk = Jwk::from_encoding_key(other, self.algorithm).expect("a public key");
            let brought = with(&self.header(), json!({ "jwk": jwk }));
            let pointed = with(&self.header(), json!({"jku": "https://evil.example/keys"}));
            for header in [self.header(), brought, pointed] {
                let token = signed_with(other, self.algorithm, &header, good);
                cases.push(("a key of nobody's", bearer(&token)));
            }
        }
        let header = json!({"typ": "JWT", "alg": "ES384", "kid": self.kid});
        let token = signed_with(&ec(P384), Algorithm::ES384, &header, good);
        cases.push(("another curve", bearer(&token)));
        cases
    }

    /// Signed by the provider, with claims that it may not make.
    fn misused(&self, good: &Value, now: i64) -> Vec<Case> {
        let claiming = |change: Value| bearer(&self.signed(&with(good, change)));
        let admin = json!({"roles": ["ROLE_ADMIN"]});
        let anyones = json!({"roles": ["ROLE_ADMIN"], "org_id": null});
        vec![
            ("an administrator", claiming(admin)),
            ("an administrator of all", claiming(anyones)),
            ("staff of nobody's", claiming(json!({"org_id": null}))),
            ("of a company with keys", claiming(json!({"org_id": ACME}))),
            ("past", claiming(json!({"exp": now - 30}))),
            ("too long", claiming(json!({"exp": now + 25 * 3_600}))),
            ("for years", claiming(json!({"iat": now - 30 * 86_400}))),
            ("not yet", claiming(json!({"nbf": now + 31}))),
            ("no sub", claiming(json!({"sub": null}))),
            ("no exp", claiming(json!({"exp": null}))),
        ]
    }
}

/// What a token of the staff of a company without keys claims.
pub(crate) fn good(now: i64) -> Value {
    json!({
        "sub": "usr_1", "roles": ["ROLE_ORG"], "exp": now + 3_600, "iat": now,
        "org_id": WITHOUT_KEYS, "iss": "https://id.example/realms/verv", "aud": ["verv", "web"],
    })
}

/// The platform's key speaks for its staff, and for nobody else.
pub(crate) fn bad_of_platform(now: i64) -> Vec<Case> {
    let header = encoded(&json!({"typ": "JWT", "alg": "HS256"}));
    let claiming = |change: Value| {
        let claims = encoded(&with(&good(now), change));
        bearer(&sign(&header, &claims, STAFF, Algorithm::HS256))
    };
    vec![
        ("staff by the platform", claiming(json!({}))),
        ("mentor by it", claiming(json!({"roles": ["ROLE_MENTOR"]}))),
        (
            "customer of nobody's by it",
            claiming(json!({"roles": ["ROLE_CUSTOMER"], "org_id": null})),
        ),
    ]
}

fn signed_with(key: &EncodingKey, algorithm: Algorithm, header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let signature = crypto::sign(message.as_bytes(), key, algorithm);
    format!("{message}.{}", signature.expect("a signature"))
}
