//! The envelope of the contracts: `{"success":…,"error":[…],"data":{…}}`, around every answer
//! below their base path.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};
use store::StoreError;
use web::language::Language;
use web::problem::Problem;

/// A successful answer around its data.
pub(crate) struct Success<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Success<T> {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Envelope<T> {
            success: u8,
            error: [&'static str; 0],
            data: T,
        }
        Json(Envelope {
            success: 1,
            error: [],
            data: self.0,
        })
        .into_response()
    }
}

/// Why a code does not validate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Reason {
    NotFound,
    Inactive,
    Expired,
    LimitReached,
    UserTypeMismatch,
}

/// A refusal or failure, in the contracts' words.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Something required is missing, or two things exclude each other.
    BadRequest,
    /// A field has a value that it does not take.
    InvalidParameters,
    /// The tenant has no code for the criteria.
    CodeNotFound,
    /// The code does not validate.
    CodeInvalidated(Reason),
    /// Any other, named by its status.
    Problem(Problem),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Problem(error.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::BadRequest => refused(StatusCode::BAD_REQUEST, "BAD_REQUEST", json!({})),
            Self::InvalidParameters => refused(
                StatusCode::BAD_REQUEST,
                "INVALID_REQUEST_PARAMETERS",
                json!({}),
            ),
            Self::CodeNotFound => refused(
                StatusCode::NOT_FOUND,
                "REWARD_PROMOTION_USER_REFERRAL_CODE_NOT_FOUND",
                json!({}),
            ),
            Self::CodeInvalidated(reason) => refused(
                StatusCode::UNPROCESSABLE_ENTITY,
                "REWARD_PROMOTION_REFERRAL_CODE_INVALIDATED",
                json!({ "reason": reason }),
            ),
            // On its way out the route's conventions render it, as they do the guard's.
            Self::Problem(problem) => problem.into_response(),
        }
    }
}

/// A problem of the platform in the envelope: its error is its status in words,
/// `METHOD_NOT_ALLOWED`, in every language.
pub(crate) fn render(problem: &Problem, _: Language) -> Response {
    let status = problem.status();
    let words = status.canonical_reason().unwrap_or("Error");
    let error = words.to_ascii_uppercase().replace(' ', "_");
    let mut response = refused(status, &error, json!({}));
    if status == StatusCode::UNAUTHORIZED {
        let scheme = HeaderValue::from_static("Token");
        let headers = response.headers_mut();
        headers.insert(header::WWW_AUTHENTICATE, scheme);
    }
    response
}

fn refused(status: StatusCode, error: &str, data: Value) -> Response {
    let body = json!({ "success": 0, "error": [error], "data": data });
    (status, Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_problem_is_named_by_its_status() {
        for (status, error) in [
            (400, "BAD_REQUEST"),
            (401, "UNAUTHORIZED"),
            (404, "NOT_FOUND"),
            (405, "METHOD_NOT_ALLOWED"),
            (413, "PAYLOAD_TOO_LARGE"),
            (429, "TOO_MANY_REQUESTS"),
            (500, "INTERNAL_SERVER_ERROR"),
            (503, "SERVICE_UNAVAILABLE"),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            let response = render(
                &Problem::new(status, "some_code", "Some detail."),
                Language::English,
            );
            assert_eq!(response.status(), status);
            let bytes = axum::body::to_bytes(response.into_body(), 1_000).await;
            let body: Value = serde_json::from_slice(&bytes.expect("a body")).expect("JSON");
            let expected = json!({"success": 0, "error": [error], "data": {}});
            assert_eq!(body, expected);
        }
    }
}
