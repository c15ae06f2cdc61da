//! Errors as a caller reads them: RFC 9457 problems. The internal cause rides along for the
//! log and never reaches the caller.

use crate::domain::reach::OutOfReach;
use crate::store::StoreError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::borrow::Cow;
use std::sync::Arc;

/// A refusal or failure, as `application/problem+json`.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    field: Option<FieldError>,
    /// Seconds after which the same request may succeed.
    retry_after: Option<u16>,
    cause: Option<Cause>,
}

#[derive(Debug, Serialize)]
struct FieldError {
    field: String,
    detail: String,
}

/// Why a request failed, for the log.
#[derive(Debug, Clone)]
pub struct Cause(Arc<dyn std::error::Error + Send + Sync>);

impl Cause {
    /// `error` as the cause of a failed request.
    pub(super) fn of(error: StoreError) -> Self {
        Self(Arc::new(error))
    }

    /// The error and its sources, each once: "DynamoDB …: dispatch failure: …".
    pub fn chain(&self) -> String {
        chain(&self.0)
    }
}

/// What an error and its sources say, each once. Their `Debug` is no text for a log: the SDK's
/// holds the bodies of requests and answers.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

impl Problem {
    /// A problem whose `code` is stable and whose `detail` tells a person what to do.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            field: None,
            retry_after: None,
            cause: None,
        }
    }

    /// 400: the request itself is malformed.
    pub fn bad_request(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401: no token, or none that opens anything. One answer for every such token.
    pub fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "A valid access token is required.",
        )
    }

    /// 403: the caller's role does not go that far, whatever there is behind the door.
    pub fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "Your role does not allow this.",
        )
    }

    /// 404 for an address that no route has.
    pub fn route_not_found() -> Self {
        Self::not_found("route_not_found", "There is nothing at this address.")
    }

    /// 405 for a method that the route does not take.
    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "This address does not take this method; see the Allow header.",
        )
    }

    /// 404: there is no such thing, or none that the caller may see.
    pub fn not_found(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// 409: the state of things does not allow it.
    pub fn conflict(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 422: a business rule refuses it.
    pub fn refused(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// 422: the idempotency key was used for another request.
    pub fn key_reused() -> Self {
        Self::refused(
            "idempotency_key_reused",
            "This Idempotency-Key was used for a request with another body.",
        )
    }

    /// The field at fault, and what is wrong with it.
    pub fn with_field(mut self, field: impl Into<String>, detail: impl Into<String>) -> Self {
        self.field = Some(FieldError {
            field: field.into(),
            detail: detail.into(),
        });
        self
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }
}

/// What lies out of reach answers as what does not exist.
impl From<OutOfReach> for Problem {
    fn from(OutOfReach: OutOfReach) -> Self {
        super::extract::no_such_record()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let (status, code, detail) = match &error {
            StoreError::TooManyMisses { retry_after } => {
                return Self {
                    retry_after: Some(*retry_after),
                    ..Self::new(
                        StatusCode::TOO_MANY_REQUESTS,
                        "too_many_misses",
                        "Too many unknown codes were asked for from this address.",
                    )
                };
            }
            StoreError::Unavailable(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "The service is busy. Please try again in a moment.",
            ),
            StoreError::Refused(_) | StoreError::Corrupt(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal_error",
                "Something went wrong on our side.",
            ),
        };
        Self {
            cause: Some(Cause::of(error)),
            ..Self::new(status, code, detail)
        }
    }
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body {
            r#type: format!("urn:verv:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            errors: self.field.as_slice(),
        };
        let mut response = (self.status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        let is_passing = matches!(
            self.status,
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS
        );
        if is_passing {
            let seconds = HeaderValue::from(self.retry_after.unwrap_or(1));
            headers.insert(header::RETRY_AFTER, seconds);
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        if let Some(cause) = self.cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}
