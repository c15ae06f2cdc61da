//! What API Gateway does in front of the functions and a caller notices: it has a route for each
//! method, so `HEAD` is answered where the template says so, and nowhere else.
//!
//! The router itself answers `HEAD` wherever it answers `GET`. Deliberately absent: every other
//! method that a route lacks is 405 with `Allow` here, which says more than the gateway's 404.

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};

/// The routes that `template.yaml` gives `HEAD`, a slash at the end left out.
pub const HEAD_ROUTES: [&str; 1] = ["/r/{code}"];

/// In the gateway's own words.
const NOT_FOUND: &str = r#"{"message":"Not Found"}"#;

/// `router` without the methods that API Gateway does not let through.
pub fn as_at_the_gateway(router: Router) -> Router {
    router.layer(from_fn(refuse_head))
}

async fn refuse_head(request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>();
    let is_served = path.is_some_and(|path| {
        let path = path.as_str();
        HEAD_ROUTES.contains(&path.strip_suffix('/').unwrap_or(path))
    });
    if request.method() == Method::HEAD && !is_served {
        let json = [(header::CONTENT_TYPE, "application/json")];
        return (StatusCode::NOT_FOUND, json, NOT_FOUND).into_response();
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;

    #[tokio::test]
    async fn head_is_answered_where_the_gateway_has_a_route_for_it() {
        let router = Router::new()
            .route("/r/{code}", get(async || "on"))
            .route("/r/{code}/", get(async || "on"))
            .route("/things", get(async || "all"));
        let router = as_at_the_gateway(router);
        for (method, path, status) in [
            (Method::HEAD, "/r/JAN", 200),
            (Method::HEAD, "/r/JAN/", 200),
            (Method::HEAD, "/things", 404),
            (Method::HEAD, "/nothing", 404),
            (Method::GET, "/things", 200),
            (Method::POST, "/things", 405),
        ] {
            let request = Request::builder().method(&method).uri(path);
            let request = request.body(Body::empty()).expect("a request");
            let answer = router.clone().oneshot(request).await.expect("infallible");
            assert_eq!(answer.status().as_u16(), status, "{method} {path}");
        }
    }
}
