//! A request's deadline: answered 503 in time, rather than cut off with a 504 that says
//! nothing and with what was done half logged.

use crate::problem::Problem;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use lambda_http::Context;
use std::time::{Duration, SystemTime};

/// What is left of the function's time for the answer and its log line.
pub const RESERVE: Duration = Duration::from_secs(1);

/// When Lambda ends the invocation. `None` where that is in the past: Lambda hands nothing
/// over then, but emulators do (cargo-lambda's says ten minutes after the beginning of 1970).
pub fn end_of(context: &Context) -> Option<SystemTime> {
    let end = context.deadline();
    (end > SystemTime::now()).then_some(end)
}

/// Runs a request until a second before Lambda would end it; for ever where there is no
/// Lambda.
pub(super) async fn deadline(request: Request, next: Next) -> Response {
    let context = request.extensions().get::<Context>();
    let Some(end) = context.and_then(end_of) else {
        return next.run(request).await;
    };
    let left = (end - RESERVE).duration_since(SystemTime::now());
    let answer = tokio::time::timeout(left.unwrap_or_default(), next.run(request)).await;
    answer.unwrap_or_else(|_| Problem::out_of_time().into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::http::{StatusCode, header};
    use axum::routing::get;
    use tower::ServiceExt;

    #[tokio::test]
    async fn a_request_is_answered_before_its_function_is_ended() {
        let routes = Router::new()
            .route("/slow", get(std::future::pending::<()>))
            .layer(axum::middleware::from_fn(deadline));
        let end = SystemTime::now() + RESERVE + Duration::from_millis(50);
        let end = end.duration_since(SystemTime::UNIX_EPOCH).expect("now");
        let mut context = Context::default();
        context.deadline = u64::try_from(end.as_millis()).expect("in range");
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = "/slow".parse().expect("a path");
        request.extensions_mut().insert(context);

        let answer = routes.oneshot(request).await.expect("infallible");
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.headers()[header::RETRY_AFTER], "1");
        let left = Duration::from_millis(u64::try_from(end.as_millis()).expect("in range"));
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        assert!(now.expect("now") < left, "answered too late");
    }

    #[tokio::test]
    async fn an_emulators_deadline_of_1970_ends_nothing() {
        let routes = Router::new()
            .route("/", get(async || "done"))
            .layer(axum::middleware::from_fn(deadline));
        let mut context = Context::default();
        context.deadline = 600_000;
        let mut request = Request::new(Body::empty());
        request.extensions_mut().insert(context);
        let answer = routes.oneshot(request).await.expect("infallible");
        assert_eq!(answer.status(), StatusCode::OK);
    }
}
