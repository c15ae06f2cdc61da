//! The guard before a handler: verifies the credential and names the caller.

use super::caller::Caller;
use super::declared::Access;
use super::identify::{identify, note};
use crate::app::App;
use crate::problem::Problem;
use crate::settings::ApiAccess;
use crate::token::{Issuer, Role, Unverified};
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::HeaderMap;
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
                Access::Open => Ok(Some(recognize(&app, request.headers()).await)),
                // The handler's tenant names whose token it must be.
                Access::Tenant => Ok(None),
                Access::Roles(roles) => admit(&app, roles, request.headers()).await.map(Some),
            };
            match admitted {
                Ok(caller) => {
                    let extensions = request.extensions_mut();
                    extensions.insert(self.access);
                    if let Some(caller) = caller {
                        note(extensions, caller);
                    }
                    self.handler.call(request, app).await
                }
                Err(problem) => problem.into_response(),
            }
        })
    }
}

/// The caller on an open route, which lets in everyone.
async fn recognize(app: &App, headers: &HeaderMap) -> Caller {
    if app.settings().api_access == ApiAccess::Public {
        return Caller::Public;
    }
    let identified = identify(app, headers, Issuer::AsClaimed).await;
    let strongest = identified.into_iter().flatten().next();
    strongest.unwrap_or(Caller::Anonymous)
}

/// The caller in the first of `roles` that their credential confers.
///
/// # Errors
/// 401 without a credential that verifies, 403 for one that confers none of the roles.
async fn admit(app: &App, roles: &[Role], headers: &HeaderMap) -> Result<Caller, Problem> {
    if app.settings().api_access == ApiAccess::Public {
        return Ok(Caller::Public);
    }
    let identified = identify(app, headers, Issuer::AsClaimed).await;
    let callers = identified.map_err(|Unverified| Problem::unauthorized())?;
    let is_admitted = |caller: &Caller| caller.role().is_some_and(|role| roles.contains(&role));
    let admitted = callers.into_iter().find(is_admitted);
    admitted.ok_or_else(Problem::forbidden)
}
