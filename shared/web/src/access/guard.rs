//! The guard before a handler: verifies the token and names the caller.

use super::caller::Caller;
use super::declared::Access;
use crate::app::App;
use crate::extract::KeyOwner;
use crate::problem::Problem;
use crate::settings::ApiAccess;
use crate::token::{Issuer, Role, Unverified, verify};
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::{Extensions, HeaderMap};
use axum::response::{IntoResponse, Response};
use std::pin::Pin;

/// A handler that only those are let through to whom its route's access names.
#[derive(Clone)]
pub(crate) struct Guarded<H> {
    access: Access,
    handler: H,
}

impl<H> Guarded<H> {
    pub(crate) fn new(access: Access, handler: H) -> Self {
        Self { access, handler }
    }
}

impl<H, T> Handler<T, App> for Guarded<H>
where
    H: Handler<T, App>,
    T: 'static,
{
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, mut request: Request, app: App) -> Self::Future {
        Box::pin(async move {
            let admitted = match self.access {
                Access::Open => Ok(Some(Caller::Public)),
                // The handler's tenant names whose token it must be.
                Access::Tenant => Ok(None),
                Access::Roles(roles) => admit(&app, roles, request.headers()).map(Some),
            };
            match admitted {
                Ok(caller) => {
                    note(request.extensions_mut(), self.access, caller);
                    self.handler.call(request, app).await
                }
                Err(problem) => problem.into_response(),
            }
        })
    }
}

/// Notes on the request what extractors go by.
fn note(extensions: &mut Extensions, access: Access, caller: Option<Caller>) {
    extensions.insert(access);
    if let Some(caller) = caller {
        extensions.insert(KeyOwner(caller.unique_name()));
        extensions.insert(caller);
    }
}

/// The caller in the first of `roles` that their token confers.
///
/// # Errors
/// 401 without a token that verifies, 403 for one that confers none of the roles.
fn admit(app: &App, roles: &[Role], headers: &HeaderMap) -> Result<Caller, Problem> {
    let settings = app.settings();
    if settings.api_access == ApiAccess::Public {
        return Ok(Caller::Public);
    }
    let now = app.clock().now();
    let token = verify(headers, &settings.token_keys, Issuer::AsClaimed, now)
        .map_err(|Unverified| Problem::unauthorized())?;
    let conferred = token.roles.iter().filter(|role| roles.contains(role));
    conferred
        .filter_map(|role| Caller::in_role(*role, &token))
        .next()
        .ok_or_else(Problem::forbidden)
}
