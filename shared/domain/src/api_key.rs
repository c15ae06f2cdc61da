//! API keys: what an organisation's own servers call with, instead of a token. What they are
//! for, and how long.

use crate::clock::Timestamp;
use crate::ids::{ApiKeyId, OrgId};
use crate::text::{Invalid, one_line, string_newtype};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

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
    /// What has happened: codes, recruitments, programs.
    #[serde(rename = "events:read")]
    EventsRead,
    /// Programs.
    #[serde(rename = "programs:read")]
    ProgramsRead,
    /// Make, change, archive and delete programs.
    #[serde(rename = "programs:write")]
    ProgramsWrite,
    /// Webhooks and their deliveries.
    #[serde(rename = "webhooks:read")]
    WebhooksRead,
    /// Make, change, test and delete webhooks, and replay deliveries.
    #[serde(rename = "webhooks:write")]
    WebhooksWrite,
}

impl KeyScope {
    /// Every scope, in their order.
    pub const ALL: [Self; 11] = [
        Self::CodesRead,
        Self::CodesWrite,
        Self::ClicksWrite,
        Self::AttributionsRead,
        Self::ConversionsWrite,
        Self::StatsRead,
        Self::EventsRead,
        Self::ProgramsRead,
        Self::ProgramsWrite,
        Self::WebhooksRead,
        Self::WebhooksWrite,
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
            Self::EventsRead => "events:read",
            Self::ProgramsRead => "programs:read",
            Self::ProgramsWrite => "programs:write",
            Self::WebhooksRead => "webhooks:read",
            Self::WebhooksWrite => "webhooks:write",
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
