//! A request for a file, and its answer.

use crate::files::File;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;
use web::accept::liked;
use web::known_tags::KnownTags;

/// Nothing is loaded from elsewhere, and nothing that is written into a page runs or is styled.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// For how long an answer may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// Its address changes with it.
    Forever,
    /// As long as the server says that it is the same.
    Validated,
    /// It is of another version than its address.
    Once,
}

impl Lifetime {
    fn cache_control(self) -> &'static str {
        match self {
            Self::Forever => "public, max-age=31536000, immutable",
            Self::Validated => "no-cache",
            Self::Once => "no-store",
        }
    }
}

/// What a request says of the answer that it would have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Requested {
    takes_gzip: bool,
    known_tags: KnownTags,
}

impl<S: Send + Sync> FromRequestParts<S> for Requested {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

impl Requested {
    fn of(headers: &HeaderMap) -> Self {
        Self {
            takes_gzip: takes_gzip(headers),
            known_tags: KnownTags::of(headers),
        }
    }

    /// 200 with `file`, or 304 where the caller has it.
    pub(crate) fn answer(&self, file: &'static File, lifetime: Lifetime) -> Response {
        let headers = [
            (header::CACHE_CONTROL, lifetime.cache_control()),
            (header::ETAG, file.entity_tag),
            (header::VARY, "accept-encoding"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
        ];
        if self.known_tags.has(file.entity_tag) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        let content_type = [(header::CONTENT_TYPE, file.content_type)];
        match self.takes_gzip {
            true => {
                let coding = [(header::CONTENT_ENCODING, "gzip")];
                (headers, content_type, coding, file.gzipped).into_response()
            }
            false => (headers, content_type, file.plain).into_response(),
        }
    }
}

/// Whether `Accept-Encoding` allows gzip: by its name, or else by `*`.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let codings: Vec<_> = liked(headers, header::ACCEPT_ENCODING).collect();
    let quality = |wanted: &str| {
        let mut codings = codings.iter();
        let named = codings.find(|(name, _)| name == wanted);
        named.map(|(_, quality)| *quality)
    };
    quality("gzip").or_else(|| quality("*")).unwrap_or(0.0) > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::find;
    use axum::http::HeaderName;

    fn answer(headers: &[(HeaderName, &'static str)], lifetime: Lifetime) -> Response {
        let headers = headers.iter().map(|(name, value)| {
            let value = axum::http::HeaderValue::from_static(value);
            (name.clone(), value)
        });
        let file = find("console.html").expect("a page");
        Requested::of(&headers.collect()).answer(file, lifetime)
    }

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        for (accepted, coding) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, gzip;q=0.8", true),
            ("GZIP", true),
            ("*", true),
            ("gzip;q=0, *", false),
            ("gzip;q=0", false),
            ("br", false),
            ("identity", false),
            ("", false),
        ] {
            let response = answer(&[(header::ACCEPT_ENCODING, accepted)], Lifetime::Validated);
            let sent = response.headers().get(header::CONTENT_ENCODING);
            assert_eq!(sent.is_some(), coding, "{accepted}");
            assert_eq!(response.headers()[header::VARY], "accept-encoding");
        }
    }

    #[test]
    fn what_the_caller_has_is_not_sent_again() {
        let tag = find("console.html").expect("a page").entity_tag;
        assert!(tag.starts_with("W/\""), "{tag}");
        let first = answer(&[], Lifetime::Validated);
        assert_eq!(first.headers()[header::ETAG], tag);
        for (known, status) in [(tag, 304), ("*", 304), ("W/\"x\"", 200)] {
            let response = answer(&[(header::IF_NONE_MATCH, known)], Lifetime::Validated);
            assert_eq!(response.status(), status, "{known}");
            assert_eq!(response.headers()[header::ETAG], tag);
        }
    }

    #[test]
    fn only_what_changes_its_address_is_kept() {
        for (lifetime, kept) in [
            (Lifetime::Forever, "public, max-age=31536000, immutable"),
            (Lifetime::Validated, "no-cache"),
            (Lifetime::Once, "no-store"),
        ] {
            let response = answer(&[], lifetime);
            assert_eq!(response.headers()[header::CACHE_CONTROL], kept);
            let policy = &response.headers()[header::CONTENT_SECURITY_POLICY];
            assert!(!policy.to_str().expect("text").contains("unsafe"));
        }
    }
}
