//! Headers that every answer has.

use axum::http::{HeaderValue, header};
use axum::response::Response;

/// No browser may take an answer for another type than it says, and no cache may keep one
/// unless the answer itself allows it: nearly all of them are about somebody.
pub(super) async fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}
