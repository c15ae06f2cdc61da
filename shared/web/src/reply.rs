//! Successful answers with a JSON body.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// 200 with `view`.
pub fn ok(view: impl Serialize) -> Response {
    Json(view).into_response()
}

/// 201 with `view`, which is found from now on at the path `location`.
pub fn created(location: String, view: impl Serialize) -> Response {
    let mut response = (StatusCode::CREATED, Json(view)).into_response();
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
