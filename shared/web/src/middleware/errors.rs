//! The form of errors: problems become what their group of routes has registered.

use super::conventions::{Shared, render_at};
use crate::language::Language;
use crate::problem::Problem;
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;

/// Renders the problem of a response as the routes at its path do.
pub(super) async fn render(
    State(conventions): State<Shared>,
    request: Request,
    next: Next,
) -> Response {
    let Some(render) = render_at(&conventions, request.uri().path()) else {
        return next.run(request).await;
    };
    let language = Language::of(request.uri(), request.headers());
    let plain = next.run(request).await;
    match plain.extensions().get::<Problem>() {
        None => plain,
        Some(problem) => {
            let rendered = render(problem, language);
            completed(rendered, plain)
        }
    }
}

/// `rendered` with what `plain` has beside its body: extensions, and headers such as `Allow`
/// and `Retry-After` unless the rendering has its own.
fn completed(mut rendered: Response, plain: Response) -> Response {
    let (plain, _) = plain.into_parts();
    let mut headers = plain.headers;
    headers.remove(header::CONTENT_TYPE);
    headers.remove(header::CONTENT_LENGTH);
    for name in rendered.headers().keys() {
        headers.remove(name);
    }
    rendered.headers_mut().extend(headers);
    *rendered.extensions_mut() = plain.extensions;
    rendered
}
