//! What a token claims.

use super::refusal::Unverified;
use domain::OrgId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

const ROLES: &str = "roles";
const ORG: &str = "org_id";

/// Claims that mean something else to us.
const REGISTERED: [&str; 6] = ["sub", "exp", "nbf", "iat", "iss", "aud"];

/// The longest name of a claim, in bytes.
const LONGEST_NAME: usize = 255;

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

/// What a provider calls the claims that no standard names: `TOKEN_ROLES_CLAIM` and
/// `TOKEN_ORG_CLAIM`. Some let nobody choose `roles` and `org_id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimNames {
    /// A list of [`Role`]s' names.
    pub roles: String,
    /// The organisation that the token is of.
    pub org: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            roles: ROLES.to_owned(),
            org: ORG.to_owned(),
        }
    }
}

impl ClaimNames {
    /// A claim's name.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse_name(text: String) -> Result<String, String> {
        let is_plain = text.len() <= LONGEST_NAME && text.chars().all(|c| c.is_ascii_graphic());
        if !is_plain || REGISTERED.contains(&text.as_str()) {
            return Err("must name a claim that no standard has taken".to_owned());
        }
        Ok(text)
    }

    /// The claims of a provider's token. What bears our names but not the provider's is ignored.
    ///
    /// # Errors
    /// [`Unverified::Malformed`] where one is missing or odd.
    pub(super) fn translated(&self, mut given: Map<String, Value>) -> Result<Claims, Unverified> {
        let theirs = [given.remove(&self.roles), given.remove(&self.org)];
        for (name, value) in [ROLES, ORG].into_iter().zip(theirs) {
            match value {
                Some(value) => given.insert(name.to_owned(), value),
                None => given.remove(name),
            };
        }
        serde_json::from_value(Value::Object(given)).map_err(|_| Unverified::Malformed)
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
