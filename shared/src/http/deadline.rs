//! A request's deadline: answered 503 in time, rather than cut off with a 504 that says
//! nothing and with what was done half logged.

use super::Problem;
use crate::store::StoreError;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use lambda_http::Context;
use std::time::{Duration, SystemTime};

/// What is left of the function's time for the answer and its log line.
pub const RESERVE: Duration = Duration::from_secs(1);

/// Runs a request until a second before Lambda would end it; for ever where there is no
/// Lambda.
pub(super) async fn deadline(request: Request, next: Next) -> Response {
    let Some(context) = request.extensions().get::<Context>() else {
        return next.run(request).await;
    };
    let left = (context.deadline() - RESERVE).duration_since(SystemTime::now());
    let answer = tokio::time::timeout(left.unwrap_or_default(), next.run(request)).await;
    answer.unwrap_or_else(|_| {
        let cause = StoreError::Unavailable("the request ran out of time".into());
        Problem::from(cause).into_response()
    })
}
