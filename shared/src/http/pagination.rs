//! Pages: `?page=&limit=` or `?cursor=`, and the envelope of every list.

use super::Problem;
use super::extract::{invalid, parse_query};
use crate::store::log::Start;
use crate::store::{Cursor, ListRequest, Page};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::form_urlencoded;
use uuid::Uuid;

/// How deep page numbers reach, in records. Cursors reach everything.
const DEEPEST_PAGE: usize = 10_000;

/// A list's query: its filter, and the page asked for.
pub struct Listing<F> {
    pub filter: F,
    pub paging: Paging,
}

/// Which page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    page: u32,
    limit: usize,
    behind: Option<Cursor>,
}

impl Paging {
    /// What the store is asked for.
    pub fn request(self) -> ListRequest {
        let start = match self.behind {
            Some(cursor) => Start::Behind(cursor),
            None => Start::Skip((self.page as usize - 1) * self.limit),
        };
        ListRequest {
            limit: self.limit,
            start,
        }
    }
}

impl<S: Send + Sync, F: DeserializeOwned> FromRequestParts<S> for Listing<F> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or("");
        let (paging, filter): (Vec<_>, Vec<_>) = form_urlencoded::parse(query.as_bytes())
            .partition(|(name, _)| matches!(&**name, "page" | "limit" | "cursor"));
        let filter = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(filter)
            .finish();
        Ok(Self {
            filter: parse_query(&filter)?,
            paging: parse_paging(&paging)?,
        })
    }
}

fn parse_paging<S: AsRef<str>>(pairs: &[(S, S)]) -> Result<Paging, Problem> {
    let one = |wanted: &str| -> Result<Option<&str>, Problem> {
        let mut found = pairs.iter().filter(|(name, _)| name.as_ref() == wanted);
        match (found.next(), found.next()) {
            (first, None) => Ok(first.map(|(_, value)| value.as_ref())),
            _ => Err(invalid(wanted, "is given twice")),
        }
    };
    let limit = match one("limit")?.map(str::parse) {
        None => 20,
        Some(Ok(limit @ 1..=100)) => limit,
        Some(_) => return Err(invalid("limit", "must be a whole number from 1 to 100")),
    };
    let page = match one("page")?.map(str::parse::<u32>) {
        None => None,
        Some(Ok(page @ 1..)) => Some(page),
        Some(_) => return Err(invalid("page", "must be a whole number from 1")),
    };
    let token = one("cursor")?.map(|token| {
        decode(token).ok_or_else(|| invalid("cursor", "must be the next_cursor of an earlier page"))
    });
    match (page, token.transpose()?) {
        (Some(_), Some(_)) => Err(invalid("page", "cannot be combined with cursor")),
        (None, Some((cursor, page))) => Ok(Paging {
            page,
            limit,
            behind: Some(cursor),
        }),
        (page, None) => {
            let page = page.unwrap_or(1);
            if (page as usize).saturating_mul(limit) > DEEPEST_PAGE {
                return Err(Problem::bad_request(
                    "page_too_deep",
                    "Page numbers reach 10000 records deep. Follow next_cursor to go on.",
                )
                .with_field("page", "lies more than 10000 records deep"));
            }
            Ok(Paging {
                page,
                limit,
                behind: None,
            })
        }
    }
}

/// A token of the record to go on behind, and of the number of the page that it begins.
fn encode(cursor: Cursor, page: u32) -> String {
    let mut bytes = cursor.0.as_bytes().to_vec();
    bytes.extend(page.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(token: &str) -> Option<(Cursor, u32)> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (id, page) = bytes.split_at_checked(16)?;
    let page = u32::from_be_bytes(page.try_into().ok()?);
    Some((Cursor(Uuid::from_slice(id).ok()?), page))
}

/// The envelope of a list.
#[derive(Serialize)]
pub struct ListView<V> {
    data: Vec<V>,
    pagination: Pagination,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct Pagination {
    page: u32,
    limit: usize,
    total: i64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    total_is_lower_bound: bool,
}

/// The page as a list answers it: each record through `view`.
pub fn list_answer<T, V>(
    paging: Paging,
    page: Page<T>,
    view: impl FnMut(T) -> V,
) -> axum::Json<ListView<V>> {
    axum::Json(ListView {
        data: page.records.into_iter().map(view).collect(),
        pagination: Pagination {
            page: paging.page,
            limit: paging.limit,
            total: page.total.count,
            total_is_lower_bound: page.total.is_lower_bound,
        },
        next_cursor: page
            .next
            .map(|cursor| encode(cursor, paging.page.saturating_add(1))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paging(query: &str) -> Result<Paging, &'static str> {
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        parse_paging(&pairs).map_err(|problem| problem.code())
    }

    #[test]
    fn page_numbers_end_at_ten_thousand_records() {
        assert!(paging("page=100&limit=100").is_ok());
        assert_eq!(paging("page=101&limit=100"), Err("page_too_deep"));
        assert_eq!(paging("page=4294967295"), Err("page_too_deep"));
    }

    #[test]
    fn a_page_that_cannot_be_is_refused() {
        for query in [
            "page=0",
            "page=x",
            "limit=0",
            "limit=101",
            "page=1&page=2",
            "cursor=x",
            "cursor=",
        ] {
            assert_eq!(paging(query), Err("invalid_field"), "{query}");
        }
    }

    #[test]
    fn a_token_leads_back_to_its_place() {
        let cursor = Cursor(Uuid::from_u128(7));
        assert_eq!(decode(&encode(cursor, 3)), Some((cursor, 3)));
        let follow = format!("cursor={}", encode(cursor, 3));
        assert_eq!(
            paging(&follow).map(|p| (p.page, p.behind)),
            Ok((3, Some(cursor)))
        );
    }
}
