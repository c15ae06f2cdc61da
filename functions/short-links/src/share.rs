//! The share page `/s/{code}`: what a messenger previews and a person reads before the short link
//! is followed. It counts nobody.

use crate::pages::{self, no_such_link, render};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::{Code, FoldedCode};
use store::{Store, StoreError};
use web::accept::Accepted;
use web::access::OPEN;
use web::extract::{Now, PathId, ShortBase};
use web::language::Language;
use web::picture::{KnownPictures, PNG, escaped};
use web::problem::Problem;
use web::qr::{self, QrQuery};
use web::routes::Routes;
use web::{Limited, limited};

const BASE: &str = "/s";

/// The page, and the picture that previews of it show.
pub(crate) fn routes() -> Routes {
    Routes::under(BASE)
        .errors_as(render)
        .get("/{code}", OPEN, limited(Limited::Clicks, share))
        .get("/{code}/qr", OPEN, limited(Limited::Clicks, qr_code))
}

async fn share(
    store: Store,
    Now(now): Now,
    short_base: ShortBase,
    language: Language,
    code: Result<PathId<String>, Problem>,
) -> Result<Response, Problem> {
    let code = usable(&store, code, now).await?;
    Ok(match code {
        Some(code) => page(&code, &short_base, language),
        None => no_such_link(language),
    })
}

async fn qr_code(
    store: Store,
    Now(now): Now,
    short_base: ShortBase,
    language: Language,
    code: Result<PathId<String>, Problem>,
    known: KnownPictures,
) -> Result<Response, Problem> {
    let Some(code) = usable(&store, code, now).await? else {
        return Ok(no_such_link(language));
    };
    // Messengers show no SVG.
    let look = QrQuery::default().look(&Accepted::parse(PNG));
    Ok(known.answer(qr::draw(&short_base.scanned_url(&code), look)?))
}

/// The code of the path, if it can be used.
async fn usable(
    store: &Store,
    code: Result<PathId<String>, Problem>,
    now: DateTime<Utc>,
) -> Result<Option<Code>, StoreError> {
    let text = code.ok().map(|PathId(text)| text);
    let Some(code) = text.and_then(|text| FoldedCode::pasted(&text).ok()) else {
        return Ok(None);
    };
    let record = store.find_usable_code(&code, now).await?;
    Ok(record.map(|record| record.code))
}

fn page(code: &Code, short_base: &ShortBase, language: Language) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'",
        ),
    ];
    (headers, html(code, short_base, language)).into_response()
}

/// Everything in it that is somebody's is escaped, be it a code, which has no such character.
fn html(code: &Code, short_base: &ShortBase, language: Language) -> String {
    let link = escaped(&short_base.url(code));
    let address = short_base.share_url(code).map(|url| escaped(&url));
    let code = escaped(code.as_str());
    let Texts {
        title,
        description,
        lead,
        join,
        picture,
        scan,
        locale,
        switch,
    } = Texts::of(language);
    let preview = address.map_or_else(String::new, |address| preview(&address, picture));
    let (tag, other) = (language.tag(), language.other().tag());
    let common = pages::STYLE;
    format!(
        "<!doctype html>
<html lang=\"{tag}\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<meta name=\"robots\" content=\"noindex\">
<link rel=\"icon\" href=\"data:,\">
<title>{title} {code}</title>
<meta name=\"description\" content=\"{description}\">
<meta property=\"og:type\" content=\"website\">
<meta property=\"og:locale\" content=\"{locale}\">
<meta property=\"og:title\" content=\"{title} {code}\">
<meta property=\"og:description\" content=\"{description}\">
{preview}<meta name=\"twitter:card\" content=\"summary\">
<style>{common}{STYLE}</style>
<main>
<p>{lead}</p>
<h1>{code}</h1>
<p><a class=\"join\" href=\"{link}\">{join}</a></p>
<img src=\"/s/{code}/qr\" width=\"220\" height=\"220\" alt=\"{picture}\">
<p class=\"hint\">{scan}</p>
<p class=\"hint\"><a href=\"?lang={other}\" hreflang=\"{other}\" lang=\"{other}\">{switch}</a></p>
</main>
</html>
"
    )
}

/// What a preview has beside its texts: the address of the page, and the picture.
fn preview(address: &str, picture: &str) -> String {
    format!(
        "<meta property=\"og:url\" content=\"{address}\">
<meta property=\"og:image\" content=\"{address}/qr\">
<meta property=\"og:image:type\" content=\"image/png\">
<meta property=\"og:image:width\" content=\"512\">
<meta property=\"og:image:height\" content=\"512\">
<meta property=\"og:image:alt\" content=\"{picture}\">
"
    )
}

/// What the page says, beside the code.
struct Texts {
    /// Before the code.
    title: &'static str,
    description: &'static str,
    lead: &'static str,
    join: &'static str,
    picture: &'static str,
    scan: &'static str,
    /// For Open Graph.
    locale: &'static str,
    /// The name of the other language.
    switch: &'static str,
}

impl Texts {
    fn of(language: Language) -> Self {
        language.pick(
            Self {
                title: "Join with the code",
                description: "Open the link and join. The code is filled in for you.",
                lead: "You are invited to join with the code",
                join: "Join now",
                picture: "QR code of the link",
                scan: "Or scan it with a phone.",
                locale: "en_GB",
                switch: "Norsk",
            },
            Self {
                title: "Meld deg inn med koden",
                description: "Åpne lenken og meld deg inn. Koden er fylt ut for deg.",
                lead: "Du er invitert til å melde deg inn med koden",
                join: "Meld deg inn",
                picture: "QR-kode for lenken",
                scan: "Eller skann den med en telefon.",
                locale: "nb_NO",
                switch: "English",
            },
        )
    }
}

const STYLE: &str = "\
h1{font:600 1.75rem/1.2 ui-monospace,monospace;letter-spacing:.02em;margin-bottom:1.5rem;overflow-wrap:anywhere}\
.join{display:block;background:#0a4a82;color:#fff;text-decoration:none;font-weight:600;padding:.875rem;border-radius:8px}\
a:focus-visible{outline:3px solid #0a4a82;outline-offset:3px}\
img{margin:1.5rem 0 .5rem;background:#fff;border-radius:8px}\
.hint{color:#4a5763;font-size:.9rem}.hint a{color:inherit;padding:.5rem}\
@media(prefers-color-scheme:dark){.hint{color:#b4bfca}\
.join{background:#a9d2ff;color:#0b1a29}a:focus-visible{outline-color:#a9d2ff}}";
