//! Which tokens are believed.

use super::error::SettingError;
use crate::token::{ClaimNames, Jwks, TokenKeys, TokenRules, TokenSettings};
use chrono::TimeDelta;

/// Reads the variables that begin with `TOKEN_`.
///
/// # Errors
/// [`SettingError`] that names the first variable at fault.
pub(super) fn from_lookup(
    set: &impl Fn(&'static str) -> Option<String>,
    on_lambda: bool,
) -> Result<TokenSettings, SettingError> {
    Ok(TokenSettings {
        keys: token_keys(set("TOKEN_KEYS"), on_lambda)?,
        jwks: token_jwks(set("TOKEN_JWKS"))?,
        claim_names: claim_names(set("TOKEN_ROLES_CLAIM"), set("TOKEN_ORG_CLAIM"))?,
        rules: TokenRules {
            issuer: token_name("TOKEN_ISSUER", set("TOKEN_ISSUER"))?,
            audience: token_name("TOKEN_AUDIENCE", set("TOKEN_AUDIENCE"))?,
            lifetime: token_lifetime(set("TOKEN_LIFETIME_HOURS"))?,
        },
    })
}

fn claim_names(roles: Option<String>, org: Option<String>) -> Result<ClaimNames, SettingError> {
    let default = ClaimNames::default();
    let named = |variable, value: Option<String>, default| {
        let name = value.map_or(Ok(default), ClaimNames::parse_name);
        name.map_err(|problem| SettingError::new(variable, problem))
    };
    let names = ClaimNames {
        roles: named("TOKEN_ROLES_CLAIM", roles, default.roles)?,
        org: named("TOKEN_ORG_CLAIM", org, default.org)?,
    };
    if names.roles == names.org {
        let problem = "must not be the claim of the roles";
        return Err(SettingError::new("TOKEN_ORG_CLAIM", problem));
    }
    Ok(names)
}

fn token_keys(value: Option<String>, on_lambda: bool) -> Result<TokenKeys, SettingError> {
    let keys = match (value, on_lambda) {
        (Some(json), true) => TokenKeys::parse_deployed(&json),
        (Some(json), false) => TokenKeys::parse(&json),
        (None, true) => Ok(TokenKeys::default()),
        (None, false) => Ok(TokenKeys::development()),
    };
    keys.map_err(|problem| SettingError::new("TOKEN_KEYS", problem))
}

fn token_jwks(value: Option<String>) -> Result<Jwks, SettingError> {
    let jwks = value.map_or(Ok(Jwks::default()), |json| Jwks::parse(&json));
    jwks.map_err(|problem| SettingError::new("TOKEN_JWKS", problem))
}

fn token_name(
    variable: &'static str,
    value: Option<String>,
) -> Result<Option<String>, SettingError> {
    let name = value.map(TokenRules::parse_name).transpose();
    name.map_err(|problem| SettingError::new(variable, problem))
}

fn token_lifetime(value: Option<String>) -> Result<TimeDelta, SettingError> {
    let Some(hours) = value else {
        return Ok(TokenRules::default().lifetime);
    };
    let lifetime = TokenRules::parse_lifetime(&hours);
    lifetime.map_err(|problem| SettingError::new("TOKEN_LIFETIME_HOURS", problem))
}
