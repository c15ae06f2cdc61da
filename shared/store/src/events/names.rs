//! Whom events are about: read of the records, which an erasure renames.

use crate::attribution_item::AttributionItem;
use crate::dynamo::{Dynamo, Read};
use crate::error::StoreError;
use crate::keys::{self, Item, Key};
use crate::log_item::LogItem;
use domain::event::Subject;
use domain::{Event, MemberId, MentorId, NamedEvent};
use std::collections::{BTreeMap, BTreeSet};

/// Whom a record names.
#[derive(Debug, Clone)]
struct People {
    mentor: MentorId,
    member: Option<MemberId>,
}

/// The events with whom they are about. A deleted record still says whose it was, and no longer
/// who joined.
pub(super) async fn name(
    dynamo: &Dynamo,
    events: Vec<Event>,
) -> Result<Vec<NamedEvent>, StoreError> {
    let subjects = events.iter().filter_map(|event| event.change.subject());
    let subjects: BTreeSet<Subject> = subjects.collect();
    let wanted: Vec<Key> = subjects.into_iter().filter_map(key).collect();
    let items = dynamo.batch_get(&wanted, Read::Strong).await?;
    let people = items
        .into_iter()
        .filter_map(read)
        .collect::<Result<BTreeMap<_, _>, _>>()?;
    let named = events.into_iter().map(|event| {
        let subject = event.change.subject().map(|subject| subject.to_string());
        let found = subject.and_then(|subject| people.get(&subject)).cloned();
        let (mentor, member) =
            found.map_or((None, None), |found| (Some(found.mentor), found.member));
        NamedEvent {
            event,
            mentor,
            member,
        }
    });
    Ok(named.collect())
}

/// The record that names people; a program names nobody.
fn key(subject: Subject) -> Option<Key> {
    match subject {
        Subject::Code(id) => Some(keys::code_by_id(id)),
        Subject::Attribution(id) => Some(keys::attribution(id)),
        Subject::Program(_) => None,
    }
}

/// The record's id, and whom it names.
fn read(item: Item) -> Option<Result<(String, People), StoreError>> {
    let id = item.get(keys::SK)?.as_s().ok()?.clone();
    let people = LogItem::read(item).map(|item| {
        let mentor = item.owner().0.clone();
        let member = match item {
            LogItem::Click(click) => joined(click),
            LogItem::Change(_)
            | LogItem::Code(_)
            | LogItem::CodeRemoval(_)
            | LogItem::Recruitment(_) => None,
        };
        (id, People { mentor, member })
    });
    Some(people)
}

fn joined(click: AttributionItem) -> Option<MemberId> {
    let conversion = domain::Attribution::from(click).conversion?;
    Some(conversion.member)
}
