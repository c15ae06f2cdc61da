//! What a person reads whose link leads nowhere, or not now: a small page, in every case.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::Url;
use web::problem::Problem;
use web::settings::Settings;

/// The code is unknown or cannot be used: on to `LINK_FALLBACK_URL` where there is one, else 404.
pub(crate) fn leads_nowhere(settings: &Settings) -> Response {
    match &settings.link_fallback_url {
        Some(url) => found(url),
        None => no_such_link(),
    }
}

/// 302. It must not be cached: the next visit is the next click, and a code may be made.
pub(crate) fn found(url: &Url) -> Response {
    let location = HeaderValue::try_from(url.as_str()).unwrap_or(HeaderValue::from_static("/"));
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (StatusCode::FOUND, headers).into_response()
}

/// 404: there is no such code, or it cannot be used.
pub(crate) fn no_such_link() -> Response {
    page(
        StatusCode::NOT_FOUND,
        "This link does not work",
        "The referral code in it is unknown or no longer in use. Ask whoever sent it for a new one.",
    )
}

/// The page for a problem. Headers such as `Retry-After` are kept from it.
pub(crate) fn render(problem: &Problem) -> Response {
    match problem.status() {
        StatusCode::NOT_FOUND => no_such_link(),
        status @ StatusCode::TOO_MANY_REQUESTS => page(
            status,
            "Too many visits",
            "Too many links were opened from your network. Please wait a minute and open the \
             link again.",
        ),
        status if status.is_server_error() => page(
            status,
            "Please try again",
            "The link cannot be opened at the moment. Please open it again in a moment.",
        ),
        status => page(
            status,
            "This link cannot be opened",
            "Please open the link again as it was sent to you.",
        ),
    }
}

fn page(status: StatusCode, title: &str, text: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'",
        ),
    ];
    let html = format!(
        "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>{title}</title>
<style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem}}</style>
<h1>{title}</h1>
<p>{text}</p>
</html>
"
    );
    (status, headers, html).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_a_page() {
        for status in [404, 405, 429, 500, 503] {
            let status = StatusCode::from_u16(status).expect("a status");
            let response = render(&Problem::new(status, "some_code", "Some detail."));
            assert_eq!(response.status(), status);
            let kind = &response.headers()[header::CONTENT_TYPE];
            assert_eq!(kind, "text/html; charset=utf-8");
        }
    }
}
