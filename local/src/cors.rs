//! Which pages may call the API, as API Gateway says it on AWS: `CORS_ORIGINS`, here for the
//! router itself.

use axum::Router;
use axum::http::{HeaderName, HeaderValue, Method};
use std::time::Duration;
use tower_http::cors::{AllowOrigin, CorsLayer};
use web::settings::env_var;

/// The methods that pages may call with.
pub const METHODS: [Method; 6] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// The headers that pages may send.
pub const SENT: [&str; 5] = [
    "authorization",
    "content-type",
    "idempotency-key",
    "companyid",
    "requestid",
];

/// The headers of an answer that pages may read.
pub const READ: [&str; 9] = [
    "location",
    "link",
    "retry-after",
    "ratelimit",
    "ratelimit-policy",
    "verv-as-of",
    "etag",
    "x-request-id",
    "requestid",
];

/// For how long a browser may remember the answer.
pub const MAX_AGE: Duration = Duration::from_secs(600);

/// `router`, which pages of `CORS_ORIGINS` may call: origins separated by commas, or `*`.
///
/// # Errors
/// `CORS_ORIGINS` holds what is no origin.
pub fn with_cors(router: Router) -> Result<Router, String> {
    match env_var("CORS_ORIGINS") {
        None => Ok(router),
        Some(origins) => Ok(router.layer(layer(&origins)?)),
    }
}

fn layer(origins: &str) -> Result<CorsLayer, String> {
    let allowed = if origins == "*" {
        AllowOrigin::any()
    } else {
        let origins: Result<Vec<_>, _> = origins.split(',').map(origin).collect();
        AllowOrigin::list(origins?)
    };
    Ok(CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods(METHODS)
        .allow_headers(SENT.map(HeaderName::from_static))
        .expose_headers(READ.map(HeaderName::from_static))
        .max_age(MAX_AGE))
}

fn origin(text: &str) -> Result<HeaderValue, String> {
    let is_origin = text
        .split_once("://")
        .is_some_and(|(scheme, host)| matches!(scheme, "http" | "https") && !host.contains('/'));
    let value = HeaderValue::from_str(text).ok().filter(|_| is_origin);
    value.ok_or_else(|| "CORS_ORIGINS must be * or origins such as https://app.org.no".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::{Request, Response};
    use axum::routing::get;
    use tower::ServiceExt;

    async fn preflight(origins: &str, from: &str) -> Response<Body> {
        let layer = layer(origins).expect("origins");
        let router = Router::new().route("/", get(async || "")).layer(layer);
        let request = Request::options("/")
            .header("origin", from)
            .header("access-control-request-method", "PATCH")
            .body(Body::empty());
        let answer = router.oneshot(request.expect("a request")).await;
        answer.expect("infallible")
    }

    #[tokio::test]
    async fn pages_of_the_named_origins_may_call_and_no_others() {
        let named = "https://app.org.no,http://localhost:5173";
        let allowed = async |from| {
            let answer = preflight(named, from).await;
            let origin = answer.headers().get("access-control-allow-origin");
            origin.map(|origin| origin.to_str().expect("text").to_owned())
        };
        let local = "http://localhost:5173";
        assert_eq!(allowed(local).await.as_deref(), Some(local));
        assert_eq!(allowed("https://other.org").await, None);
        let anyone = preflight("*", "https://other.org").await;
        assert_eq!(anyone.headers()["access-control-allow-origin"], "*");
        let methods = anyone.headers()["access-control-allow-methods"].to_str();
        assert!(methods.is_ok_and(|methods| methods.contains("PATCH")));
    }

    #[test]
    fn what_is_no_origin_is_refused_by_name() {
        for origins in [
            "app.org.no",
            "https://app.org.no/",
            "ftp://x",
            "https://a, b",
        ] {
            let error = layer(origins).expect_err(origins);
            assert!(error.starts_with("CORS_ORIGINS"), "{error}");
        }
    }
}
