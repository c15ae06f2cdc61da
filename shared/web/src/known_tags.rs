//! What the caller has already, by its entity tags: `If-None-Match`.

use crate::accept::members;
use axum::http::{HeaderMap, header};

/// The entity tags that a request names, compared weakly: what compresses an answer on its way
/// may have marked its tag as weak.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownTags(Vec<String>);

impl KnownTags {
    /// Those of a request with these headers.
    pub fn of(headers: &HeaderMap) -> Self {
        let tags = members(headers, header::IF_NONE_MATCH);
        let tags = tags.map(|tag| tag.trim_start_matches("W/").to_owned());
        Self(tags.collect())
    }

    /// Whether the caller has what has this tag, in quotes.
    pub fn has(&self, tag: &str) -> bool {
        self.0.iter().any(|known| known == tag || known == "*")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_tag_is_known_by_itself_weakly_or_by_a_star() {
        for (sent, is_known) in [
            (r#""abc""#, true),
            (r#"W/"abc""#, true),
            (r#""other", "abc""#, true),
            ("*", true),
            (r#""abcd""#, false),
            ("", false),
        ] {
            let value = HeaderValue::from_static(sent);
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, value)]);
            assert_eq!(KnownTags::of(&headers).has(r#""abc""#), is_known, "{sent}");
        }
        assert!(!KnownTags::of(&HeaderMap::new()).has(r#""abc""#));
    }
}
