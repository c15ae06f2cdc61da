//! The envelope of the reward-promotion contracts: `{"success":…,"error":[…],"data":{…}}`,
//! around every answer below their base path.

use super::problem::Cause;
use crate::store::StoreError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

/// Whether a path answers in the envelope.
pub(super) fn covers(path: &str) -> bool {
    path.starts_with("/gafapay/")
}

/// A successful answer around its data.
pub struct Success<T>(pub T);

impl<T: Serialize> IntoResponse for Success<T> {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Body<T> {
            success: u8,
            error: [&'static str; 0],
            data: T,
        }
        Json(Body {
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
pub enum Reason {
    NotFound,
    Inactive,
    Expired,
    LimitReached,
    UserTypeMismatch,
}

/// A refusal or failure, in the contracts' words.
#[derive(Debug)]
pub enum Refusal {
    /// Something required is missing, or two things exclude each other.
    BadRequest,
    /// A field has a value that it cannot take.
    InvalidParameters,
    /// No token, or one that does not verify.
    Unauthorized,
    /// The company has no code for the criteria.
    CodeNotFound,
    /// The code does not validate.
    CodeInvalidated(Reason),
    NoSuchRoute,
    MethodNotAllowed,
    BodyTooLarge,
    /// The table did not answer, or would not: an address that guesses.
    Failed(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl Refusal {
    fn status_and_error(&self) -> (StatusCode, &'static str) {
        match self {
            Self::BadRequest => (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
            Self::InvalidParameters => (StatusCode::BAD_REQUEST, "INVALID_REQUEST_PARAMETERS"),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
            Self::CodeNotFound => (
                StatusCode::NOT_FOUND,
                "REWARD_PROMOTION_USER_REFERRAL_CODE_NOT_FOUND",
            ),
            Self::CodeInvalidated(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "REWARD_PROMOTION_REFERRAL_CODE_INVALIDATED",
            ),
            Self::NoSuchRoute => (StatusCode::NOT_FOUND, "NOT_FOUND"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE"),
            Self::Failed(StoreError::TooManyMisses { .. }) => {
                (StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS")
            }
            Self::Failed(StoreError::Unavailable(_)) => {
                (StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE")
            }
            Self::Failed(StoreError::Refused(_) | StoreError::Corrupt(_)) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_SERVER_ERROR")
            }
        }
    }

    fn data(&self) -> Value {
        match self {
            Self::CodeInvalidated(reason) => json!({ "reason": reason }),
            _ => json!({}),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error) = self.status_and_error();
        let body = json!({ "success": 0, "error": [error], "data": self.data() });
        let mut response = (status, Json(body)).into_response();
        if matches!(self, Self::Unauthorized) {
            let scheme = HeaderValue::from_static("Token");
            let headers = response.headers_mut();
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        let Self::Failed(error) = self else {
            return response;
        };
        let retry_after = match &error {
            StoreError::TooManyMisses { retry_after } => Some(*retry_after),
            StoreError::Unavailable(_) => Some(1),
            StoreError::Refused(_) | StoreError::Corrupt(_) => None,
        };
        if let Some(seconds) = retry_after {
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if status.is_server_error() {
            response.extensions_mut().insert(Cause::of(error));
        }
        response
    }
}
