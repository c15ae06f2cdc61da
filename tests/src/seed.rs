//! Fills a table fast: items as the store makes them, written in batches.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use chrono::{DateTime, TimeDelta, Utc};
use domain::attribution::{Source, Visitor};
use domain::code_record::CodeTerms;
use domain::{Attribution, AttributionId, Code, CodeRecord, MentorId, OrgId};
use futures::StreamExt;
use store::items;
use store::keys::Item;

/// Writes `items`, 25 a call.
///
/// # Panics
/// When DynamoDB does not answer.
#[expect(
    clippy::disallowed_methods,
    reason = "a test's table is filled without the store's care"
)]
pub async fn write(client: &Client, table: &str, items: impl Iterator<Item = Item>) {
    let mut items = items.peekable();
    let batches = std::iter::from_fn(|| {
        let batch: Vec<_> = items
            .by_ref()
            .take(25)
            .map(|item| {
                let put = PutRequest::builder()
                    .set_item(Some(item))
                    .build()
                    .expect("an item");
                WriteRequest::builder().put_request(put).build()
            })
            .collect();
        (!batch.is_empty()).then_some(batch)
    });
    futures::stream::iter(batches)
        .for_each_concurrent(4, |batch| async {
            let request = client.batch_write_item().request_items(table, batch);
            let response = request.send().await.expect("the engine answers");
            assert!(
                response
                    .unprocessed_items()
                    .is_none_or(|left| left.is_empty())
            );
        })
        .await;
}

/// A click of `mentor`'s, with a user agent of common length.
///
/// # Panics
/// Never: its parts are valid.
#[must_use]
pub fn click(mentor: &MentorId, org: &OrgId, code: &Code, at: DateTime<Utc>) -> Attribution {
    let agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 \
                 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1";
    Attribution {
        id: AttributionId::new(at),
        source: Source::Click,
        program: None,
        code: code.clone(),
        mentor: mentor.clone(),
        org: org.clone(),
        visitor: Visitor {
            ip_address: Some([185, 12, 34, 56].into()),
            user_agent: agent.parse().ok(),
            referrer_url: "https://instagram.com".parse().ok(),
        },
        occurred_at: at.into(),
        conversion: None,
        expires_at: None,
    }
}

/// `count` clicks on `code`, one every `every`, the last one at `last`.
///
/// # Panics
/// When an item has no form: a fault of the store.
pub fn clicks<'a>(
    mentor: &'a MentorId,
    org: &'a OrgId,
    code: &'a Code,
    count: usize,
    last: DateTime<Utc>,
    every: TimeDelta,
) -> impl Iterator<Item = Item> + 'a {
    (0..count).map(move |at| {
        let back = i32::try_from(count - 1 - at).expect("a count of clicks");
        let click = click(mentor, org, code, last - every * back);
        items::of_attribution(&click).expect("an item")
    })
}

/// `count` inactive codes of `mentor`'s, made before `now`.
///
/// # Panics
/// When an item has no form: a fault of the store.
pub fn inactive_codes<'a>(
    mentor: &'a MentorId,
    org: &'a OrgId,
    count: usize,
    now: DateTime<Utc>,
) -> impl Iterator<Item = Item> + 'a {
    (0..count).flat_map(move |at| {
        let made = now - TimeDelta::milliseconds(i64::try_from(count - at).expect("a count"));
        let terms = CodeTerms::default();
        let mut record = CodeRecord::new(mentor.clone(), org.clone(), Code::random(), terms, made);
        record.deactivated_at = Some(now.into());
        items::of_code(&record).expect("items")
    })
}
