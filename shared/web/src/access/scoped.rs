//! The store that a handler gets: its caller's.

use super::caller::Caller;
use super::declared::{Access, RouteAccess};
use crate::app::App;
use crate::extract::Client;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::Scope;
use store::{MissCounter, Store};

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

/// The store within `scope`, which counts the unknown codes that the request's address
/// looks up.
pub(super) fn scoped(app: &App, scope: Scope, parts: &Parts) -> Store {
    let address = Client::of(parts).address;
    let misses = address
        .zip(app.settings().miss_limit)
        .map(|(address, limit)| MissCounter::new(address, limit, app.clock().now()));
    app.scoped_store(scope, misses)
}
