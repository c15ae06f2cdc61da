//! From a request's credential to its caller. What a caller is, is noted among the request's
//! extensions once: extractors go by it.

use super::caller::Caller;
use crate::app::App;
use crate::extract::CallerName;
use crate::token::{Issuer, Unverified, verify};
use axum::http::{Extensions, HeaderMap};
use domain::CallerKind;

/// Who the bearer of the request's credential may be, the strongest first.
///
/// # Errors
/// [`Unverified`] without a credential that verifies.
pub(super) async fn identify(
    app: &App,
    headers: &HeaderMap,
    issuer: Issuer<'_>,
) -> Result<Vec<Caller>, Unverified> {
    let now = app.clock().now();
    let token = verify(headers, &app.settings().tokens, issuer, now)?;
    Ok(Caller::of_token(&token))
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
            subject: caller.subject().map(|subject| key.hash(subject)),
        }
    }
}

/// Notes who calls.
pub(super) fn note(extensions: &mut Extensions, caller: Caller) {
    extensions.insert(CallerName(caller.unique_name()));
    extensions.insert(caller);
}
