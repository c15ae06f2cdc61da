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
mod holds;
mod journal;
mod keys;
mod projection;
mod query;
mod reads;
mod report;
mod time;
pub mod wire;
mod writes;

use crate::faults::Faults;
use aws_sdk_dynamodb::Client;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use buckets::Buckets;
use call::Connector;
use holds::Holds;
use journal::Journal;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use time::Watch;
use tokio::sync::MutexGuard;

pub use buckets::{HotKey, Limits, Load};
pub use keys::{IndexSchema, ItemKey, KeySchema, Partition};
pub use report::{Tally, Trouble};
pub use time::Time;

/// What the stand-in does, each part on its own.
#[derive(Debug, Clone)]
pub struct Options {
    pub time: Time,
    /// How long a transaction takes and holds its items; `None` is neither.
    pub hold: Option<Duration>,
    /// How long a read takes at least.
    pub reads: Duration,
    /// How long any other write takes at least.
    pub writes: Duration,
    /// When the partitions of an index show a write, drawn for each on its own; `None` is
    /// at once.
    pub index_lag: Option<RangeInclusive<Duration>>,
    /// The same for eventually consistent reads of the table.
    pub read_lag: Option<RangeInclusive<Duration>>,
    /// What a partition key takes; `None` is any load, which is counted all the same.
    pub limits: Option<Limits>,
    /// From what the lags are drawn.
    pub seed: u64,
    pub schema: KeySchema,
}

impl Default for Options {
    /// Like a DynamoDB with little to do.
    fn default() -> Self {
        let ms = Duration::from_millis;
        Self {
            hold: Some(ms(40)),
            reads: ms(4),
            writes: ms(6),
            index_lag: Some(ms(5)..=ms(50)),
            read_lag: Some(ms(0)..=ms(20)),
            limits: Some(Limits::default()),
            ..Self::off()
        }
    }
}

impl Options {
    /// Everything off: the stand-in only counts.
    pub fn off() -> Self {
        Self {
            time: Time::Real,
            hold: None,
            reads: Duration::ZERO,
            writes: Duration::ZERO,
            index_lag: None,
            read_lag: None,
            limits: None,
            seed: 0,
            schema: KeySchema::default(),
        }
    }
}

/// The layer. Clones share its state, as do all its clients.
#[derive(Clone)]
pub struct StandIn(Arc<Shared>);

impl fmt::Debug for StandIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StandIn").field(&self.0.options).finish()
    }
}

impl StandIn {
    pub fn new(options: Options) -> Self {
        let state = State {
            holds: Holds::default(),
            journal: Journal::default(),
            buckets: Buckets::new(options.limits),
            tally: Tally::default(),
        };
        Self(Arc::new(Shared {
            watch: Watch::new(options.time.clone()),
            options,
            state: Mutex::new(state),
            locks: (0..LOCKS).map(|_| tokio::sync::Mutex::default()).collect(),
        }))
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

/// More than the items that are written at once, so that two of them seldom share a lock.
const LOCKS: usize = 4096;

struct Shared {
    options: Options,
    watch: Watch,
    state: Mutex<State>,
    /// Keep an item's image from changing between its reading and its write.
    locks: Vec<tokio::sync::Mutex<()>>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}

struct State {
    holds: Holds,
    journal: Journal,
    buckets: Buckets,
    tally: Tally,
}

impl Shared {
    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Locks `items`, always in the same order, so that no two calls wait for each other.
    async fn lock(&self, items: impl Iterator<Item = &ItemKey>) -> Vec<MutexGuard<'_, ()>> {
        let lock_of = |item: &ItemKey| {
            let mut hasher = DefaultHasher::new();
            item.hash(&mut hasher);
            (hasher.finish() % self.locks.len() as u64) as usize
        };
        let mut numbers: Vec<usize> = items.map(lock_of).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut guards = Vec::with_capacity(numbers.len());
        for number in numbers {
            guards.push(self.locks[number].lock().await);
        }
        guards
    }
}
