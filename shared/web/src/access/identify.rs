//! From a request's credential to its caller. What a caller is, is noted among the request's
//! extensions once: extractors go by it.

use super::caller::Caller;
use crate::app::App;
use crate::extract::CallerName;
use crate::token::{Issuer, Unverified, verify};
use axum::http::{Extensions, HeaderMap};

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
    let token = verify(headers, &app.settings().token_keys, issuer, now)?;
    Ok(Caller::of_token(&token))
}

/// Notes who calls.
pub(super) fn note(extensions: &mut Extensions, caller: Caller) {
    extensions.insert(CallerName(caller.unique_name()));
    extensions.insert(caller);
}
