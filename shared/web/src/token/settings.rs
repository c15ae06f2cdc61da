//! What an operator can set about tokens.

use super::claims::{ClaimNames, Claims};
use super::jwks::Jwks;
use super::keys::TokenKeys;
use super::rules::TokenRules;

/// What tokens are verified with, and by.
#[derive(Debug, Clone, Default)]
pub struct TokenSettings {
    /// `TOKEN_KEYS`: what tokens are signed with, per company.
    pub keys: TokenKeys,
    /// `TOKEN_JWKS`: the public keys of an identity provider.
    pub jwks: Jwks,
    /// `TOKEN_ROLES_CLAIM` and `TOKEN_ORG_CLAIM`: what the provider calls them.
    pub claim_names: ClaimNames,
    /// `TOKEN_ISSUER`, `TOKEN_AUDIENCE` and `TOKEN_LIFETIME_HOURS`.
    pub rules: TokenRules,
}

impl TokenSettings {
    /// Whether there is no key at all.
    pub fn has_no_key(&self) -> bool {
        self.keys.is_empty() && self.jwks.is_empty()
    }

    /// Signs a token as its issuer would, with issuer and audience as they are required: for
    /// local runs and tests. `None` where there is no key for it.
    pub fn issue(&self, claims: &Claims) -> Option<String> {
        self.keys.issue(&self.rules.completed(claims.clone()))
    }
}
