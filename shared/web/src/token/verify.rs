//! Verification of `Authorization: Bearer …` or `Token …`.
//!
//! The time is checked here, not by the library, so that a test can move the clock. A caller
//! does not learn which check refused a token; the log does ([`Unverified`]).

use super::claims::{Claims, Role};
use super::jwks::{Jwks, PublicKey};
use super::keys::TokenKeys;
use super::refusal::Unverified;
use super::settings::TokenSettings;
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use domain::OrgId;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Header, TokenData, Validation};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The longest token that is decoded, in bytes.
const LONGEST: usize = 4 * 1024;

/// The longest `sub`, in bytes.
const LONGEST_SUBJECT: usize = 255;

/// A token that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VerifiedToken {
    /// Whom it is for.
    pub(crate) sub: String,
    /// The company that it speaks for; `None` is the platform.
    pub(crate) org: Option<OrgId>,
    /// The roles that it confers: those that it names, as far as its signer may confer them.
    /// At least one, the strongest first.
    pub(crate) roles: Vec<Role>,
}

/// Whose keys a token must be signed with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Issuer<'a> {
    /// The company's that the request names, or the platform's.
    Tenant(&'a OrgId),
    /// The company's that the token names, or the platform's.
    AsClaimed,
}

impl<'a> Issuer<'a> {
    /// The company that a token is of which names `claimed`.
    fn company<'b>(self, claimed: Option<&'b OrgId>) -> Option<&'b OrgId>
    where
        'a: 'b,
    {
        match self {
            Self::Tenant(org) => Some(org),
            Self::AsClaimed => claimed,
        }
    }
}

/// Whose key has signed a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signer {
    /// A company's own, or one that serves those without.
    Company,
    Platform,
}

/// What `token` makes its bearer.
///
/// # Errors
/// The first reason against it.
pub(crate) fn verify(
    token: &str,
    settings: &TokenSettings,
    issuer: Issuer<'_>,
    now: DateTime<Utc>,
) -> Result<VerifiedToken, Unverified> {
    let (signer, token) = match provider_key(token, &settings.jwks) {
        Some(key) => (Signer::Company, by_provider(token, key, settings, issuer)?),
        None => by_secret(token, &settings.keys, issuer)?,
    };
    let TokenData { header, claims } = token;
    if !is_plain(&header) || !(1..=LONGEST_SUBJECT).contains(&claims.sub.len()) {
        return Err(Unverified::Malformed);
    }
    settings.rules.check(&claims, now)?;
    let company = issuer.company(claims.org_id.as_ref());
    // A token of one company opens nothing of another, whichever key signed it.
    if claims.org_id.is_some() && claims.org_id.as_ref() != company {
        return Err(Unverified::Organisation);
    }
    let roles = conferred(&claims, signer);
    if roles.is_empty() {
        return Err(Unverified::Role);
    }
    let org = match signer {
        Signer::Company => company.cloned(),
        Signer::Platform => claims.org_id.clone(),
    };
    let sub = claims.sub;
    Ok(VerifiedToken { sub, org, roles })
}

/// The one token or API key that a request carries.
///
/// # Errors
/// [`Unverified`] where it carries none, or several.
pub(crate) fn credential(headers: &HeaderMap) -> Result<&str, Unverified> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let value = match (given.next(), given.next()) {
        (Some(value), None) => value.to_str().map_err(|_| Unverified::Malformed)?,
        (Some(_), Some(_)) => return Err(Unverified::Malformed),
        (None, _) => return Err(Unverified::Missing),
    };
    let (scheme, token) = value.split_once(' ').ok_or(Unverified::Malformed)?;
    let is_known = ["token", "bearer"].contains(&scheme.to_ascii_lowercase().as_str());
    let fits = is_known && token.len() <= LONGEST;
    fits.then_some(token).ok_or(Unverified::Malformed)
}

