//! Every answer of every test, and every request that is carried out, held against the document.

use super::{Answer, Document, Sent};
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt;

/// The largest request body that is looked into: larger ones are refused unread.
const BODY: u64 = 64 * 1024;

/// The header of a request that has more than the document says, on purpose: of it, the answer
/// alone is looked at.
pub const BEYOND_THE_DOCUMENT: &str = "x-beyond-the-document";

/// Passes a request and its answer on that the document says.
///
/// # Panics
/// When it says another: the document is what integrators build on.
pub async fn as_documented(request: Request, next: Next) -> Response {
    let (request, sent_body) = with_body(request).await;
    let (method, uri) = (request.method().to_string(), request.uri().clone());
    let sent_headers = request.headers().clone();
    let (parts, body) = next.run(request).await.into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    let document = Document::get();
    let answer = Answer {
        method: &method,
        path: uri.path(),
        status: parts.status.as_u16(),
        headers: &parts.headers,
        body: &body,
    };
    let mut undocumented = answer.undocumented(document);
    if parts.status.is_success() && !sent_headers.contains_key(BEYOND_THE_DOCUMENT) {
        let sent = Sent {
            method: &method,
            uri: &uri,
            headers: &sent_headers,
            body: sent_body.as_deref(),
        };
        undocumented.extend(sent.undocumented(document));
    }
    assert!(
        undocumented.is_empty(),
        "openapi.yaml does not say of {method} {uri}: {undocumented:#?}\n{} {}",
        parts.status,
        String::from_utf8_lossy(&body)
    );
    Response::from_parts(parts, Body::from(body))
}

/// The request with its body in memory, and that body; `None` where it has none, is too large or
/// is still on its way.
async fn with_body(request: Request) -> (Request, Option<Bytes>) {
    let size = request.body().size_hint().exact();
    if !size.is_some_and(|size| (1..=BODY).contains(&size)) {
        return (request, None);
    }
    let (parts, body) = request.into_parts();
    let bytes = body.collect().await.expect("a whole body").to_bytes();
    let request = Request::from_parts(parts, Body::from(bytes.clone()));
    (request, Some(bytes))
}
