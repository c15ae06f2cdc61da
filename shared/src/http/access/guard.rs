//! The guard before every route: asks the table, verifies the token, names the caller.

use super::rules::{Door, Ruling, ruling};
use super::token::{self, Issuer, Role};
use super::{ApiAccess, Caller};
use crate::http::{App, Problem, fallback};
use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Lets a request in as its caller, or answers why not.
pub(in crate::http) async fn guard(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(route) = request.extensions().get::<MatchedPath>() else {
        // No route: the router says so.
        return next.run(request).await;
    };
    let path = request.uri().path();
    let admitted = match ruling(request.method(), route.as_str()) {
        Ruling::Door(door) => admit(&app, door, request.headers()),
        Ruling::OtherMethods(allowed) => return fallback::no_such_method(path, Some(&allowed)),
        Ruling::NoRoute => return fallback::no_such_route(path),
    };
    match admitted {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

fn admit(app: &App, door: Door, headers: &HeaderMap) -> Result<Caller, Problem> {
    let roles = match (door, app.settings.api_access) {
        (Door::Open | Door::Company, _) | (Door::Roles(_), ApiAccess::Public) => {
            return Ok(Caller::Public);
        }
        (Door::Roles(roles), ApiAccess::Token) => roles,
    };
    let (keys, now) = (&app.settings.token_keys, app.clock.now());
    let token = token::verify(headers, keys, Issuer::AsClaimed, now)
        .map_err(|token::Unverified| Problem::unauthorized())?;
    let taken = |role: &&Role| roles.contains(role);
    token
        .roles
        .iter()
        .filter(taken)
        .find_map(|role| Caller::in_role(*role, &token))
        .ok_or_else(Problem::forbidden)
}
