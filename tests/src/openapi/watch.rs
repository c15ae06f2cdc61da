//! Every answer of every test, held against the document.

use super::{Answer, Document};
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt;

/// Passes an answer on that the document says.
///
/// # Panics
/// When it says another: the document is what integrators build on.
pub async fn as_documented(request: Request, next: Next) -> Response {
    let method = request.method().to_string();
    let path = request.uri().path().to_owned();
    let (parts, body) = next.run(request).await.into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    let answer = Answer {
        method: &method,
        path: &path,
        status: parts.status.as_u16(),
        headers: &parts.headers,
        body: &body,
    };
    let undocumented = answer.undocumented(Document::get());
    assert!(
        undocumented.is_empty(),
        "openapi.yaml does not say of {method} {path}: {undocumented:#?}\n{} {}",
        parts.status,
        String::from_utf8_lossy(&body)
    );
    Response::from_parts(parts, Body::from(body))
}
