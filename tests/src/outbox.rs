//! The events that a table holds, read of its items: whatever they are, and however new.

use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::BTreeSet;

/// Every event of every organisation: its type, and the id of its record.
pub struct Told(Vec<(String, String)>);

impl Told {
    /// The events in the table `table` at `endpoint`.
    ///
    /// # Panics
    /// When the engine does not answer, or an entry of an outbox says nothing.
    pub async fn read(endpoint: &str, table: &str) -> Self {
        let items = local::engine::client(endpoint)
            .scan()
            .table_name(table)
            .consistent_read(true)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .expect("the engine answers");
        let events = items.iter().filter(|item| is(&item["kind"], "event"));
        let told = events.map(|item| {
            let change = item["change"].as_m().expect("a change");
            let data = change["data"].as_m().expect("data");
            let text = |value: &AttributeValue| value.as_s().expect("text").clone();
            (text(&change["type"]), text(&data["id"]))
        });
        Self(told.collect())
    }

    /// The records that are told of with `event`, each once.
    ///
    /// # Panics
    /// When one is told of twice.
    #[must_use]
    pub fn of(&self, event: &str) -> BTreeSet<String> {
        let of_type = self.0.iter().filter(|(told, _)| told == event);
        let mut records = BTreeSet::new();
        for (_, record) in of_type {
            assert!(records.insert(record.clone()), "{event} of {record} twice");
        }
        records
    }
}

fn is(value: &AttributeValue, text: &str) -> bool {
    value.as_s().is_ok_and(|value| value == text)
}
