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
        Self(tags.map(|tag| opaque(&tag).to_owned()).collect())
    }

    /// Whether the caller has what has this tag, weak or not.
    pub fn has(&self, tag: &str) -> bool {
        let mut known = self.0.iter();
        known.any(|known| known == opaque(tag) || known == "*")
    }
}

/// What two tags have in common that are the same but for being weak.
fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
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
            for tag in [r#""abc""#, r#"W/"abc""#] {
                assert_eq!(KnownTags::of(&headers).has(tag), is_known, "{sent} {tag}");
            }
        }
        assert!(!KnownTags::of(&HeaderMap::new()).has(r#""abc""#));
    }
}
