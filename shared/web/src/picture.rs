//! Pictures as answers: a browser keeps them, and asks whether they are still so.

use crate::known_tags::KnownTags;
use aws_lc_rs::digest;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;

/// The media type of SVG.
pub const SVG: &str = "image/svg+xml";
/// The media type of PNG.
pub const PNG: &str = "image/png";

/// A picture that is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    content_type: &'static str,
    bytes: Vec<u8>,
}

impl Picture {
    /// An SVG document.
    pub fn svg(text: String) -> Self {
        Self {
            content_type: SVG,
            bytes: text.into_bytes(),
        }
    }

    /// A PNG file.
    pub fn png(bytes: Vec<u8>) -> Self {
        Self {
            content_type: PNG,
            bytes,
        }
    }

    /// The name of exactly these bytes.
    fn entity_tag(&self) -> String {
        let hash = digest::digest(&digest::SHA256, &self.bytes);
        let hex = hash.as_ref().iter().take(16);
        let hex: String = hex.map(|byte| format!("{byte:02x}")).collect();
        format!("\"{hex}\"")
    }
}

/// The pictures that the caller has already: `If-None-Match`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownPictures(KnownTags);

impl<S: Send + Sync> FromRequestParts<S> for KnownPictures {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(KnownTags::of(&parts.headers)))
    }
}

impl KnownPictures {
    /// 200 with `picture`, or 304 where the caller has it. What a code or a count is, is asked
    /// for each time; only its bytes are not sent twice.
    pub fn answer(&self, picture: Picture) -> Response {
        let tag = picture.entity_tag();
        let mut response = match self.0.has(&tag) {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => {
                let content_type = [(header::CONTENT_TYPE, picture.content_type)];
                (content_type, picture.bytes).into_response()
            }
        };
        let headers = response.headers_mut();
        headers.extend(HeaderValue::try_from(tag).map(|tag| (header::ETAG, tag)));
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-cache"),
        );
        headers.insert(header::VARY, HeaderValue::from_static("accept"));
        response
    }
}

/// `text` as XML has it between tags and in quotes, without what XML cannot have.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            control if control.is_control() => {}
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn known(text: &'static str) -> KnownPictures {
        let request = axum::http::Request::builder().header(header::IF_NONE_MATCH, text);
        let (mut parts, ()) = request.body(()).expect("a request").into_parts();
        match KnownPictures::from_request_parts(&mut parts, &()).await {
            Ok(known) => known,
            Err(never) => match never {},
        }
    }

    #[tokio::test]
    async fn a_picture_that_the_caller_has_is_not_sent_again() {
        let picture = || Picture::png(vec![1, 2, 3]);
        let first = KnownPictures::default().answer(picture());
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(first.headers()[header::CONTENT_TYPE], PNG);
        let tag = "\"039058c6f2c0cb492c533b0a4d14ef77\"";
        assert_eq!(first.headers()[header::ETAG], tag);
        for (given, status) in [
            ("\"039058c6f2c0cb492c533b0a4d14ef77\"", 304),
            ("\"x\", W/\"039058c6f2c0cb492c533b0a4d14ef77\"", 304),
            ("*", 304),
            ("\"039058c6\"", 200),
            ("", 200),
        ] {
            let response = known(given).await.answer(picture());
            assert_eq!(response.status(), status, "{given}");
            assert_eq!(response.headers()[header::ETAG], tag);
            assert_eq!(
                response.headers()[header::CACHE_CONTROL],
                "private, no-cache"
            );
        }
    }

    #[test]
    fn text_is_no_markup() {
        assert_eq!(
            escaped("<a b=\"c\">&'\u{8}é"),
            "&lt;a b=&quot;c&quot;&gt;&amp;&#39;é"
        );
    }
}
