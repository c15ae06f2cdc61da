//! Which of several forms of an answer the caller would rather have: `Accept` and its like.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use std::convert::Infallible;

/// The media types that the caller names in `Accept`, and how much each is liked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Accepted(Vec<(String, f32)>);

impl<S: Send + Sync> FromRequestParts<S> for Accepted {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

impl Accepted {
    /// What a request with these headers accepts.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self(liked(headers, header::ACCEPT).collect())
    }

    /// What the text of an `Accept` says.
    pub fn parse(text: &str) -> Self {
        Self(text.split(',').map(with_quality).collect())
    }

    /// Of the media types that are `offered`, the one that is named and liked best, the first of
    /// equals. `None` where none is named: there is no 406, and wildcards name nothing.
    pub fn best_of<'o>(&self, offered: &[&'o str]) -> Option<&'o str> {
        let mut best: Option<(&str, f32)> = None;
        for kind in offered {
            let named = self.0.iter().filter(|(name, _)| name == kind);
            let quality = named.map(|(_, quality)| *quality).fold(0.0, f32::max);
            if quality > best.map_or(0.0, |(_, best)| best) {
                best = Some((kind, quality));
            }
        }
        best.map(|(kind, _)| kind)
    }
}

/// What a header such as `Accept` or `Accept-Encoding` names, in lower case, and how much each is
/// liked: from 0 to 1.
pub fn liked(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = (String, f32)> {
    members(headers, name).map(|member| with_quality(&member))
}

/// A name in lower case, and how much it is liked: 1 unless it says.
fn with_quality(text: &str) -> (String, f32) {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or("").to_ascii_lowercase();
    let quality = parts.find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.eq_ignore_ascii_case("q").then(|| value.parse().ok())?
    });
    (name, quality.unwrap_or(1.0))
}

/// The members of a header that is a list.
pub(crate) fn members(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = String> {
    let values = headers.get_all(name).into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|member| member.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_liked_of_what_is_offered_and_named() {
        let (svg, png) = ("image/svg+xml", "image/png");
        for (accept, best) in [
            ("", None),
            ("*/*", None),
            ("image/*", None),
            ("image/png", Some(png)),
            ("Image/PNG; q=0.2", Some(png)),
            ("image/png, image/svg+xml", Some(svg)),
            ("image/png;q=0.9, image/svg+xml;q=0.8", Some(png)),
            ("image/png;q=0", None),
        ] {
            let accepted = Accepted::parse(accept);
            assert_eq!(accepted.best_of(&[svg, png]), best, "{accept}");
        }
    }
}
