//! From API Gateway's event to the router.
//!
//! `lambda_http` takes the raw path and query string for a URI's, and panics where a client sent
//! what no URI may hold, like `<` or a space; API Gateway may hand a path on decoded. A release
//! build ends with the first panic, so one such request would cost the next one a cold start.

use lambda_http::request::LambdaRequest;
use std::borrow::Cow;
use std::fmt::Write;

/// The event with a path and a query string that a URI can hold, and that mean the same.
pub fn encode_uri(mut event: LambdaRequest) -> LambdaRequest {
    if let LambdaRequest::ApiGatewayV2(request) = &mut event {
        replace(&mut request.raw_path, is_of_path);
        replace(&mut request.raw_query_string, is_of_query);
    }
    event
}

fn replace(part: &mut Option<String>, is_plain: fn(u8) -> bool) {
    if let Some(text) = part
        && let Cow::Owned(encoded) = encode(text, is_plain)
    {
        *text = encoded;
    }
}

/// What a path holds as itself (RFC 3986, section 3.3).
fn is_of_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&byte)
}

/// What a query string holds as itself, which is more than the RFC says: clients send it.
fn is_of_query(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"<>#%".contains(&byte)
}

/// `text` with every byte percent-encoded that is not `is_plain`, but those of what is encoded
/// already.
fn encode(text: &str, is_plain: fn(u8) -> bool) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let is_escape = |at: usize| {
        let digits = bytes.get(at + 1..at + 3);
        bytes[at] == b'%' && digits.is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
    };
    let stays = |at: usize| is_plain(bytes[at]) || is_escape(at);
    if (0..bytes.len()).all(stays) {
        return Cow::Borrowed(text);
    }
    let mut encoded = String::with_capacity(text.len() + 8);
    for (at, byte) in bytes.iter().enumerate() {
        if stays(at) {
            encoded.push(char::from(*byte));
        } else {
            // A string takes everything.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    Cow::Owned(encoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use url::form_urlencoded;

    fn uri(path: &str, query: &str) -> Option<axum::http::Uri> {
        let (path, query) = (encode(path, is_of_path), encode(query, is_of_query));
        format!("https://x.org/{path}?{query}").parse().ok()
    }

    proptest! {
        #[test]
        fn every_query_becomes_one_that_a_uri_holds_and_means_the_same(query in "\\PC{0,40}|[\\x00-\\xFF]{0,40}|[%0-9a-f]{0,9}") {
            let uri = uri("", &query).expect("a URI");
            let pairs = |text: &str| {
                form_urlencoded::parse(text.as_bytes()).into_owned().collect::<Vec<_>>()
            };
            prop_assert_eq!(pairs(uri.query().unwrap_or("")), pairs(&query));
        }

        #[test]
        fn every_path_becomes_one_that_a_uri_holds_and_means_the_same(path in "\\PC{0,40}|[\\x00-\\xFF]{0,40}|[%0-9a-f]{0,9}") {
            let uri = uri(&path, "a=b").expect("a URI");
            prop_assert_eq!(uri.query(), Some("a=b"));
            // Decoded by the rules of a form, but that plus is itself.
            let decoded = |text: &str| {
                let text = text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
                form_urlencoded::parse(text.as_bytes()).map(|(name, _)| name.into_owned()).collect::<String>()
            };
            prop_assert_eq!(decoded(&uri.path()[1..]), decoded(&path));
        }
    }

    #[test]
    fn what_a_uri_holds_stays_as_it_is() {
        assert_eq!(
            encode("code=jan%20verv+8f3a&x[]={}", is_of_query),
            "code=jan%20verv+8f3a&x[]={}"
        );
        assert_eq!(
            encode("code=<\"å #", is_of_query),
            "code=%3C%22%C3%A5%20%23"
        );
        assert_eq!(encode("50%", is_of_query), "50%25");
        assert_eq!(
            encode("/mentor/auth0|a+b=/total?", is_of_path),
            "/mentor/auth0%7Ca+b=/total%3F"
        );
        assert_eq!(encode("/mentor/auth0%7Ca", is_of_path), "/mentor/auth0%7Ca");
    }
}
