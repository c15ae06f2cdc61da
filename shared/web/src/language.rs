//! The language that a page is read in: `?lang=` or `Accept-Language`, English unless either says
//! Norwegian.

use crate::accept::liked;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};
use std::convert::Infallible;

/// A language that pages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Bokmål, which readers of nynorsk get as well.
    Norwegian,
}

impl<S: Send + Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.uri, &parts.headers))
    }
}

impl Language {
    /// The language of an answer to a request with this address and these headers.
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        let chosen = uri.query().and_then(|query| {
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            pairs.find_map(|(name, value)| (name == "lang").then(|| Self::named(&value))?)
        });
        chosen.unwrap_or_else(|| Self::accepted(headers))
    }

    /// The tag for `lang` attributes and for `?lang=`.
    pub fn tag(self) -> &'static str {
        self.pick("en", "nb")
    }

    /// The one of two texts that is in this language.
    pub fn pick<T>(self, english: T, norwegian: T) -> T {
        match self {
            Self::English => english,
            Self::Norwegian => norwegian,
        }
    }

    /// The one that the page can be switched to.
    pub fn other(self) -> Self {
        self.pick(Self::Norwegian, Self::English)
    }

    /// The best liked that there is, the first of equals.
    fn accepted(headers: &HeaderMap) -> Self {
        let mut best = (Self::English, 0.0);
        for (tag, quality) in liked(headers, header::ACCEPT_LANGUAGE) {
            if let Some(language) = Self::named(&tag)
                && quality > best.1
            {
                best = (language, quality);
            }
        }
        best.0
    }

    /// What a language tag names, whatever its region.
    fn named(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "en" => Some(Self::English),
            "nb" | "nn" | "no" => Some(Self::Norwegian),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn the_address_decides_and_then_the_best_liked_language() {
        let (english, norwegian) = (Language::English, Language::Norwegian);
        for (query, accepted, language) in [
            ("", "", english),
            ("", "de-DE, de;q=0.9", english),
            ("", "nb-NO, nb;q=0.9, en;q=0.5", norwegian),
            ("", "NN", norwegian),
            ("", "no", norwegian),
            ("", "en-GB, nb;q=0.8", english),
            ("", "en;q=0.2, nb;q=0.8", norwegian),
            ("", "de, nb;q=0.8, en;q=0.7", norwegian),
            ("", "nb;q=0", english),
            ("", "*", english),
            ("?lang=nb", "en", norwegian),
            ("?utm_source=x&lang=en", "nb", english),
            ("?lang=de", "nb", norwegian),
            ("?lang=", "", english),
        ] {
            let uri = format!("/s/CODE{query}").parse().expect("an address");
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(accepted));
            assert_eq!(Language::of(&uri, &headers), language, "{query} {accepted}");
        }
    }
}
