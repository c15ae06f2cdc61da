//! What a token claims.

use domain::OrgId;
use serde::{Deserialize, Serialize};

/// The claims of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Whom the token is for: 1 to 255 bytes.
    pub sub: String,
    /// The names of [`Role`]s; others are ignored.
    pub roles: Vec<String>,
    /// When the token ends: whole seconds since 1970.
    pub exp: i64,
    /// When the token begins: whole seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nbf: Option<i64>,
    /// When the token was issued: whole seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub iat: Option<i64>,
    /// Who issued the token.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub iss: Option<String>,
    /// Whom the token is meant for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub aud: Option<Audience>,
    /// The organisation that the token is of, whose key must have signed it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub org_id: Option<OrgId>,
}

/// Whom a token is meant for: one or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Audience {
    /// Whether it names `wanted`.
    pub(super) fn names(&self, wanted: &str) -> bool {
        match self {
            Self::One(name) => name == wanted,
            Self::Many(names) => names.iter().any(|name| name == wanted),
        }
    }
}

/// What a caller may be, by the names that tokens use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything: the platform's staff.
    Admin,
    /// Its own organisation: the claim `org_id`.
    Org,
    /// Their own `sub` in that organisation.
    Mentor,
    /// Their own `sub` in that organisation.
    Customer,
}

impl Role {
    /// Every role, the strongest first.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Org, Self::Mentor, Self::Customer];

    /// The role as tokens name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "ROLE_ADMIN",
            Self::Org => "ROLE_ORG",
            Self::Mentor => "ROLE_MENTOR",
            Self::Customer => "ROLE_CUSTOMER",
        }
    }
}
