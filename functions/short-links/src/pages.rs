//! What a person reads whose link leads nowhere, or not now: a small page, in every case.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::Url;
use web::language::Language;
use web::problem::Problem;
use web::settings::Settings;

/// The code is unknown or cannot be used: on to `LINK_FALLBACK_URL` where there is one, else 404.
pub(crate) fn leads_nowhere(settings: &Settings, language: Language) -> Response {
    match &settings.link_fallback_url {
        Some(url) => found(url),
        None => no_such_link(language),
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
pub(crate) fn no_such_link(language: Language) -> Response {
    let title = ("This link does not work", "Denne lenken virker ikke");
    let text = (
        "The referral code in it is unknown or no longer in use. Ask whoever sent it for a new one.",
        "Vervekoden i den er ukjent eller ikke lenger i bruk. Be den som sendte den, om en ny.",
    );
    page(StatusCode::NOT_FOUND, language, title, text)
}

/// The page for a problem. Headers such as `Retry-After` are kept from it.
pub(crate) fn render(problem: &Problem, language: Language) -> Response {
    let status = problem.status();
    let (title, text) = match status {
        StatusCode::NOT_FOUND => return no_such_link(language),
        StatusCode::TOO_MANY_REQUESTS => (
            ("Too many visits", "For mange besøk"),
            (
                "Too many links were opened from your network. Please wait a minute and open the \
                 link again.",
                "For mange lenker ble åpnet fra nettverket ditt. Vent et minutt og åpne lenken på \
                 nytt.",
            ),
        ),
        status if status.is_server_error() => (
            ("Please try again", "Prøv igjen"),
            (
                "The link cannot be opened at the moment. Please open it again in a moment.",
                "Lenken kan ikke åpnes akkurat nå. Åpne den på nytt om litt.",
            ),
        ),
        _ => (
            ("This link cannot be opened", "Lenken kan ikke åpnes"),
            (
                "Please open the link again as it was sent to you.",
                "Åpne lenken på nytt slik du fikk den.",
            ),
        ),
    };
    page(status, language, title, text)
}

/// Both texts are in English and in Norwegian.
fn page(
    status: StatusCode,
    language: Language,
    title: (&str, &str),
    text: (&str, &str),
) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'",
        ),
    ];
    let (tag, title, text) = (
        language.tag(),
        language.pick(title.0, title.1),
        language.pick(text.0, text.1),
    );
    let html = format!(
        "<!doctype html>
<html lang=\"{tag}\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<title>{title}</title>
<style>{STYLE}</style>
<main>
<h1>{title}</h1>
<p>{text}</p>
</main>
</html>
"
    );
    (status, headers, html).into_response()
}

/// What all pages of short links have in common.
pub(crate) const STYLE: &str = "\
:root{color-scheme:light dark}\
body{margin:0;font:1.0625rem/1.5 system-ui,sans-serif;background:#f5f6f8;color:#16202a}\
main{max-width:24rem;margin:10vh auto;padding:0 1.5rem;text-align:center}\
h1{font-size:1.5rem;font-weight:600;line-height:1.2;margin:0 0 1rem}\
@media(prefers-color-scheme:dark){body{background:#0b1016;color:#f0f4f8}}";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_problem_is_a_page_in_the_language_of_its_reader() {
        for status in [404, 405, 429, 500, 503] {
            let status = StatusCode::from_u16(status).expect("a status");
            for language in [Language::English, Language::Norwegian] {
                let problem = Problem::new(status, "some_code", "Some detail.");
                let response = render(&problem, language);
                assert_eq!(response.status(), status);
                let kind = &response.headers()[header::CONTENT_TYPE];
                assert_eq!(kind, "text/html; charset=utf-8");
                let body = axum::body::to_bytes(response.into_body(), 10_000).await;
                let text = String::from_utf8(body.expect("a body").to_vec()).expect("text");
                let start = format!("<!doctype html>\n<html lang=\"{}\">", language.tag());
                assert!(text.starts_with(&start), "{text}");
                let english = text.contains("link");
                assert_eq!(english, language == Language::English, "{text}");
            }
        }
    }
}
