//! Pages of lists: what is requested, and what is found.

use chrono::{DateTime, Utc};
use std::iter::Sum;
use uuid::Uuid;

/// The place after a record in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(pub Uuid);

/// Which part of a list is requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListRequest {
    /// Records on a page: 1 to 100.
    pub limit: usize,
    /// Where the page begins.
    pub start: Start,
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// After this many of the newest records.
    Skip(usize),
    /// After the last record of an earlier page.
    After(Cursor),
}

impl Start {
    /// How many of the newest records are passed over, and the record to begin after.
    pub(crate) fn parts(self) -> (usize, Option<Uuid>) {
        match self {
            Self::Skip(skip) => (skip, None),
            Self::After(Cursor(id)) => (0, Some(id)),
        }
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// Newest first.
    pub records: Vec<T>,
    /// How many records the list has in all.
    pub total: Total,
    /// Where the list goes on; `None` at its end.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// The page of a list that has no records.
    pub(crate) fn empty() -> Self {
        Self {
            records: Vec::new(),
            total: Total::exactly(0),
            next: None,
        }
    }
}

/// How many records a list has in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// The records counted.
    pub count: i64,
    /// Whether there may be more, uncounted because counting would cost more than the page.
    pub is_lower_bound: bool,
    /// Up to when everything is counted; `None` is now.
    pub as_of: Option<DateTime<Utc>>,
}

impl Sum for Total {
    /// What parts of a list come to that have no record in common.
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::exactly(0), |sum, part| Self {
            count: sum.count + part.count,
            is_lower_bound: sum.is_lower_bound || part.is_lower_bound,
            as_of: [sum.as_of, part.as_of].into_iter().flatten().min(),
        })
    }
}

impl Total {
    /// So many, and no more.
    pub fn exactly(count: i64) -> Self {
        Self {
            count,
            is_lower_bound: false,
            as_of: None,
        }
    }
}
