//! The keys that tokens are signed with, per organisation: `TOKEN_KEYS`.

use super::claims::Claims;
use domain::OrgId;
use jsonwebtoken::{DecodingKey, EncodingKey, Header};
use std::collections::HashMap;
use std::fmt;

/// The name of the keys of every organisation that has none of its own.
const DEFAULT_KEYS: &str = "*";

/// How many keys an organisation may have at a time: the present one and, while clients move
/// to it, the one before or after.
const MAX_KEYS: usize = 2;

/// In bytes. Shorter keys are guessed; the development key has 21.
const SHORTEST: usize = 16;

/// In bytes. HS256 wants as many as its hash has (RFC 7518, section 3.2).
const SHORTEST_DEPLOYED: usize = 32;

/// The keys of each organisation, read once in init. `Debug` does not show them.
#[derive(Clone, Default)]
pub struct TokenKeys(HashMap<String, Vec<Secret>>);

#[derive(Clone)]
struct Secret(String);

/// Whose keys a token is verified with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signer {
    /// An organisation's own: what they sign speaks for that organisation alone.
    Organisation,
    /// The platform's, for every organisation without its own.
    Platform,
}

impl TokenKeys {
    /// Reads `{"<organisation>": ["<key>", …], "*": […]}`.
    ///
    /// # Errors
    /// What is wrong with it, without showing any key.
    pub(crate) fn parse(json: &str) -> Result<Self, String> {
        let given: HashMap<String, Vec<String>> = serde_json::from_str(json)
            .map_err(|_| "must be a JSON object of organisation to list of keys".to_owned())?;
        for (org, keys) in &given {
            if org != DEFAULT_KEYS && org.parse::<OrgId>().is_err() {
                return Err("names an organisation with an invalid id".to_owned());
            }
            if !(1..=MAX_KEYS).contains(&keys.len()) {
                return Err(format!("must give {org} one or two keys"));
            }
            if keys.iter().any(|key| key.len() < SHORTEST) {
                return Err(format!(
                    "holds a key of {org} of less than {SHORTEST} bytes"
                ));
            }
        }
        if given.is_empty() {
            return Err("must hold a key".to_owned());
        }
        let secrets =
            |(org, keys): (String, Vec<String>)| (org, keys.into_iter().map(Secret).collect());
        Ok(Self(given.into_iter().map(secrets).collect()))
    }

    /// Reads keys that are fit for a deployment: as long as the hash, none of them public.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(crate) fn parse_deployed(json: &str) -> Result<Self, String> {
        let keys = Self::parse(json)?;
        let mut all = keys.0.values().flatten();
        if all.any(|key| key.0.len() < SHORTEST_DEPLOYED) {
            return Err(format!(
                "holds a key of less than {SHORTEST_DEPLOYED} bytes"
            ));
        }
        Ok(keys)
    }

    /// The key of local runs.
    pub(crate) fn development() -> Self {
        let key = Secret("local-development-key".to_owned());
        Self(HashMap::from([(DEFAULT_KEYS.to_owned(), vec![key])]))
    }

    /// Whether there is no key at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What tokens of `org`, or of none, are verified with.
    pub(super) fn verifying(&self, org: Option<&OrgId>) -> (Signer, Vec<DecodingKey>) {
        let (signer, secrets) = self.of(org);
        let key = |secret: &Secret| DecodingKey::from_secret(secret.0.as_bytes());
        (signer, secrets.iter().map(key).collect())
    }

    /// Signs a token as the organisation that it names would: for local runs and tests.
    /// `None` where there is no key for it.
    pub fn issue(&self, claims: &Claims) -> Option<String> {
        let (_, secrets) = self.of(claims.org_id.as_ref());
        let key = EncodingKey::from_secret(secrets.first()?.0.as_bytes());
        jsonwebtoken::encode(&Header::default(), claims, &key).ok()
    }

    fn of(&self, org: Option<&OrgId>) -> (Signer, &[Secret]) {
        let own = org.and_then(|org| self.0.get(org.as_str()));
        match own {
            Some(own) => (Signer::Organisation, own),
            None => {
                let default = self.0.get(DEFAULT_KEYS);
                (Signer::Platform, default.map_or(&[], Vec::as_slice))
            }
        }
    }
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenKeys(of {} organisations)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_refused_without_being_shown() {
        let long = "k".repeat(SHORTEST);
        let three = format!(r#"{{"*":["{long}","{long}","{long}"]}}"#);
        for refused in [
            "",
            "{}",
            "[]",
            r#"{"*":[]}"#,
            r#"{"*":"local-development-key"}"#,
            r#"{"*":["short"]}"#,
            r#"{"a#b":["local-development-key"]}"#,
            &three,
        ] {
            let error = TokenKeys::parse(refused).expect_err(refused);
            assert!(
                !error.contains("short") && !error.contains(&long),
                "{error}"
            );
        }
        let development = r#"{"*":["local-development-key"]}"#;
        assert!(TokenKeys::parse(development).is_ok());
        assert!(TokenKeys::parse_deployed(development).is_err());
        assert!(!format!("{:?}", TokenKeys::development()).contains("local"));
    }
}
