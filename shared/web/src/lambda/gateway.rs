//! From API Gateway's event to the router.
//!
//! `lambda_http` takes the raw query string for a URI's, and panics where a client sent what
//! no URI may hold, like `<` or a space. A release build ends with the first panic, so one
//! such request would cost the next one a cold start.

use lambda_http::request::LambdaRequest;
use std::borrow::Cow;
use url::form_urlencoded;

/// The event with a query string that a URI can hold, and that means the same.
pub fn encode_query(mut event: LambdaRequest) -> LambdaRequest {
    if let LambdaRequest::ApiGatewayV2(request) = &mut event
        && let Some(query) = &mut request.raw_query_string
        && let Cow::Owned(encoded) = encode(query)
    {
        *query = encoded;
    }
    event
}

/// `query` with every byte percent-encoded that a URI's query cannot hold.
fn encode(query: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'#');
    if query.bytes().all(is_plain) {
        return Cow::Borrowed(query);
    }
    let encoded = query
        .as_bytes()
        .chunk_by(|a, b| is_plain(*a) == is_plain(*b));
    encoded
        .flat_map(|run| match std::str::from_utf8(run) {
            Ok(text) if run.first().is_some_and(|byte| is_plain(*byte)) => vec![text],
            _ => form_urlencoded::byte_serialize(run).collect(),
        })
        .collect::<String>()
        .into()
}

#[cfg(test)]
mod tests {
    use super::encode;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_query_becomes_one_that_a_uri_holds_and_means_the_same(query in "\\PC{0,40}|[\\x00-\\xFF]{0,40}") {
            let encoded = encode(&query);
            let uri = format!("https://x.org/?{encoded}").parse::<axum::http::Uri>();
            prop_assert_eq!(uri.ok().and_then(|uri| uri.query().map(str::to_owned)), Some(encoded.clone().into_owned()));
            let pairs = |text: &str| {
                url::form_urlencoded::parse(text.as_bytes()).into_owned().collect::<Vec<_>>()
            };
            prop_assert_eq!(pairs(&encoded), pairs(&query));
        }
    }

    #[test]
    fn a_query_that_a_uri_holds_stays_as_it_is() {
        assert_eq!(
            encode("code=jan%20verv+8f3a&x[]={}"),
            "code=jan%20verv+8f3a&x[]={}"
        );
        assert_eq!(encode("code=<\"å #"), "code=%3C%22%C3%A5+%23");
    }
}
