//! Tokens: `Authorization: Bearer …` or `Token …`, HS256.
//!
//! The time is the caller's clock to check, not the library's, so that a test can move it.
//! Every token that does not verify is the same [`Unverified`]: a caller learns nothing of
//! how far it got.

use super::keys::{Signer, TokenKeys};
use crate::domain::OrgId;
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, TokenData, Validation};
use serde::{Deserialize, Serialize};

/// By how much two clocks may differ: 30 seconds.
const LEEWAY: i64 = 30;

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 4 * 1024;

/// The longest `sub`, in bytes.
const LONGEST_SUBJECT: usize = 255;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub sub: String,
    pub roles: Vec<String>,
    /// Whole seconds since 1970.
    pub exp: i64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub nbf: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub org_id: Option<OrgId>,
}

/// What a caller may be, by the names that tokens use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything.
    Admin,
    /// Its own organisation: the claim `org_id`.
    Org,
    /// Their own `sub`.
    Mentor,
    /// Their own `sub`.
    Customer,
}

impl Role {
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

/// A token that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub claims: Claims,
    /// The roles that the token confers: those that it names, as far as its signer may
    /// confer them. At least one, the strongest first.
    pub roles: Vec<Role>,
}

/// No token, or one that does not verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unverified;

/// Which company's keys a token must be signed with.
#[derive(Debug, Clone, Copy)]
pub enum Issuer<'a> {
    /// The one that the request names.
    Company(&'a OrgId),
    /// The one that the token names, or the platform where it names none.
    AsClaimed,
}

/// The verified token of a request.
///
/// # Errors
/// [`Unverified`].
pub fn verify(
    headers: &HeaderMap,
    keys: &TokenKeys,
    issuer: Issuer<'_>,
    now: DateTime<Utc>,
) -> Result<Verified, Unverified> {
    let token = token_of(headers).ok_or(Unverified)?;
    let company = match issuer {
        Issuer::Company(company) => Some(company.clone()),
        Issuer::AsClaimed => claimed_company(token)?,
    };
    let (signer, keys) = keys.verifying(company.as_ref());
    let claims = keys
        .iter()
        .find_map(|key| jsonwebtoken::decode::<Claims>(token, key, &signature_only()).ok())
        .and_then(|token| sound(token, now))
        .ok_or(Unverified)?;
    // A token of one company opens nothing of another, whichever key it is signed with.
    if claims.org_id.is_some() && claims.org_id != company {
        return Err(Unverified);
    }
    let roles = conferred(&claims, signer);
    if roles.is_empty() {
        return Err(Unverified);
    }
    Ok(Verified { claims, roles })
}

/// The one token that the request carries.
fn token_of(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (given.next(), given.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let is_known = ["token", "bearer"].contains(&scheme.to_ascii_lowercase().as_str());
    (is_known && token.len() <= LONGEST).then_some(token)
}

/// The company that a token says it is of, not yet believed.
fn claimed_company(token: &str) -> Result<Option<OrgId>, Unverified> {
    #[derive(Deserialize)]
    struct Claimed {
        org_id: Option<OrgId>,
    }
    let payload = token.split('.').nth(1).ok_or(Unverified)?;
    let json = URL_SAFE_NO_PAD.decode(payload).map_err(|_| Unverified)?;
    let claimed: Claimed = serde_json::from_slice(&json).map_err(|_| Unverified)?;
    Ok(claimed.org_id)
}

/// The algorithm is ours to say, not the token's. What the claims hold is checked by
/// [`sound`].
fn signature_only() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

/// The claims, if the header asks for nothing more than we check and the time is right.
fn sound(token: TokenData<Claims>, now: DateTime<Utc>) -> Option<Claims> {
    let TokenData { header, claims } = token;
    let is_plain = header.crit.is_none()
        && header.enc.is_none()
        && header.zip.is_none()
        && header.cty.is_none()
        && header.typ.is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"));
    let now = now.timestamp();
    let is_current = claims.exp.saturating_add(LEEWAY) > now
        && claims
            .nbf
            .is_none_or(|nbf| nbf.saturating_sub(LEEWAY) <= now);
    let has_subject = (1..=LONGEST_SUBJECT).contains(&claims.sub.len());
    (is_plain && is_current && has_subject).then_some(claims)
}

/// The roles that the token names and its signer may confer.
fn conferred(claims: &Claims, signer: Signer) -> Vec<Role> {
    let may_confer = |role: Role| match role {
        Role::Admin => signer == Signer::Platform,
        Role::Org => claims.org_id.is_some(),
        Role::Mentor | Role::Customer => true,
    };
    Role::ALL
        .into_iter()
        .filter(|role| claims.roles.iter().any(|name| name == role.name()))
        .filter(|role| may_confer(*role))
        .collect()
}
