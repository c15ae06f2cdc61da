//! `Link: <…>; rel="next"` on every page of a list that another one follows (RFC 8288), for clients
//! that follow links rather than bodies.

use crate::reply::NextPage;
use axum::extract::Request;
use axum::http::{HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use url::form_urlencoded;

/// Adds the link to an answer that has a [`NextPage`].
pub(super) async fn link_next_page(request: Request, next: Next) -> Response {
    let uri = request.uri().clone();
    let mut response = next.run(request).await;
    let link = response
        .extensions()
        .get::<NextPage>()
        .and_then(|NextPage(cursor)| link_to(&uri, cursor.as_deref()?));
    if let Some(link) = link {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

/// The same request for the page at `cursor`, relative to the server.
fn link_to(uri: &Uri, cursor: &str) -> Option<HeaderValue> {
    let given = form_urlencoded::parse(uri.query().unwrap_or("").as_bytes());
    let kept = given.filter(|(name, _)| !matches!(&**name, "page" | "cursor"));
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept)
        .append_pair("cursor", cursor)
        .finish();
    HeaderValue::try_from(format!("<{}?{query}>; rel=\"next\"", uri.path())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_keeps_the_filter_and_leaves_the_place() {
        let link = |uri: &str| {
            let uri: Uri = uri.parse().expect("a URI");
            link_to(&uri, "AZ_z").expect("a link")
        };
        assert_eq!(
            link("https://x.org/api/things?org_id=a%7Cb&page=2&limit=5"),
            r#"</api/things?org_id=a%7Cb&limit=5&cursor=AZ_z>; rel="next""#
        );
        assert_eq!(
            link("/api/things"),
            r#"</api/things?cursor=AZ_z>; rel="next""#
        );
    }
}
