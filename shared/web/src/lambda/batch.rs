//! What a function answers that takes records in batches, of a stream or a queue.

use serde::Serialize;

/// Which records of a batch are to come again, as Lambda takes it with `ReportBatchItemFailures`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchFailures {
    batch_item_failures: Vec<BatchFailure>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchFailure {
    item_identifier: String,
}

impl FromIterator<String> for BatchFailures {
    /// Those of the records with these identifiers: sequence numbers of a stream, ids of messages.
    fn from_iter<I: IntoIterator<Item = String>>(identifiers: I) -> Self {
        let failures = identifiers.into_iter();
        Self {
            batch_item_failures: failures
                .map(|item_identifier| BatchFailure { item_identifier })
                .collect(),
        }
    }
}
