//! Errors as a caller reads them: RFC 9457 problems. The internal cause is kept apart for the
//! log and never reaches the caller.

mod api_keys;
mod attributions;
mod cause;
mod codes;
mod programs;
mod store_error;
mod webhooks;

use crate::quota::Quota;
use crate::token::Unverified;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
pub(crate) use cause::Cause;
pub use cause::chain;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A refusal or failure, as `application/problem+json`.
///
/// The response that it becomes carries the problem itself as an extension, for the log line
/// and for routes whose errors have another form
/// ([`Routes::errors_as`](crate::routes::Routes::errors_as)).
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    /// Ids of what is in the way, each under its own name.
    members: BTreeMap<&'static str, String>,
    /// Seconds after which the same request may succeed.
    retry_after: Option<u32>,
    /// The limit that refused it.
    quota: Option<Quota>,
    cause: Option<Cause>,
    /// Why the caller's credential was refused: for the log, never for the caller.
    unverified: Option<Unverified>,
}

#[derive(Debug, Clone, Serialize)]
struct FieldError {
    field: String,
    detail: String,
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
            errors: Vec::new(),
            members: BTreeMap::new(),
            retry_after: None,
            quota: None,
            cause: None,
            unverified: None,
        }
    }

    /// 400: the request itself is malformed.
    pub fn bad_request(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401: no token, or one that does not verify. One answer for every such token.
    pub fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "A valid access token is required.",
        )
    }

    /// 401 for a credential that was refused, which says nothing of the reason.
    pub(crate) fn unverified(reason: Unverified) -> Self {
        Self {
            unverified: Some(reason),
            ..Self::unauthorized()
        }
    }

    /// 403: the caller's role or scope does not allow it, whether or not the object exists.
    pub fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "Your role does not allow this.",
        )
    }

    /// 404: it does not exist, or the caller may not see it.
    pub fn not_found(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// 404: no route has this path.
    pub(crate) fn route_not_found() -> Self {
        Self::not_found("route_not_found", "There is no resource at this path.")
    }

    /// 405: the route does not have this method.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "Method not allowed for this resource.",
        )
    }

    /// 409: the state of the object does not allow it.
    pub fn conflict(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 422: a business rule refuses it.
    pub fn unprocessable(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// 429, after so many seconds.
    fn too_many_requests(
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
        retry_after: u32,
        quota: Quota,
    ) -> Self {
        Self {
            retry_after: Some(retry_after),
            quota: Some(quota),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, code, detail)
        }
    }

    /// 429: the address does it too often.
    pub(crate) fn too_often(retry_after: u32, quota: Quota) -> Self {
        Self::too_many_requests(
            "too_many_requests",
            "Too many requests of this kind came from this address.",
            retry_after,
            quota,
        )
    }

    /// 500, for a fault of ours or of the deployment.
    pub(crate) fn internal(cause: Cause) -> Self {
        Self {
            cause: Some(cause),
            ..Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal_error",
                "Something went wrong on our side.",
            )
        }
    }

    /// 503: the same request may succeed in a second.
    fn unavailable(cause: Cause) -> Self {
        Self {
            cause: Some(cause),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "The service is busy. Please try again in a moment.",
            )
        }
    }

    /// 503: the function's time ended before the answer was ready.
    pub(crate) fn out_of_time() -> Self {
        Self::unavailable(Cause::new("the request ran out of time"))
    }

    /// The same problem with a field at fault, and what is wrong with it.
    #[must_use]
    pub fn with_field(mut self, field: impl Into<String>, detail: impl Into<String>) -> Self {
        self.errors.push(FieldError {
            field: field.into(),
            detail: detail.into(),
        });
        self
    }

    /// The same problem with the id of what is in the way, as the member `name`.
    #[must_use]
    fn with_member(mut self, name: &'static str, id: impl ToString) -> Self {
        self.members.insert(name, id.to_string());
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    /// Why the caller's credential was refused; `None` for every other problem.
    pub(crate) fn refused_credential(&self) -> Option<Unverified> {
        self.unverified
    }

    /// Why the request failed; `None` for a refusal.
    pub(crate) fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }
}

/// 404 for a record that does not exist, or that the caller may not see.
pub fn no_such_record() -> Problem {
    Problem::not_found("not_found", "There is no record with this id.")
}

/// 400 for a field whose value it does not take.
pub fn invalid(field: &str, detail: &str) -> Problem {
    let short = shortened(field);
    Problem::bad_request("invalid_field", format!("{short}: {detail}.")).with_field(short, detail)
}

/// The longest part of a caller's own words that an answer repeats, in characters.
const LONGEST_REPEATED: usize = 200;

/// The beginning of a caller's own words, as far as an answer repeats them.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_REPEATED).collect()
}

/// The document that a caller reads.
#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(flatten)]
    members: &'a BTreeMap<&'static str, String>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = Document {
            r#type: format!("urn:verv:problem:{}", self.code()),
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code(),
            errors: &self.errors,
            members: &self.members,
        };
        let mut response = (self.status, axum::Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        let may_pass = matches!(
            self.status,
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS
        );
        if may_pass {
            let seconds = self.retry_after.unwrap_or(1);
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(quota) = &self.quota {
            quota.write_to(headers);
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_rides_on_its_response() {
        let response = invalid("org_id", "is required").into_response();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let problem = response.extensions().get::<Problem>().expect("the problem");
        assert_eq!(problem.code(), "invalid_field");
        assert!(problem.cause().is_none());
    }

    #[test]
    fn what_may_pass_says_when() {
        let response = Problem::out_of_time().into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        let problem = response.extensions().get::<Problem>().expect("the problem");
        let cause = problem.cause().map(Cause::chain);
        assert_eq!(cause.as_deref(), Some("the request ran out of time"));
    }

    #[test]
    fn an_answer_repeats_at_most_the_beginning_of_a_field() {
        let response = invalid(&"x".repeat(5_000), "is not known here");
        assert_eq!(response.errors[0].field.len(), LONGEST_REPEATED);
    }
}
