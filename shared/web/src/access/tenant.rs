//! Requests that name their tenant themselves.

use super::caller::Caller;
use super::declared::{Access, RouteAccess};
use super::identify::{IdentifyError, identify, note};
use super::scoped::scoped;
use crate::app::App;
use crate::problem::Problem;
use crate::token::Issuer;
use axum::http::request::Parts;
use domain::{CallerKind, MentorId, OrgId, Scope};
use store::Store;

/// What a request for one tenant may use.
#[derive(Clone)]
pub struct TenantAccess {
    /// Scoped to the tenant.
    pub store: Store,
    /// What kind of caller it is: on a route that is not open, one whose credential is the
    /// tenant's.
    pub kind: CallerKind,
    /// Whose records alone a mentor or a customer may see where the route is for records of
    /// one's own; `None` for everyone else.
    pub owner: Option<MentorId>,
}

/// Lets a request in to the tenant that it names, as its route's [`Access`] says: with a
/// credential of the tenant on a route that is declared [`Access::Tenant`], without on an open
/// one. The caller is noted among the request's extensions.
///
/// # Errors
/// 401 for a credential that is missing or does not verify. 403 on a route for roles: its
/// callers have a scope of their own, which another tenant's name must not widen.
pub async fn tenant_access(
    app: &App,
    tenant: &OrgId,
    parts: &mut Parts,
) -> Result<TenantAccess, Problem> {
    let route = parts.extensions.get::<RouteAccess>().copied();
    let caller = match route.map(|route| (route, route.access)) {
        Some((_, Access::Open)) => parts.extensions.get::<Caller>().cloned(),
        Some((route, Access::Tenant)) => Some(tenants_caller(app, tenant, route, parts).await?),
        Some((_, Access::Roles(_) | Access::Verified(_))) => return Err(Problem::forbidden()),
        None => None,
    };
    let caller = caller.ok_or_else(Problem::unauthorized)?;
    let (kind, owner) = (caller.kind(), caller.owner().cloned());
    note(&mut parts.extensions, caller);
    let store = scoped(app, Scope::org(tenant.clone()), parts);
    Ok(TenantAccess { store, kind, owner })
}

async fn tenants_caller(
    app: &App,
    tenant: &OrgId,
    route: RouteAccess,
    parts: &Parts,
) -> Result<Caller, Problem> {
    let identified = identify(app, &parts.headers, Issuer::Tenant(tenant)).await;
    let callers = identified.map_err(IdentifyError::into_problem)?;
    let admitted = callers.into_iter().find(|caller| caller.may_call(route));
    admitted.ok_or_else(Problem::unauthorized)
}
