//! `?org_id=&types=&limit=&cursor=` of the feed.

use domain::{EventId, EventType, Invalid, OrgId};
use serde::Deserialize;
use store::events::EventRequest;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedQuery {
    org_id: Option<OrgId>,
    types: Option<Types>,
    limit: Option<Limit>,
    cursor: Option<EventId>,
}

impl FeedQuery {
    /// Whose events are requested, and which.
    pub(crate) fn parts(self) -> (Option<OrgId>, EventRequest) {
        let request = EventRequest {
            limit: self.limit.map_or(20, |limit| limit.0.into()),
            after: self.cursor,
            types: self.types.map(|types| types.0).unwrap_or_default(),
        };
        (self.org_id, request)
    }
}

/// The events on a page: 1 to 100.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u32")]
struct Limit(u8);

impl TryFrom<u32> for Limit {
    type Error = Invalid;

    fn try_from(limit: u32) -> Result<Self, Invalid> {
        match u8::try_from(limit) {
            Ok(limit @ 1..=100) => Ok(Self(limit)),
            _ => Err(Invalid("must be a whole number from 1 to 100")),
        }
    }
}

/// The types that are wanted, separated by commas.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
struct Types(Vec<EventType>);

impl TryFrom<String> for Types {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let types: Result<Vec<EventType>, _> = text.split(',').map(str::parse).collect();
        types.map(Self).map_err(|_| {
            Invalid("must be types of events such as code.created, separated by commas")
        })
    }
}
