//! Counts the records that exist, one by one: what every statistic is compared with.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::NaiveDate;
use std::collections::HashMap;

/// An attribution that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// `attr_…`
    pub id: String,
    /// Whose code was used.
    pub mentor: String,
    /// The code's organisation.
    pub org: String,
    /// The code that was used, as its record spells it.
    pub code: String,
    /// The code's program when it was clicked or typed.
    pub program: Option<String>,
    /// The day of the click, UTC; `None` where there was none.
    pub clicked_on: Option<NaiveDate>,
    /// The day of the conversion, UTC; `None` while it is a click alone.
    pub converted_on: Option<NaiveDate>,
}

/// A code record that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeOwner {
    /// `rc_…`
    pub id: String,
    /// Whose code it is.
    pub mentor: String,
    /// The organisation that it is for.
    pub org: String,
}

/// Everything that exists in the table.
#[derive(Debug, Clone, Default)]
pub struct Records {
    /// In no order.
    pub attributions: Vec<Record>,
    /// In no order, rotated and deactivated codes included.
    pub codes: Vec<CodeOwner>,
}

impl Records {
    /// Scans the table: no index, no roll-up, no tombstone.
    ///
    /// # Panics
    /// When DynamoDB does not answer or an item lacks what its kind has.
    pub async fn read(client: &Client, table: &str) -> Self {
        let mut records = Self::default();
        let mut pages = client
            .scan()
            .table_name(table)
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        while let Some(item) = pages.next().await {
            let item = item.expect("the table is read");
            if item.contains_key("deleted_at") {
                continue;
            }
            let text =
                |name: &str| optional(&item, name).unwrap_or_else(|| panic!("no {name}: {item:?}"));
            let day = |time: String| time[..10].parse().expect("a day");
            match optional(&item, "kind").as_deref() {
                Some("click") => records.attributions.push(Record {
                    id: text("sk"),
                    mentor: text("mentor"),
                    org: text("org"),
                    code: text("code"),
                    program: optional(&item, "program"),
                    clicked_on: match optional(&item, "source").as_deref() {
                        Some("typed") => None,
                        _ => Some(day(text("occurred_at"))),
                    },
                    converted_on: optional(&item, "confirmed_at").map(day),
                }),
                Some("code_entry") => records.codes.push(CodeOwner {
                    id: text("id"),
                    mentor: text("mentor"),
                    org: text("org"),
                }),
                _ => {}
            }
        }
        records
    }
}

fn optional(item: &HashMap<String, AttributeValue>, name: &str) -> Option<String> {
    item.get(name).and_then(|value| value.as_s().ok()).cloned()
}
