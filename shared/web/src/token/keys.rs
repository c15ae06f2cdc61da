//! The keys that tokens are signed with, per organisation: `TOKEN_KEYS`.

use super::claims::{Claims, Role};
use domain::OrgId;
use jsonwebtoken::{DecodingKey, EncodingKey, Header};
use std::collections::HashMap;
use std::fmt;

/// The name of the keys of every organisation that has none of its own.
const DEFAULT_KEYS: &str = "*";

/// The name of the keys of the platform's staff, which no organisation's id can claim.
const PLATFORM_KEYS: &str = "platform";

/// How many keys an organisation may have at a time: the present one and, while clients move
/// to it, the one before or after.
const MAX_KEYS: usize = 2;

/// In bytes. Shorter keys are guessed; the development keys have 21 and 18.
const SHORTEST: usize = 16;

/// In bytes. HS256 wants as many as its hash has (RFC 7518, section 3.2).
const SHORTEST_DEPLOYED: usize = 32;

/// The keys of each organisation, read once in init. `Debug` does not show them.
#[derive(Clone, Default)]
pub struct TokenKeys(HashMap<String, Vec<Secret>>);

#[derive(Clone)]
struct Secret(String);

impl TokenKeys {
    /// Reads `{"<organisation>": ["<key>", …], "*": […], "platform": […]}`.
    ///
    /// # Errors
    /// What is wrong with it, without showing any key.
    pub(crate) fn parse(json: &str) -> Result<Self, String> {
        let given: HashMap<String, Vec<String>> = serde_json::from_str(json)
            .map_err(|_| "must be a JSON object of company to list of keys".to_owned())?;
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
        let mut all: Vec<_> = given.values().flatten().collect();
        all.sort();
        // Whoever signs for one would sign for the other.
        if all.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err("holds the same key twice".to_owned());
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

    /// The keys of local runs.
    pub(crate) fn development() -> Self {
        let keys = [
            (DEFAULT_KEYS, "local-development-key"),
            (PLATFORM_KEYS, "local-platform-key"),
        ];
        let keys = keys.map(|(name, key)| (name.to_owned(), vec![Secret(key.to_owned())]));
        Self(HashMap::from(keys))
    }

    /// Whether there is no key at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What tokens of `org` are verified with.
    pub(super) fn of_org(&self, org: &OrgId) -> Vec<DecodingKey> {
        decoding(self.secrets_of(org.as_str()))
    }

    /// Whether `org` has keys of its own.
    pub(super) fn has_own(&self, org: &OrgId) -> bool {
        self.own(org.as_str()).is_some()
    }

    /// What tokens of the platform's staff are verified with.
    pub(super) fn of_platform(&self) -> Vec<DecodingKey> {
        decoding(self.named(PLATFORM_KEYS))
    }

    /// Signs a token as its issuer would: the platform where it names an administrator, else
    /// its organisation. `None` where there is no key for it.
    pub(super) fn issue(&self, claims: &Claims) -> Option<String> {
        let is_admin = claims.roles.iter().any(|role| role == Role::Admin.name());
        let secrets = match &claims.org_id {
            _ if is_admin => self.named(PLATFORM_KEYS),
            Some(org) => self.secrets_of(org.as_str()),
            None => self.named(DEFAULT_KEYS),
        };
        let key = EncodingKey::from_secret(secrets.first()?.0.as_bytes());
        jsonwebtoken::encode(&Header::default(), claims, &key).ok()
    }

    fn secrets_of(&self, org: &str) -> &[Secret] {
        self.own(org).unwrap_or_else(|| self.named(DEFAULT_KEYS))
    }

    /// The keys that are the organisation's own. One that is called `platform` has none: those
    /// of that name are the staff's.
    fn own(&self, org: &str) -> Option<&[Secret]> {
        let own = self.0.get(org).filter(|_| org != PLATFORM_KEYS);
        own.map(Vec::as_slice)
    }

    fn named(&self, name: &str) -> &[Secret] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }
}

fn decoding(secrets: &[Secret]) -> Vec<DecodingKey> {
    let key = |secret: &Secret| DecodingKey::from_secret(secret.0.as_bytes());
    secrets.iter().map(key).collect()
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenKeys(of {} names)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_refused_without_being_shown() {
        let long = "k".repeat(SHORTEST);
        let three = format!(r#"{{"*":["{long}1","{long}2","{long}3"]}}"#);
        for refused in [
            "",
            "{}",
            "[]",
            r#"{"*":[]}"#,
            r#"{"*":"local-development-key"}"#,
            r#"{"*":["short"]}"#,
            r#"{"a#b":["local-development-key"]}"#,
            r#"{"*":["local-development-key"],"platform":["local-development-key"]}"#,
            r#"{"*":["local-development-key","local-development-key"]}"#,
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
