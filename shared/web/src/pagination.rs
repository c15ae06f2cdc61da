//! Pages: `?page=&limit=` or `?cursor=`, and the form of every list.

use crate::csv::{self, Columns, Format};
use crate::problem::{Cause, Problem, invalid};
use crate::reply::{AsOf, NextPage};
use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::Serialize;
use store::{Cursor, ListRequest, Page, Start};
use uuid::Uuid;

/// How deep page numbers reach, in records. Cursors reach everything.
const DEEPEST_RECORD: usize = 10_000;

/// The records of a page, unless the request says otherwise.
const DEFAULT_LIMIT: usize = 20;

/// The page that a request wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    page: u32,
    limit: usize,
    /// How many records the pages before this one showed or skipped.
    passed: u32,
    after: Option<Cursor>,
    format: Format,
}

impl Paging {
    /// The same page in another form.
    pub(crate) fn in_format(self, format: Format) -> Self {
        Self { format, ..self }
    }

    /// The page as the store reads it.
    pub fn request(self) -> ListRequest {
        let start = match self.after {
            Some(cursor) => Start::After(cursor),
            None => Start::Skip(self.passed as usize),
        };
        ListRequest {
            limit: self.limit,
            start,
        }
    }
}

/// The page that these parameters of a query name: `page`, `limit`, `cursor`.
///
/// # Errors
/// 400 that names the parameter at fault.
pub(crate) fn parse_paging<S: AsRef<str>>(pairs: &[(S, S)]) -> Result<Paging, Problem> {
    let limit = match once(pairs, "limit")?.map(str::parse) {
        None => DEFAULT_LIMIT,
        Some(Ok(limit @ 1..=100)) => limit,
        Some(_) => return Err(invalid("limit", "must be a whole number from 1 to 100")),
    };
    let page = match once(pairs, "page")?.map(str::parse::<u32>) {
        None => None,
        Some(Ok(page @ 1..)) => Some(page),
        Some(_) => return Err(invalid("page", "must be a whole number from 1")),
    };
    let after = once(pairs, "cursor")?.map(|text| {
        decode(text).ok_or_else(|| invalid("cursor", "must be the next_cursor of an earlier page"))
    });
    match (page, after.transpose()?) {
        (Some(_), Some(_)) => Err(invalid("page", "cannot be combined with cursor")),
        (None, Some(position)) => Ok(Paging {
            page: position.page,
            limit,
            passed: position.passed,
            after: Some(position.after),
            format: Format::default(),
        }),
        (page, None) => numbered(page.unwrap_or(1), limit),
    }
}

/// The value of the parameter `name`, which may be given once.
fn once<'p, S: AsRef<str>>(pairs: &'p [(S, S)], name: &str) -> Result<Option<&'p str>, Problem> {
    let mut found = pairs.iter().filter(|(given, _)| given.as_ref() == name);
    match (found.next(), found.next()) {
        (first, None) => Ok(first.map(|(_, value)| value.as_ref())),
        _ => Err(invalid(name, "is given twice")),
    }
}

fn numbered(page: u32, limit: usize) -> Result<Paging, Problem> {
    if (page as usize).saturating_mul(limit) > DEEPEST_RECORD {
        return Err(Problem::bad_request(
            "page_too_deep",
            "Page numbers reach 10000 records deep. Follow next_cursor to go on.",
        )
        .with_field("page", "is more than 10000 records deep"));
    }
    Ok(Paging {
        page,
        limit,
        passed: (page - 1) * limit as u32,
        after: None,
        format: Format::default(),
    })
}

/// What a cursor's text says: the record to go on after, the number of the page that it
/// begins, and how many records come before that page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position {
    after: Cursor,
    page: u32,
    passed: u32,
}

fn encode(position: Position) -> String {
    let mut bytes = position.after.0.as_bytes().to_vec();
    bytes.extend(position.page.to_be_bytes());
    bytes.extend(position.passed.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(text: &str) -> Option<Position> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (id, numbers) = bytes.split_at_checked(16)?;
    let (page, passed) = numbers.split_at_checked(4)?;
    Some(Position {
        after: Cursor(Uuid::from_slice(id).ok()?),
        page: u32::from_be_bytes(page.try_into().ok()?),
        passed: u32::from_be_bytes(passed.try_into().ok()?),
    })
}

/// The envelope of a list: `data`, `pagination` and, unless it is the last page, `next_cursor`.
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
    /// Whether the page has fewer than `limit` records, or none, although more may follow: few
    /// match the filter, and looking further would cost too much. `next_cursor` goes on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    page_is_partial: bool,
}

/// A list's answer, up to when its total is counted, and where it goes on: JSON, or CSV for those
/// who accept it.
pub struct ListReply<V> {
    as_of: AsOf,
    view: ListView<V>,
    format: Format,
}

impl<V: Columns> IntoResponse for ListReply<V> {
    fn into_response(self) -> Response {
        let next = NextPage(self.view.next_cursor.clone());
        let vary = [(header::VARY, "accept")];
        let body = match self.format {
            Format::Json => Json(self.view).into_response(),
            Format::Csv => csv_response(&self.view.data),
        };
        (self.as_of, next, vary, body).into_response()
    }
}

fn csv_response<V: Columns>(records: &[V]) -> Response {
    match csv::render(records) {
        Ok(text) => ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response(),
        Err(error) => Problem::internal(Cause::new(error)).into_response(),
    }
}

/// The page as a list answers it at `now`: each record through `view`.
pub fn list_view<T, V>(
    paging: Paging,
    page: Page<T>,
    now: DateTime<Utc>,
    view: impl FnMut(T) -> V,
) -> ListReply<V> {
    let shown = page.records.len();
    let mut passed = i64::from(paging.passed) + i64::try_from(shown).unwrap_or(i64::MAX);
    // A lower bound is counted from where the store began to read.
    let mut total = page.total.count;
    if page.total.is_lower_bound {
        match paging.after {
            Some(_) => total += i64::from(paging.passed),
            // A partial page may have passed fewer than its number says.
            None => passed = passed.min(total),
        }
    }
    let next_cursor = page.next.map(|after| {
        encode(Position {
            after,
            page: paging.page.saturating_add(1),
            passed: u32::try_from(passed).unwrap_or(u32::MAX),
        })
    });
    let view = ListView {
        data: page.records.into_iter().map(view).collect(),
        pagination: Pagination {
            page: paging.page,
            limit: paging.limit,
            total,
            total_is_lower_bound: page.total.is_lower_bound,
            page_is_partial: next_cursor.is_some() && shown < paging.limit,
        },
        next_cursor,
    };
    ListReply {
        as_of: AsOf(page.total.as_of.unwrap_or(now)),
        view,
        format: paging.format,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paging(query: &str) -> Result<Paging, &'static str> {
        let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
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
    fn a_cursor_leads_back_to_its_position() {
        let position = Position {
            after: Cursor(Uuid::from_u128(7)),
            page: 3,
            passed: 40,
        };
        assert_eq!(decode(&encode(position)), Some(position));
        let follow = format!("cursor={}", encode(position));
        assert_eq!(
            paging(&follow).map(|p| (p.page, p.passed, p.after)),
            Ok((3, 40, Some(position.after)))
        );
    }
}
