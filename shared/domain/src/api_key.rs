//! API keys: what an organisation's own servers call with, instead of a token.
//!
//! A key is text that is shown once, `vrv_live_` and 80 hex digits: the key's id, a secret of
//! 160 bits and a checksum of both. The checksum tells a mistyped key, and a search for leaked
//! ones what is none, without reading the table. Only a hash of the key is stored.

use crate::clock::Timestamp;
use crate::ids::{ApiKeyId, OrgId, random_bytes};
use crate::text::{Invalid, one_line, string_newtype};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// What kind of deployment a key is for, so that a key of the one does not open the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyMode {
    /// Real members are recruited.
    Live,
    /// Development and tests.
    Test,
}

impl KeyMode {
    fn prefix(self) -> &'static str {
        match self {
            Self::Live => "vrv_live_",
            Self::Test => "vrv_test_",
        }
    }
}

/// What every key begins with, and no token.
pub const KEY_PREFIX: &str = "vrv_";

/// In hex digits.
const ID_DIGITS: usize = 32;
const SECRET_DIGITS: usize = 40;
const CHECKSUM_DIGITS: usize = 8;

/// A whole key as its server sends it. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText {
    text: String,
    id: ApiKeyId,
    mode: KeyMode,
}

impl KeyText {
    /// A new key with the id `id`, its secret from the operating system's random source.
    pub fn generate(id: ApiKeyId, mode: KeyMode) -> Self {
        let secret: [u8; SECRET_DIGITS / 2] = random_bytes();
        let secret: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let body = format!("{}{}{secret}", mode.prefix(), id.uuid().simple());
        let checksum = checksum(&body);
        Self {
            text: format!("{body}{checksum}"),
            id,
            mode,
        }
    }

    /// The key's id.
    pub fn id(&self) -> ApiKeyId {
        self.id
    }

    /// What kind of deployment it is for.
    pub fn mode(&self) -> KeyMode {
        self.mode
    }

    /// The key itself: to be shown once, hashed, and never logged.
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyText(of {})", self.id)
    }
}

impl FromStr for KeyText {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const INVALID: Invalid = Invalid("must be an API key");
        let modes = [KeyMode::Live, KeyMode::Test];
        let mode = modes.iter().find(|mode| text.starts_with(mode.prefix()));
        let mode = *mode.ok_or(INVALID)?;
        let digits = &text[mode.prefix().len()..];
        let is_whole = digits.len() == ID_DIGITS + SECRET_DIGITS + CHECKSUM_DIGITS
            && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !is_whole {
            return Err(INVALID);
        }
        let (body, given) = text.split_at(text.len() - CHECKSUM_DIGITS);
        if checksum(body) != given {
            return Err(INVALID);
        }
        let id = Uuid::try_parse(&digits[..ID_DIGITS]).map_err(|_| INVALID)?;
        Ok(Self {
            text: text.to_owned(),
            id: ApiKeyId::from_uuid(id),
            mode,
        })
    }
}

fn checksum(body: &str) -> String {
    format!("{:08x}", crc32fast::hash(body.as_bytes()))
}

string_newtype!(
    /// What people call a key: 1 to 120 characters, none of them a control character.
    ApiKeyName,
    |text| one_line(text)
);

/// What a key may be used for. Written as `codes:read`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum KeyScope {
    /// Codes, their records and links; whether a code is valid.
    #[serde(rename = "codes:read")]
    CodesRead,
    /// Make, rotate, deactivate, invalidate and delete codes.
    #[serde(rename = "codes:write")]
    CodesWrite,
    /// Record clicks, and say when, from where and with what browser they came.
    #[serde(rename = "clicks:write")]
    ClicksWrite,
    /// Attributions, with what is known of their visitors.
    #[serde(rename = "attributions:read")]
    AttributionsRead,
    /// Confirm recruitments, and delete attributions.
    #[serde(rename = "conversions:write")]
    ConversionsWrite,
    /// Totals, series and leaderboards.
    #[serde(rename = "stats:read")]
    StatsRead,
    /// Programs.
    #[serde(rename = "programs:read")]
    ProgramsRead,
    /// Make, change, archive and delete programs.
    #[serde(rename = "programs:write")]
    ProgramsWrite,
}

