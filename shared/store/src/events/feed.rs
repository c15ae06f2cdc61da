//! The events of an organisation, to be polled in order.
//!
//! Shards are read strongly and merged by id, oldest first. An event is listed when it is older
//! than [`SETTLING`](domain::event::SETTLING): whatever comes before it is committed by then, so
//! a poller that goes on after it skips nothing.

use super::names;
use super::order::OldestFirst;
use crate::dynamo::{Order, Query, Read};
use crate::entity::Entity;
use crate::error::{ListOfOrgError, StoreError};
use crate::event_item::EventItem;
use crate::keys;
use crate::store::Store;
use chrono::{DateTime, Utc};
use domain::event::{RETENTION, settled_until};
use domain::ids::first_uuid_at;
use domain::{Event, EventId, EventType, NamedEvent, OrgId, OutboxEntry, OwnerFilter, Shard};
use futures::future::try_join_all;
use uuid::Uuid;

/// How many entries of a shard are read for each event of a page beyond its share.
const MARGIN: usize = 10;

/// How many entries of each shard are read where only some types are wanted.
const READ_TO_FILTER: usize = 200;

/// Which events are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRequest {
    /// Events on a page: 1 to 100.
    pub limit: usize,
    /// After this event; `None` is from the oldest one that is kept.
    pub after: Option<EventId>,
    /// Of these types; none is all.
    pub types: Vec<EventType>,
}

/// A page of events, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct EventPage {
    /// With whom they are about.
    pub events: Vec<NamedEvent>,
    /// Where to go on, now or later.
    pub next: EventId,
}

impl Store {
    /// The next events of an organisation: of the one that `org` names, or else of the caller's
    /// own. Two trips. A page may be short, or empty, where few events are of the types wanted:
    /// what comes after it has to be read still.
    ///
    /// # Errors
    /// [`ListOfOrgError`].
    pub async fn list_events(
        &self,
        org: Option<OrgId>,
        request: &EventRequest,
        now: DateTime<Utc>,
    ) -> Result<EventPage, ListOfOrgError> {
        let filter = OwnerFilter { mentor: None, org };
        let org = self.scope().narrow(filter)?.org;
        let org = org.ok_or(ListOfOrgError::OrgRequired)?;
        let oldest = EventId::from_uuid(first_uuid_at(now - RETENTION));
        let after = request.after.map_or(oldest, |after| after.max(oldest));
        let entries = self.read_outbox(&org, after, request, now).await?;
        // A second event has the id right after its change's first one.
        let last_read = entries.last().map(|(id, _)| id.second());
        let events = entries
            .into_iter()
            .flat_map(|(_, entry)| entry.into_events());
        let is_wanted = |event: &Event| {
            let event_type = event.change.event_type();
            request.types.is_empty() || request.types.contains(&event_type)
        };
        let mut wanted = events.filter(|event| event.id > after && is_wanted(event));
        let page: Vec<Event> = wanted.by_ref().take(request.limit).collect();
        let is_cut = wanted.next().is_some();
        let next = match is_cut {
            true => page.last().map(|event| event.id),
            false => last_read,
        };
        Ok(EventPage {
            next: next.unwrap_or(after),
            events: names::name(&self.dynamo, page).await?,
        })
    }

    /// The oldest entries after `after`, before which none is missing.
    async fn read_outbox(
        &self,
        org: &OrgId,
        after: EventId,
        request: &EventRequest,
        now: DateTime<Utc>,
    ) -> Result<Vec<(EventId, OutboxEntry)>, StoreError> {
        let until = settled_until(now);
        let limit = match request.types.is_empty() {
            true => request.limit.div_ceil(Shard::all().len()) + MARGIN,
            false => READ_TO_FILTER,
        };
        let mut merge = OldestFirst::new(Shard::all().len());
        loop {
            let reads = merge.open().into_iter().map(|(at, last)| async move {
                let from = last.map_or(after.first(), just_after);
                let entries = self.read_shard(org, at, from, until, limit).await?;
                Ok::<_, StoreError>((at, entries))
            });
            for (at, entries) in try_join_all(reads).await? {
                let is_exhausted = entries.len() < limit;
                merge.add(at, entries, is_exhausted);
            }
            if merge.settled_count() > request.limit || merge.open().is_empty() {
                return Ok(merge.settled());
            }
        }
    }

    async fn read_shard(
        &self,
        org: &OrgId,
        shard: usize,
        from: EventId,
        until: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<(EventId, OutboxEntry)>, StoreError> {
        let shards: Vec<Shard> = Shard::all().collect();
        let before = Uuid::from_u128(first_uuid_at(until).as_u128().saturating_sub(1));
        let before = EventId::from_uuid(before);
        if from > before {
            return Ok(Vec::new());
        }
        let query = Query {
            index: None,
            pk: keys::events_of(org, shards[shard]),
            from: Some(from.to_string()),
            to: Some(before.to_string()),
            order: Order::Ascending,
            limit,
            read: Read::Strong,
        };
        let mut entries = Vec::new();
        for item in self.dynamo.query(&query).await? {
            let entry = EventItem::from_item(item)?.map(OutboxEntry::from);
            entries.extend(entry.map(|entry| (entry.event.id, entry)));
        }
        Ok(entries)
    }
}

fn just_after(id: EventId) -> EventId {
    EventId::from_uuid(Uuid::from_u128(id.uuid().as_u128().saturating_add(1)))
}
