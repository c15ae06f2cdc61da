//! The guard before a handler: verifies the credential and names the caller.

use super::caller::Caller;
use super::declared::{Access, RouteAccess};
use super::identify::{Answered, IdentifyError, identify, note};
use crate::app::App;
use crate::problem::Problem;
use crate::settings::ApiAccess;
use crate::token::Issuer;
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use std::pin::Pin;

/// A handler that only those are let through to whom its route's access names.
#[derive(Clone)]
pub(crate) struct Guarded<H> {
    access: RouteAccess,
    handler: H,
}

impl<H> Guarded<H> {
    pub(crate) fn new(access: RouteAccess, handler: H) -> Self {
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
            let admitted = match self.access.access {
                // The handler's tenant names whose token it must be.
                Access::Tenant => Ok(None),
                Access::Open | Access::Roles(_) | Access::Verified(_) => {
                    admit(&app, self.access, request.headers()).await.map(Some)
                }
            };
            let (mut response, answered) = match admitted {
                Ok(caller) => {
                    let answered = caller.as_ref().map(|caller| Answered::to(caller, &app));
                    let extensions = request.extensions_mut();
                    extensions.insert(self.access);
                    if let Some(caller) = caller {
                        note(extensions, caller);
                    }
                    (self.handler.call(request, app).await, answered)
                }
                Err(Denied { problem, answered }) => (problem.into_response(), answered),
            };
            if let Some(answered) = answered {
                response.extensions_mut().insert(answered);
            }
            response
        })
    }
}

/// A request that is not let through, and who sent it where that is known.
struct Denied {
    problem: Problem,
    answered: Option<Answered>,
}

/// The caller as `route` takes them: the first of those that the credential may speak for.
///
/// # Errors
/// 401 without a credential that verifies, 403 for one that the route does not take; neither
/// on an open route. 503 when an API key cannot be looked up.
async fn admit(app: &App, route: RouteAccess, headers: &HeaderMap) -> Result<Caller, Denied> {
    let is_public = app.settings().api_access == ApiAccess::Public;
    if is_public && !matches!(route.access, Access::Verified(_)) {
        return Ok(Caller::Public);
    }
    let identified = identify(app, headers, Issuer::AsClaimed).await;
    let is_open = route.access == Access::Open;
    let callers = match identified {
        Ok(callers) => callers,
        Err(IdentifyError::Unverified(_)) if is_open => return Ok(Caller::Anonymous),
        Err(error) => {
            return Err(Denied {
                problem: error.into_problem(),
                answered: None,
            });
        }
    };
    let strongest = callers.first().map(|caller| Answered::to(caller, app));
    let admitted = callers.into_iter().find(|caller| caller.may_call(route));
    match admitted {
        Some(caller) => Ok(caller),
        None if is_open => Ok(Caller::Anonymous),
        None => Err(Denied {
            problem: Problem::forbidden(),
            answered: strongest,
        }),
    }
}
