//! Answers where there is no handler: in the reward-promotion envelope below its base path,
//! as a problem everywhere else.

use super::Problem;
use super::envelope::{self, Refusal};
use crate::store::StoreError;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// 404: no route has this path.
pub(super) fn no_such_route(path: &str) -> Response {
    if envelope::covers(path) {
        Refusal::NoSuchRoute.into_response()
    } else {
        Problem::route_not_found().into_response()
    }
}

/// 405: the route does not take the method. The router lists what it takes itself.
pub(super) fn no_such_method(path: &str, allowed: Option<&str>) -> Response {
    let mut response = if envelope::covers(path) {
        Refusal::MethodNotAllowed.into_response()
    } else {
        Problem::method_not_allowed().into_response()
    };
    if let Some(allowed) = allowed.and_then(|list| HeaderValue::try_from(list).ok()) {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

/// 503: the function's time is up before the answer is there.
pub(super) fn out_of_time(path: &str) -> Response {
    let cause = StoreError::Unavailable("the request ran out of time".into());
    if envelope::covers(path) {
        Refusal::Failed(cause).into_response()
    } else {
        Problem::from(cause).into_response()
    }
}
