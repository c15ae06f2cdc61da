//! A stand-in for what DynamoDB does and the embedded engine does not, as a layer at the
//! HTTP connector in front of the engine:
//!
//! - Calls take time, and a transaction holds its items: others that touch them meanwhile
//!   are cancelled, other writes of them refused. The engine carries a transaction out when
//!   its hold ends.
//! - Indexes and eventually consistent reads show a write some time after it was made; until
//!   then they show the older image of the item, or nothing where there was none.
//! - Every partition key of the table and of each index has a token bucket, and a call that
//!   finds one empty is throttled. What a call takes is counted by partition key.
//!
//! Only `GetItem`, `BatchGetItem`, `Query` and the writes are modelled; every other call,
//! `Scan` and `TransactGetItems` among them, goes to the engine as it is, at once and
//! uncounted. A batch of writes is refused as a whole where DynamoDB would put off a part.
//! What is written past the layer is visible at once. Answers always tell what they consumed.
//!
//! ```ignore
//! let stand_in = StandIn::new(Options::default());
//! let client = stand_in.client(&engine.endpoint());
//! // With faults in front: lost answers of calls that the stand-in has let through.
//! let client = stand_in.client_behind(&faults, &engine.endpoint());
//! // …
//! assert_eq!(stand_in.tally().of(|item| item.pk.starts_with("STATS#")).conflicts, 0);
//! ```

mod batch_reads;
mod buckets;
mod call;
mod capacity;
mod changes;
mod connector;
mod holds;
mod journal;
mod keys;
mod options;
mod projection;
mod query;
mod reads;
mod report;
mod shared;
mod time;
mod writes;

use crate::faults::Faults;
use crate::wire;
use aws_sdk_dynamodb::Client;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use connector::Connector;
use shared::Shared;
use std::fmt;
use std::sync::Arc;

pub use buckets::{HotKey, Limits, Load};
pub use keys::{IndexSchema, ItemKey, KeySchema, Partition};
pub use options::Options;
pub use report::{Tally, Trouble};
pub use time::Time;

/// The layer. Clones share its state, as do all its clients.
#[derive(Clone)]
pub struct StandIn(Arc<Shared>);

impl fmt::Debug for StandIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StandIn").field(&self.0.options).finish()
    }
}

impl StandIn {
    /// A stand-in with nothing held, hidden or counted yet, and every bucket full.
    pub fn new(options: Options) -> Self {
        Self(Arc::new(Shared::new(options)))
    }

    /// A client of the DynamoDB at `endpoint` whose calls go through the stand-in. The SDK
    /// retries as it does on AWS, but pauses for about a millisecond only.
    pub fn client(&self, endpoint: &str) -> Client {
        wire::client(endpoint, self.http_client())
    }

    /// The same with `faults` in front.
    pub fn client_behind(&self, faults: &Faults, endpoint: &str) -> Client {
        wire::client(endpoint, faults.in_front_of(self.http_client()))
    }

    /// HTTP through the stand-in, for a client that is set up otherwise.
    pub fn http_client(&self) -> SharedHttpClient {
        self.in_front_of(wire::plain())
    }

    /// The stand-in in front of another layer.
    pub fn in_front_of(&self, inner: SharedHttpClient) -> SharedHttpClient {
        let shared = Arc::clone(&self.0);
        wire::layered(inner, move |inner| {
            Connector::new(inner, Arc::clone(&shared))
        })
    }

    /// The `most` partition keys that came nearest to what DynamoDB gives one, the nearest
    /// first.
    pub fn hottest(&self, most: usize) -> Vec<HotKey> {
        self.0.with(|state| state.buckets.hottest(most))
    }

    /// What went wrong so far.
    pub fn tally(&self) -> Tally {
        self.0.with(|state| state.tally.clone())
    }

    /// Begins [`StandIn::hottest`] and [`StandIn::tally`] anew.
    pub fn reset_report(&self) {
        self.0.with(|state| {
            state.tally = Tally::default();
            state.buckets.forget_loads();
        });
    }
}
