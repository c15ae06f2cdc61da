//! The store that a handler gets: its caller's.

use super::caller::Caller;
use super::declared::{Access, RouteAccess};
use crate::app::App;
use crate::extract::{CallerName, Client};
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::{CallerKind, Scope};
use store::{MissCounter, MissSource, Store};

/// The store within the scope of the caller that the route's guard admitted.
impl FromRequestParts<App> for Store {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Caller>();
        let access = parts
            .extensions
            .get::<RouteAccess>()
            .map(|route| route.access);
        match (caller, access) {
            // A named tenant's store is `tenant_access`'s to give.
            (_, None | Some(Access::Tenant)) | (None, _) => Err(Problem::unauthorized()),
            (Some(caller), Some(access)) => Ok(scoped(app, caller.scope(access), parts)),
        }
    }
}

/// The store within `scope`, which counts the unknown codes that the request looks up: by its
/// caller where one is known, by its address else. Staff are not counted, as they find only
/// what their lists hold.
pub(super) fn scoped(app: &App, scope: Scope, parts: &Parts) -> Store {
    let limits = &app.settings().limits;
    let address = Client::of(parts, limits).address;
    let address = address.filter(|address| !limits.trusts(*address));
    let name = parts.extensions.get::<CallerName>();
    let source = match parts.extensions.get::<Caller>().map(Caller::kind) {
        Some(kind) if kind.is_staff() => None,
        Some(CallerKind::Owner) => name.map(|CallerName(name)| MissSource::Caller(name)),
        _ => address.map(MissSource::Address),
    };
    let misses = source
        .zip(limits.misses)
        .map(|(source, limit)| MissCounter::new(source, limit, app.clock().now()));
    app.scoped_store(scope, misses)
}
