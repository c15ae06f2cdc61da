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
    /// How many records the pages before this one showed or skipped.
    passed: u32,
    behind: Option<Cursor>,
}

impl Paging {
    /// What the store is asked for.
    pub fn request(self) -> ListRequest {
        let start = match self.behind {
            Some(cursor) => Start::Behind(cursor),
            None => Start::Skip(self.passed as usize),
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
        (
            None,
            Some(Token {
                behind,
                page,
                passed,
            }),
        ) => Ok(Paging {
            page,
            limit,
            passed,
            behind: Some(behind),
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
                passed: (page - 1) * limit as u32,
                behind: None,
            })
        }
    }
}

/// What a cursor's text says: the record to go on behind, the number of the page that it
/// begins, and how many records lie before that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Token {
    behind: Cursor,
    page: u32,
    passed: u32,
}

fn encode(token: Token) -> String {
    let mut bytes = token.behind.0.as_bytes().to_vec();
    bytes.extend(token.page.to_be_bytes());
    bytes.extend(token.passed.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(text: &str) -> Option<Token> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (id, numbers) = bytes.split_at_checked(16)?;
    let (page, passed) = numbers.split_at_checked(4)?;
    Some(Token {
        behind: Cursor(Uuid::from_slice(id).ok()?),
        page: u32::from_be_bytes(page.try_into().ok()?),
        passed: u32::from_be_bytes(passed.try_into().ok()?),
    })
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
    let shown = u32::try_from(page.records.len()).unwrap_or(u32::MAX);
    let passed = paging.passed.saturating_add(shown);
    // A lower bound is counted from where the store began to read.
    let uncounted = match paging.behind {
        Some(_) if page.total.is_lower_bound => i64::from(paging.passed),
        _ => 0,
    };
    axum::Json(ListView {
        data: page.records.into_iter().map(view).collect(),
        pagination: Pagination {
            page: paging.page,
            limit: paging.limit,
            total: page.total.count + uncounted,
            total_is_lower_bound: page.total.is_lower_bound,
        },
        next_cursor: page.next.map(|behind| {
            encode(Token {
                behind,
                page: paging.page.saturating_add(1),
                passed,
            })
        }),
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
        let token = Token {
            behind: Cursor(Uuid::from_u128(7)),
            page: 3,
            passed: 40,
        };
        assert_eq!(decode(&encode(token)), Some(token));
        let follow = format!("cursor={}", encode(token));
        assert_eq!(
            paging(&follow).map(|p| (p.page, p.passed, p.behind)),
            Ok((3, 40, Some(token.behind)))
        );
    }
}