impl KeyScope {
    /// Every scope, in their order.
    pub const ALL: [Self; 8] = [
        Self::CodesRead,
        Self::CodesWrite,
        Self::ClicksWrite,
        Self::AttributionsRead,
        Self::ConversionsWrite,
        Self::StatsRead,
        Self::ProgramsRead,
        Self::ProgramsWrite,
    ];

    /// The scope as requests and answers spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::CodesRead => "codes:read",
            Self::CodesWrite => "codes:write",
            Self::ClicksWrite => "clicks:write",
            Self::AttributionsRead => "attributions:read",
            Self::ConversionsWrite => "conversions:write",
            Self::StatsRead => "stats:read",
            Self::ProgramsRead => "programs:read",
            Self::ProgramsWrite => "programs:write",
        }
    }
}

/// The scopes of a key: at least one, each once, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<KeyScope>", into = "Vec<KeyScope>")]
pub struct KeyScopes(Vec<KeyScope>);

impl TryFrom<Vec<KeyScope>> for KeyScopes {
    type Error = Invalid;

    fn try_from(mut scopes: Vec<KeyScope>) -> Result<Self, Invalid> {
        let given = scopes.len();
        scopes.sort();
        scopes.dedup();
        if given == 0 || scopes.len() != given {
            return Err(Invalid("must hold at least one scope, each once"));
        }
        Ok(Self(scopes))
    }
}

impl From<KeyScopes> for Vec<KeyScope> {
    fn from(scopes: KeyScopes) -> Self {
        scopes.0
    }
}

/// An API key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id, which is part of the key's text.
    pub id: ApiKeyId,
    /// The organisation whose servers use it.
    pub org: OrgId,
    /// What people call it.
    pub name: ApiKeyName,
    /// What it may be used for.
    pub scopes: KeyScopes,
    /// From when on it is refused; `None` is never.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The last day on which it was used, in UTC.
    pub last_used_on: Option<NaiveDate>,
}

/// What a key is to be, as its organisation's staff wish it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiKey {
    /// The organisation whose servers will use it.
    pub org: OrgId,
    /// What people call it.
    pub name: ApiKeyName,
    /// What it may be used for.
    pub scopes: KeyScopes,
    /// From when on it is refused; `None` is never.
    pub expires_at: Option<Timestamp>,
}

/// Why a key was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiKeyRefusal {
    /// The caller may not act for this organisation.
    OutOfScope,
    /// It would have expired already.
    ExpiresInThePast,
}

/// Where a key is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiKeyStatus {
    /// It opens what its scopes name.
    Active,
    /// Past its end.
    Expired,
    /// Taken back, for good.
    Revoked,
}

impl NewApiKey {
    /// The key, made at `now`.
    ///
    /// # Errors
    /// [`ApiKeyRefusal::ExpiresInThePast`].
    pub fn issue(self, now: DateTime<Utc>) -> Result<ApiKey, ApiKeyRefusal> {
        if self.expires_at.is_some_and(|end| end.instant() <= now) {
            return Err(ApiKeyRefusal::ExpiresInThePast);
        }
        Ok(ApiKey {
            id: ApiKeyId::new(now),
            org: self.org,
            name: self.name,
            scopes: self.scopes,
            expires_at: self.expires_at,
            revoked_at: None,
            last_used_on: None,
        })
    }
}

impl ApiKey {
    /// When it was made.
    pub fn created_at(&self) -> Timestamp {
        self.id.made_at().into()
    }

    /// Whether it is active, expired or revoked at `now`.
    pub fn status(&self, now: DateTime<Utc>) -> ApiKeyStatus {
        if self.revoked_at.is_some() {
            ApiKeyStatus::Revoked
        } else if self.expires_at.is_some_and(|end| end.instant() <= now) {
            ApiKeyStatus::Expired
        } else {
            ApiKeyStatus::Active
        }
    }

