//! The text of an API key: shown once, then only hashed.
//!
//! `vrv_live_` and 80 hex digits: the key's id, a secret of 160 bits and a checksum of both. The
//! checksum tells a mistyped key, and a search for leaked ones what is none, without reading the
//! table.

use crate::ids::{ApiKeyId, random_bytes};
use crate::text::Invalid;
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
            && digits
                .bytes()
                .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
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

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Utc};

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_774_526_400, 0).expect("in range")
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
}
