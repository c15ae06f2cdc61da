//! What deliveries are signed with: a secret that a webhook's receiver has as well.
//!
//! It is stored as it is, since a hash signs nothing.

use crate::clock::Timestamp;
use crate::ids::random_bytes;
use crate::text::Invalid;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use std::fmt;
use std::str::FromStr;

/// For how long after a rotation deliveries are signed with the old secret as well.
pub const OVERLAP: TimeDelta = TimeDelta::hours(24);

const PREFIX: &str = "whsec_";

/// A secret as Standard Webhooks writes it: `whsec_` and 24 to 64 bytes in base 64. `Debug` does
/// not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Vec<u8>);

impl WebhookSecret {
    /// A new secret of 32 bytes from the operating system's random source.
    pub fn generate() -> Self {
        Self(random_bytes::<32>().to_vec())
    }

    /// The key of the signatures.
    pub fn key(&self) -> &[u8] {
        &self.0
    }

    /// The secret as its receiver gets it: to be shown once, and never logged.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

impl FromStr for WebhookSecret {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.strip_prefix(PREFIX)
            .and_then(|encoded| STANDARD.decode(encoded).ok())
            .filter(|key| (24..=64).contains(&key.len()))
            .map(Self)
            .ok_or(Invalid("must be whsec_ and 24 to 64 bytes in base 64"))
    }
}

/// The secrets of a webhook: one, and for a while after a rotation the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSecrets {
    /// What receivers verify with from now on.
    pub current: WebhookSecret,
    /// What they have verified with until the rotation.
    pub previous: Option<PreviousSecret>,
}

/// A secret that was rotated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviousSecret {
    /// The secret.
    pub secret: WebhookSecret,
    /// Until when deliveries are signed with it.
    pub until: Timestamp,
}

impl WebhookSecrets {
    /// One new secret.
    pub fn generate() -> Self {
        Self {
            current: WebhookSecret::generate(),
            previous: None,
        }
    }

    /// The secrets once a new one is in the place of the current one, which signs for
    /// [`OVERLAP`] still. One from before that signs no longer: two are enough to verify with.
    #[must_use]
    pub fn rotated(self, now: DateTime<Utc>) -> Self {
        Self {
            current: WebhookSecret::generate(),
            previous: Some(PreviousSecret {
                secret: self.current,
                until: (now + OVERLAP).into(),
            }),
        }
    }

    /// The secrets that a delivery at `now` is signed with, the newest first.
    pub fn in_force(&self, now: DateTime<Utc>) -> impl Iterator<Item = &WebhookSecret> {
        let previous = self.previous.as_ref();
        let previous = previous.filter(|previous| now < previous.until.instant());
        [&self.current]
            .into_iter()
            .chain(previous.map(|previous| &previous.secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_as_it_was_made_and_is_not_printed() {
        let secret = WebhookSecret::generate();
        let text = secret.expose();
        assert_eq!((secret.key().len(), text.len()), (32, 6 + 44));
        assert_eq!(text.parse(), Ok(secret.clone()));
        assert_ne!(WebhookSecret::generate(), secret);
        let secrets = WebhookSecrets {
            current: secret,
            previous: None,
        };
        let printed = format!("{secrets:?}");
        assert!(!printed.contains(&text[6..]), "{printed}");
        assert!(!printed.contains(&format!("{:?}", secrets.current.key())));
    }

    #[test]
    fn a_secret_has_24_to_64_bytes() {
        let of = |bytes: usize| format!("{PREFIX}{}", STANDARD.encode(vec![7; bytes]));
        for (text, is_secret) in [
            (of(23), false),
            (of(24), true),
            (of(64), true),
            (of(65), false),
            (of(32).replace(PREFIX, "whpk_"), false),
            (format!("{}!", of(24)), false),
            (String::new(), false),
        ] {
            assert_eq!(text.parse::<WebhookSecret>().is_ok(), is_secret, "{text}");
        }
    }

    #[test]
    fn a_rotated_secret_signs_for_a_day_and_the_one_before_it_no_longer() {
        let now = DateTime::from_timestamp(1_774_526_400, 0).expect("in range");
        let first = WebhookSecrets::generate();
        let second = first.clone().rotated(now);
        let signing = |secrets: &WebhookSecrets, at| -> Vec<WebhookSecret> {
            secrets.in_force(at).cloned().collect()
        };
        assert_eq!(signing(&first, now), std::slice::from_ref(&first.current));
        assert_eq!(
            signing(&second, now + OVERLAP - TimeDelta::seconds(1)),
            [second.current.clone(), first.current.clone()]
        );
        assert_eq!(
            signing(&second, now + OVERLAP),
            std::slice::from_ref(&second.current)
        );
        let third = second.clone().rotated(now);
        assert_eq!(
            signing(&third, now),
            [third.current.clone(), second.current.clone()]
        );
    }
}