/// The organisation that a token claims to be of, not verified yet.
fn claimed_org(token: &str) -> Result<Option<OrgId>, Unverified> {
    #[derive(Deserialize)]
    struct Claimed {
        org_id: Option<OrgId>,
    }
    let payload = token.split('.').nth(1).ok_or(Unverified::Malformed)?;
    let json = URL_SAFE_NO_PAD.decode(payload);
    let claimed = json
        .ok()
        .and_then(|json| serde_json::from_slice(&json).ok());
    let Claimed { org_id } = claimed.ok_or(Unverified::Malformed)?;
    Ok(org_id)
}

/// The key of the provider that `token` names, if its algorithm is the key's.
fn provider_key<'a>(token: &str, jwks: &'a Jwks) -> Option<&'a PublicKey> {
    let header = jsonwebtoken::decode_header(token).ok()?;
    let key = jwks.find(&header.kid?)?;
    (key.algorithm == header.alg).then_some(key)
}

/// The token as the provider's key verifies it. The provider serves companies without a key of
/// their own, as `*` does.
fn by_provider(
    token: &str,
    PublicKey { algorithm, key }: &PublicKey,
    settings: &TokenSettings,
    issuer: Issuer<'_>,
) -> Result<TokenData<Claims>, Unverified> {
    let token: TokenData<Map<String, Value>> = decode(token, *algorithm, key)?;
    let claims = settings.claim_names.translated(token.claims)?;
    let company = issuer.company(claims.org_id.as_ref());
    if company.is_some_and(|company| settings.keys.has_own(company)) {
        return Err(Unverified::NoKey);
    }
    let header = token.header;
    Ok(TokenData { header, claims })
}

/// The token as a secret of its company, or of the platform, verifies it.
fn by_secret(
    token: &str,
    keys: &TokenKeys,
    issuer: Issuer<'_>,
) -> Result<(Signer, TokenData<Claims>), Unverified> {
    let claimed = claimed_org(token)?;
    let company = issuer.company(claimed.as_ref());
    let of_company = company.map(|org| keys.of_org(org)).unwrap_or_default();
    let of_company = of_company.into_iter().map(|key| (Signer::Company, key));
    let of_platform = keys.of_platform().into_iter();
    let of_platform = of_platform.map(|key| (Signer::Platform, key));
    let mut refusal = Unverified::NoKey;
    for (signer, key) in of_company.chain(of_platform) {
        match decode(token, Algorithm::HS256, &key) {
            Ok(token) => return Ok((signer, token)),
            Err(Unverified::Signature) => refusal = Unverified::Signature,
            Err(other) => return Err(other),
        }
    }
    Err(refusal)
}

/// The token as `key` verifies it.
fn decode<T: DeserializeOwned>(
    token: &str,
    algorithm: Algorithm,
    key: &DecodingKey,
) -> Result<TokenData<T>, Unverified> {
    let decoded = jsonwebtoken::decode(token, key, &signature_only(algorithm));
    decoded.map_err(|error| match error.kind() {
        ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => Unverified::Signature,
        _ => Unverified::Malformed,
    })
}

/// The algorithm is the key's, whatever the token's header names. Claims are checked
/// afterwards.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

/// Whether the header requires nothing that is not checked here. Access tokens of RFC 9068 say
/// `at+jwt`.
fn is_plain(header: &Header) -> bool {
    let is_known = |typ: &String| {
        let typ = typ.to_ascii_lowercase();
        matches!(typ.as_str(), "jwt" | "at+jwt")
    };
    header.crit.is_none()
        && header.enc.is_none()
        && header.zip.is_none()
        && header.cty.is_none()
        && header.typ.as_ref().is_none_or(is_known)
}

/// The roles that the token names and its signer may confer.
fn conferred(claims: &Claims, signer: Signer) -> Vec<Role> {
    let names = |role: Role| claims.roles.iter().any(|name| name == role.name());
    let is_of_company = claims.org_id.is_some();
    match signer {
        // With a company in it, it is that company's staff and no more.
        Signer::Platform if names(Role::Admin) && is_of_company => vec![Role::Org],
        Signer::Platform if names(Role::Admin) => vec![Role::Admin],
        Signer::Platform => vec![],
        Signer::Company => {
            let own = [Role::Org, Role::Mentor, Role::Customer].into_iter();
            own.filter(|role| names(*role))
                .filter(|role| *role != Role::Org || is_of_company)
                .collect()
        }
    }
}
