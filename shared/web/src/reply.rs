//! Successful answers with a JSON body.

use crate::problem::{Cause, Problem};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use chrono::{DateTime, Utc};
use domain::Timestamp;
use serde::Serialize;
use std::convert::Infallible;
use store::StoreError;

/// An extension of a redirect whose click could not be written: it is logged and counted, and
/// the visitor led on.
#[derive(Debug, Clone)]
pub struct LostClick(Cause);

impl LostClick {
    /// A click that `error` kept from being written.
    pub fn new(error: StoreError) -> Self {
        Self(Cause::new(error))
    }

    /// What went wrong, for the log.
    pub(crate) fn cause(&self) -> &Cause {
        &self.0
    }
}

/// An extension of an answer whose parts have a status each: why one of them failed, for the log.
#[derive(Debug, Clone)]
pub struct FailedPart(Cause);

impl FailedPart {
    /// What the log says of a part that is answered `problem`; nothing of a refusal.
    #[must_use]
    pub fn of(problem: &Problem) -> Option<Self> {
        problem.cause().cloned().map(Self)
    }

    /// What went wrong, for the log.
    pub(crate) fn cause(&self) -> &Cause {
        &self.0
    }
}

impl IntoResponseParts for FailedPart {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        parts.extensions_mut().insert(self);
        Ok(parts)
    }
}

/// The header `Verv-As-Of`: up to which moment everything is counted in an answer, to the
/// second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf(pub DateTime<Utc>);

impl IntoResponseParts for AsOf {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        let text = Timestamp::from(self.0).to_string();
        if let Ok(value) = HeaderValue::try_from(text) {
            parts.headers_mut().insert("verv-as-of", value);
        }
        Ok(parts)
    }
}

/// The cursor of the page after, as an extension of a list's answer; `None` at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextPage(pub(crate) Option<String>);

impl IntoResponseParts for NextPage {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        parts.extensions_mut().insert(self);
        Ok(parts)
    }
}

/// 200 with `view`.
pub fn ok(view: impl Serialize) -> Response {
    Json(view).into_response()
}

/// 201 with `view`, which is found from now on at the path `location`.
pub fn created(location: String, view: impl Serialize) -> Response {
    located(StatusCode::CREATED, location, view)
}

/// 202 with `view`, and the path `location` that says how far it is.
pub fn accepted(location: String, view: impl Serialize) -> Response {
    located(StatusCode::ACCEPTED, location, view)
}

fn located(status: StatusCode, location: String, view: impl Serialize) -> Response {
    let mut response = (status, Json(view)).into_response();
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
