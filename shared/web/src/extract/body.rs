//! The bytes of a body, as many as a request may have.

use crate::problem::Problem;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// The largest request body: 64 KiB.
const MAX_BODY: usize = 64 * 1024;

/// A whole body of at most 64 KiB, whatever it holds.
pub struct BoundedBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for BoundedBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        read(request.into_body()).await.map(Self)
    }
}

/// Reads `body` to its end.
///
/// # Errors
/// 413 for one that is too large, 400 for one that breaks off.
pub(super) async fn read(body: Body) -> Result<Bytes, Problem> {
    match Limited::new(body, MAX_BODY).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            "The body may have at most 64 KiB.",
        )),
        Err(_) => Err(Problem::bad_request(
            "unreadable_body",
            "The body broke off.",
        )),
    }
}
