//! Verification of `Authorization: Bearer …` or `Token …`, HS256.
//!
//! The time is checked here, not by the library, so that a test can move the clock. Every
//! token that does not verify is the same [`Unverified`]: a caller does not learn which check
//! refused it.

use super::claims::{Claims, Role};
use super::keys::{Signer, TokenKeys};
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use domain::OrgId;
use jsonwebtoken::{Algorithm, TokenData, Validation};
use serde::Deserialize;

/// By how much two clocks may differ, in seconds.
const LEEWAY: i64 = 30;

/// The longest token that is decoded, in bytes.
const LONGEST: usize = 4 * 1024;

/// The longest `sub`, in bytes.
const LONGEST_SUBJECT: usize = 255;

/// A token that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedToken {
    /// What it claims.
    pub claims: Claims,
    /// The roles that it confers: those that it names, as far as its signer may confer them.
    /// At least one, the strongest first.
    pub roles: Vec<Role>,
}

/// No token, or one that does not verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unverified;

/// Whose keys a token must be signed with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Issuer<'a> {
    /// The tenant's that the request names.
    Tenant(&'a OrgId),
    /// The organisation's that the token names, or the platform's where it names none.
    AsClaimed,
}

/// The verified form of a token.
///
/// # Errors
/// [`Unverified`].
pub(crate) fn verify(
    token: &str,
    keys: &TokenKeys,
    issuer: Issuer<'_>,
    now: DateTime<Utc>,
) -> Result<VerifiedToken, Unverified> {
    let org = match issuer {
        Issuer::Tenant(org) => Some(org.clone()),
        Issuer::AsClaimed => claimed_org(token)?,
    };
    let (signer, keys) = keys.verifying(org.as_ref());
    let claims = keys
        .iter()
        .find_map(|key| jsonwebtoken::decode::<Claims>(token, key, &signature_only()).ok())
        .and_then(|token| validate_claims(token, now))
        .ok_or(Unverified)?;
    // A token of one organisation opens nothing of another, whichever key signed it.
    if claims.org_id.is_some() && claims.org_id != org {
        return Err(Unverified);
    }
    let roles = conferred(&claims, signer);
    if roles.is_empty() {
        return Err(Unverified);
    }
    Ok(VerifiedToken { claims, roles })
}

/// The one token or API key that a request carries.
pub(crate) fn credential(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (given.next(), given.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let is_known = ["token", "bearer"].contains(&scheme.to_ascii_lowercase().as_str());
    (is_known && token.len() <= LONGEST).then_some(token)
}

/// The organisation that a token claims to be of, not verified yet.
fn claimed_org(token: &str) -> Result<Option<OrgId>, Unverified> {
    #[derive(Deserialize)]
    struct Claimed {
        org_id: Option<OrgId>,
    }
    let payload = token.split('.').nth(1).ok_or(Unverified)?;
    let json = URL_SAFE_NO_PAD.decode(payload).map_err(|_| Unverified)?;
    let claimed: Claimed = serde_json::from_slice(&json).map_err(|_| Unverified)?;
    Ok(claimed.org_id)
}

/// The algorithm is fixed here, whatever the token's header names. [`validate_claims`] checks
/// the claims.
fn signature_only() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

/// The claims, if the header requires nothing that is not checked here and the time is right.
fn validate_claims(token: TokenData<Claims>, now: DateTime<Utc>) -> Option<Claims> {
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