    /// Whether it may be used for what `scope` names.
    pub fn has(&self, scope: KeyScope) -> bool {
        self.scopes.0.contains(&scope)
    }

    /// Whether its use at `now` is the first one of that day.
    pub fn is_first_use_of_day(&self, now: DateTime<Utc>) -> bool {
        self.last_used_on.is_none_or(|last| last < now.date_naive())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_774_526_400, 0).expect("in range")
    }

    fn wanted(expires_at: Option<DateTime<Utc>>) -> NewApiKey {
        NewApiKey {
            org: "org_1".parse().expect("an id"),
            name: "sign-up server".parse().expect("a name"),
            scopes: vec![KeyScope::ClicksWrite, KeyScope::CodesRead]
                .try_into()
                .expect("scopes"),
            expires_at: expires_at.map(Timestamp::from),
        }
    }

    #[test]
    fn a_key_is_read_as_it_was_made() {
        let id = ApiKeyId::new(now());
        for mode in [KeyMode::Live, KeyMode::Test] {
            let key = KeyText::generate(id, mode);
            assert_eq!(key.expose().len(), 9 + 80);
            let read: KeyText = key.expose().parse().expect("a key");
            assert_eq!((read.id(), read.mode()), (id, mode));
            assert_eq!(read, key);
            assert!(!format!("{key:?}").contains(&key.expose()[45..]));
        }
        assert_ne!(
            KeyText::generate(id, KeyMode::Live),
            KeyText::generate(id, KeyMode::Live)
        );
    }

    #[test]
    fn a_key_with_any_character_changed_is_none() {
        let key = KeyText::generate(ApiKeyId::new(now()), KeyMode::Live);
        let text = key.expose();
        for at in 0..text.len() {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(bytes).expect("ASCII");
            assert!(changed.parse::<KeyText>().is_err(), "{at}");
        }
        for other in [
            "",
            "vrv_live_",
            &text[..text.len() - 1],
            &format!("{text}0"),
            &text.to_uppercase(),
            &text.replace("live", "test"),
        ] {
            assert!(other.parse::<KeyText>().is_err(), "{other}");
        }
    }

    #[test]
    fn a_key_is_active_until_it_ends_or_is_revoked() {
        let end = now() + TimeDelta::days(1);
        let key = wanted(Some(end)).issue(now()).expect("a key");
        assert_eq!(key.status(now()), ApiKeyStatus::Active);
        assert_eq!(key.status(end), ApiKeyStatus::Expired);
        let revoked = ApiKey {
            revoked_at: Some(now().into()),
            ..key.clone()
        };
        assert_eq!(revoked.status(end), ApiKeyStatus::Revoked);
        assert!(key.has(KeyScope::CodesRead) && !key.has(KeyScope::CodesWrite));
        assert_eq!(
            wanted(Some(now())).issue(now()),
            Err(ApiKeyRefusal::ExpiresInThePast)
        );
    }

    #[test]
    fn a_use_is_noted_once_a_day() {
        let mut key = wanted(None).issue(now()).expect("a key");
        assert!(key.is_first_use_of_day(now()));
        key.last_used_on = Some(now().date_naive());
        assert!(!key.is_first_use_of_day(now()));
        assert!(key.is_first_use_of_day(now() + TimeDelta::days(1)));
    }

    #[test]
    fn scopes_are_read_by_their_names_each_once() {
        for scope in KeyScope::ALL {
            let name = serde_json::to_string(&scope).expect("JSON");
            assert_eq!(name, format!("\"{}\"", scope.name()));
        }
        let read = |text: &str| serde_json::from_str::<KeyScopes>(text);
        let sorted = read(r#"["codes:write","codes:read"]"#).expect("scopes");
        assert_eq!(
            Vec::from(sorted),
            [KeyScope::CodesRead, KeyScope::CodesWrite]
        );
        assert!(read("[]").is_err() && read(r#"["codes:read","codes:read"]"#).is_err());
        assert!(read(r#"["everything"]"#).is_err());
    }
}
