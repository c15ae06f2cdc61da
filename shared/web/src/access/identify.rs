//! From a request's credential to its caller. What a caller is, is noted among the request's
//! extensions once: extractors go by it.

use super::caller::Caller;
use crate::app::App;
use crate::extract::CallerName;
use crate::problem::Problem;
use crate::token::{Issuer, Unverified, credential, verify};
use axum::http::{Extensions, HeaderMap};
use domain::key_text::KEY_PREFIX;
use domain::{CallerKind, KeyText};
use store::StoreError;

/// Why nobody is identified.
#[derive(Debug)]
pub(super) enum IdentifyError {
    /// There is no credential, or none that verifies.
    Unverified(Unverified),
    /// An API key could not be looked up.
    Store(StoreError),
}

impl IdentifyError {
    /// What the caller is answered.
    pub(super) fn into_problem(self) -> Problem {
        match self {
            Self::Unverified(reason) => Problem::unverified(reason),
            Self::Store(error) => error.into(),
        }
    }
}

impl From<Unverified> for IdentifyError {
    fn from(reason: Unverified) -> Self {
        Self::Unverified(reason)
    }
}

/// Who the bearer of the request's credential may be, the strongest first.
pub(super) async fn identify(
    app: &App,
    headers: &HeaderMap,
    issuer: Issuer<'_>,
) -> Result<Vec<Caller>, IdentifyError> {
    let given = credential(headers)?;
    if given.starts_with(KEY_PREFIX) {
        return Ok(vec![bearer_of_key(app, given, issuer).await?]);
    }
    let token = verify(given, &app.settings().tokens, issuer, app.clock().now())?;
    Ok(Caller::of_token(&token))
}

/// The server whose API key is `given`: one of this kind of deployment, and of the tenant where
/// the request names one.
async fn bearer_of_key(
    app: &App,
    given: &str,
    issuer: Issuer<'_>,
) -> Result<Caller, IdentifyError> {
    let text = given
        .parse::<KeyText>()
        .map_err(|_| Unverified::Malformed)?;
    if text.mode() != app.settings().key_mode {
        return Err(Unverified::ApiKey.into());
    }
    let found = app.recognise_api_key(&text).await;
    let key = found
        .map_err(IdentifyError::Store)?
        .ok_or(Unverified::ApiKey)?;
    match issuer {
        Issuer::Tenant(tenant) if *tenant != key.org => Err(Unverified::Organisation.into()),
        Issuer::Tenant(_) | Issuer::AsClaimed => Ok(Caller::Server(key)),
    }
}

/// Who a response was made for, as the audit trail says it: the response's extension.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    /// What kind of caller it was.
    pub(crate) kind: CallerKind,
    /// The caller's `sub` or key id, hashed.
    pub(crate) subject: Option<String>,
}

impl Answered {
    /// What is said of `caller`.
    pub(super) fn to(caller: &Caller, app: &App) -> Self {
        let key = &app.settings().audit_key;
        Self {
            kind: caller.kind(),
            subject: caller.subject().map(|subject| key.hash(&subject)),
        }
    }
}

/// Notes who calls.
pub(super) fn note(extensions: &mut Extensions, caller: Caller) {
    extensions.insert(CallerName(caller.unique_name()));
    extensions.insert(caller);
}
