//! Requests that name their tenant themselves.

use super::declared::Access;
use super::scoped::scoped;
use crate::app::App;
use crate::problem::Problem;
use crate::token::{Issuer, Unverified, VerifiedToken, verify};
use axum::http::request::Parts;
use domain::{OrgId, Scope};
use store::Store;

/// What a request for one tenant may use.
#[derive(Clone)]
pub struct TenantAccess {
    /// Scoped to the tenant.
    pub store: Store,
    /// The caller's token, signed with the tenant's key; `None` on a route that is open.
    pub token: Option<VerifiedToken>,
}

/// Lets a request in to the tenant that it names, as its route's [`Access`] says: with a token
/// of the tenant on a route that is declared [`Access::Tenant`], without on an open one.
///
/// # Errors
/// 401 for a token that is missing or does not verify. 403 on a route for roles: its callers
/// have a scope of their own, which another tenant's name must not widen.
pub fn tenant_access(app: &App, tenant: &OrgId, parts: &Parts) -> Result<TenantAccess, Problem> {
    let token = match parts.extensions.get::<Access>() {
        Some(Access::Open) => None,
        Some(Access::Tenant) => Some(tenants_token(app, tenant, parts)?),
        Some(Access::Roles(_)) => return Err(Problem::forbidden()),
        None => return Err(Problem::unauthorized()),
    };
    let store = scoped(app, Scope::org(tenant.clone()), parts);
    Ok(TenantAccess { store, token })
}

fn tenants_token(app: &App, tenant: &OrgId, parts: &Parts) -> Result<VerifiedToken, Problem> {
    let (keys, now) = (&app.settings().token_keys, app.clock().now());
    verify(&parts.headers, keys, Issuer::Tenant(tenant), now)
        .map_err(|Unverified| Problem::unauthorized())
}
