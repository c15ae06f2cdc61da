//! What a token's claims must be beside its signature: `TOKEN_ISSUER`, `TOKEN_AUDIENCE`,
//! `TOKEN_LIFETIME_HOURS`, and the time.

use super::claims::{Audience, Claims};
use super::refusal::Unverified;
use chrono::{DateTime, TimeDelta, Utc};

/// By how much two clocks may differ, in seconds.
const LEEWAY: i64 = 30;

/// How long a token lives at most, unless it is set.
const LIFETIME: TimeDelta = TimeDelta::hours(24);

/// The longest lifetime that can be set, in hours: a century, for the tokens of sample events.
const LONGEST_LIFETIME: i64 = 876_000;

/// The longest name of an issuer or audience, in bytes.
const LONGEST_NAME: usize = 255;

/// What a token's claims must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRules {
    /// What `iss` must be; `None` is anything.
    pub issuer: Option<String>,
    /// What `aud` must name; `None` is anything.
    pub audience: Option<String>,
    /// How long a token lives at most: from `iat`, where it has one, and from now.
    pub lifetime: TimeDelta,
}

impl Default for TokenRules {
    fn default() -> Self {
        Self {
            issuer: None,
            audience: None,
            lifetime: LIFETIME,
        }
    }
}

impl TokenRules {
    /// An issuer or audience as RFC 7519 has it, a `StringOrURI`: what has a colon is a URI.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse_name(text: String) -> Result<String, String> {
        let is_plain = text.len() <= LONGEST_NAME && text.chars().all(|c| c.is_ascii_graphic());
        if !is_plain || (text.contains(':') && url::Url::parse(&text).is_err()) {
            return Err("must be a URI, or a name without spaces or colons".to_owned());
        }
        Ok(text)
    }

    /// A lifetime in hours.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse_lifetime(hours: &str) -> Result<TimeDelta, String> {
        let hours = hours.parse::<i64>().ok();
        let in_range = hours.filter(|hours| (1..=LONGEST_LIFETIME).contains(hours));
        in_range
            .map(TimeDelta::hours)
            .ok_or_else(|| format!("must be a number of hours from 1 to {LONGEST_LIFETIME}"))
    }

    /// `claims` with the issuer and audience that are required, where they name none.
    pub(super) fn completed(&self, claims: Claims) -> Claims {
        let audience = self.audience.clone().map(Audience::One);
        Claims {
            iss: claims.iss.or_else(|| self.issuer.clone()),
            aud: claims.aud.or(audience),
            ..claims
        }
    }

    /// Passes if the claims are as they must be at `now`.
    ///
    /// # Errors
    /// The first reason against them.
    pub(super) fn check(&self, claims: &Claims, now: DateTime<Utc>) -> Result<(), Unverified> {
        if self.issuer.is_some() && claims.iss != self.issuer {
            return Err(Unverified::Issuer);
        }
        let is_named = |wanted| claims.aud.as_ref().is_some_and(|aud| aud.names(wanted));
        if self
            .audience
            .as_deref()
            .is_some_and(|wanted| !is_named(wanted))
        {
            return Err(Unverified::Audience);
        }
        let now = now.timestamp();
        let has_begun = |at: i64| at.saturating_sub(LEEWAY) <= now;
        let begins = [claims.nbf, claims.iat];
        if claims.exp.saturating_add(LEEWAY) <= now || !begins.into_iter().flatten().all(has_begun)
        {
            return Err(Unverified::Time);
        }
        let lifetime = self.lifetime.num_seconds();
        let lives_too_long = |from: i64| claims.exp.saturating_sub(from) > lifetime;
        if lives_too_long(now.saturating_add(LEEWAY)) || claims.iat.is_some_and(lives_too_long) {
            return Err(Unverified::Lifetime);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_774_526_400;

    fn claims(exp: i64, iat: Option<i64>) -> Claims {
        Claims {
            sub: "usr_1".to_owned(),
            roles: vec![],
            exp,
            nbf: None,
            iat,
            iss: Some("https://id.example".to_owned()),
            aud: Some(Audience::Many(vec!["other".to_owned(), "verv".to_owned()])),
            org_id: None,
        }
    }

    #[test]
    fn a_token_lives_as_long_as_it_may_and_no_longer() {
        let day = 24 * 3_600;
        let rules = TokenRules::default();
        for (exp, iat, expected) in [
            (NOW + 60, None, Ok(())),
            (NOW + day, None, Ok(())),
            (NOW + day + 30, None, Ok(())),
            (NOW + day + 31, None, Err(Unverified::Lifetime)),
            (i64::MAX, None, Err(Unverified::Lifetime)),
            (NOW + 60, Some(NOW + 60 - day), Ok(())),
            (NOW + 60, Some(NOW + 59 - day), Err(Unverified::Lifetime)),
            (NOW + 60, Some(i64::MIN), Err(Unverified::Lifetime)),
            (NOW + 60, Some(NOW + 30), Ok(())),
            (NOW + 60, Some(NOW + 31), Err(Unverified::Time)),
            (NOW - 29, None, Ok(())),
            (NOW - 30, None, Err(Unverified::Time)),
            (i64::MIN, None, Err(Unverified::Time)),
        ] {
            let now = DateTime::from_timestamp(NOW, 0).expect("a time");
            let checked = rules.check(&claims(exp, iat), now);
            assert_eq!(checked, expected, "exp {exp}, iat {iat:?}");
        }
    }

    #[test]
    fn issuer_and_audience_are_required_where_they_are_set() {
        let now = DateTime::from_timestamp(NOW, 0).expect("a time");
        let good = claims(NOW + 60, None);
        for (issuer, audience, expected) in [
            (None, None, Ok(())),
            (Some("https://id.example"), Some("verv"), Ok(())),
            (Some("https://id.example/"), None, Err(Unverified::Issuer)),
            (None, Some("ver"), Err(Unverified::Audience)),
        ] {
            let rules = TokenRules {
                issuer: issuer.map(ToOwned::to_owned),
                audience: audience.map(ToOwned::to_owned),
                ..TokenRules::default()
            };
            assert_eq!(rules.check(&good, now), expected, "{issuer:?} {audience:?}");
            let nobodys = Claims {
                iss: None,
                aud: None,
                ..good.clone()
            };
            let is_free = issuer.is_none() && audience.is_none();
            assert_eq!(rules.check(&nobodys, now).is_ok(), is_free);
            assert_eq!(rules.check(&rules.completed(nobodys), now), Ok(()));
        }
    }

    #[test]
    fn a_name_is_a_string_or_a_uri() {
        for name in ["verv", "https://id.example/realms/a", "urn:verv:api"] {
            assert_eq!(TokenRules::parse_name(name.to_owned()), Ok(name.to_owned()));
        }
        for name in ["two words", "æ", "https://", ":", &"x".repeat(256)] {
            assert!(TokenRules::parse_name(name.to_owned()).is_err(), "{name}");
        }
    }
}
