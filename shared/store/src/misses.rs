//! How many unknown codes a caller may look up, or an address that no caller is known at: codes
//! are short enough to be read out loud, so guessing must be slow.
//!
//! The counter is read beside the code, so that looking up codes that exist costs no trip
//! and no write. Only a miss writes. The key is a hash, so that the table names nobody; it
//! holds the minute too, so that the counters of one address do not share a partition.
//!
//! Within a process, no more lookups are under way at a time than the minute has misses left:
//! each takes a permit, which a hit gives back and a miss does not; the others wait. So a
//! process never tests more guesses than the limit, however many it is sent at once. Processes
//! know of each other's misses through the table, which they read before each lookup and add
//! to after each miss: lookups that several processes begin at the same moment do not see each
//! other, so together they may test a batch more than the limit. What is too many in one minute
//! is counted in the next ones, in which nothing is tested then: so in the long run the limit
//! holds across processes, too.

use crate::dynamo::{Dynamo, Read, Updated};
use crate::error::StoreError;
use crate::expression::Update;
use crate::idempotency::digest;
use crate::keys;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long misses are counted together, in seconds.
const WINDOW: i64 = 60;

/// How many minutes ahead misses beyond the limit are counted.
const CARRIED_AHEAD: u32 = 15;

/// How many callers and addresses a process remembers.
const REMEMBERED_AT_MOST: usize = 10_000;

/// Whose misses are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissSource<'a> {
    /// A caller who is known, by a name that no other caller has.
    Caller(&'a str),
    /// A whole IPv4 address, a /64 of IPv6, as that is what one subscriber gets.
    Address(IpAddr),
}

/// The misses of one source in the present minute, and how many it may have.
#[derive(Debug, Clone)]
pub struct MissCounter {
    /// Of the source alone.
    source: String,
    /// Of the source in the present minute.
    hash: String,
    limit: NonZeroU32,
    now: i64,
}

impl MissCounter {
    /// The misses of `source` at `now`.
    pub fn new(source: MissSource<'_>, limit: NonZeroU32, now: DateTime<Utc>) -> Self {
        let now = now.timestamp();
        let source = match source {
            MissSource::Caller(name) => digest(&[b"caller", name.as_bytes()]),
            MissSource::Address(address) => match address.to_canonical() {
                IpAddr::V4(v4) => digest(&[&v4.octets()]),
                IpAddr::V6(v6) => digest(&[&v6.octets()[..8]]),
            },
        };
        Self {
            hash: hash(&source, now.div_euclid(WINDOW)),
            source,
            limit,
            now,
        }
    }

    /// The hash and the end of the minute so many minutes ahead.
    fn ahead(&self, minutes: u32) -> (String, i64) {
        let minute = self.now.div_euclid(WINDOW) + i64::from(minutes);
        (hash(&self.source, minute), (minute + 1) * WINDOW)
    }

    /// When the minute ends: seconds since 1970.
    fn ends(&self) -> i64 {
        (self.now.div_euclid(WINDOW) + 1) * WINDOW
    }

    fn used_up(&self) -> StoreError {
        StoreError::TooManyMisses {
            limit: self.limit,
            // At most a minute.
            retry_after: u16::try_from(self.ends() - self.now).unwrap_or(1),
        }
    }
}

/// The hash of a source in a minute.
fn hash(source: &str, minute: i64) -> String {
    digest(&[&minute.to_be_bytes(), source.as_bytes()])
}

/// What a process knows of the misses of each source. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownMisses(Arc<Mutex<HashMap<String, Known>>>);

/// What a process knows of the misses of one source.
#[derive(Debug, Clone)]
struct Known {
    misses: u32,
    /// One for each miss that is left; closed once none is.
    permits: Arc<Semaphore>,
    /// How many permits are gone for good.
    taken: usize,
    ends: i64,
}

impl KnownMisses {
    /// The limiter of the source that `counter` counts.
    pub(crate) fn limiter(&self, counter: MissCounter) -> MissLimiter {
        MissLimiter {
            counter,
            known: self.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn permits(&self, counter: &MissCounter) -> Arc<Semaphore> {
        let mut all = self.lock();
        if let Some(known) = all.get(&counter.hash) {
            return Arc::clone(&known.permits);
        }
        let limit = usize::try_from(counter.limit.get()).unwrap_or(usize::MAX);
        let permits = Arc::new(Semaphore::new(limit.min(Semaphore::MAX_PERMITS)));
        if all.len() >= REMEMBERED_AT_MOST {
            all.retain(|_, known| known.ends > counter.now);
        }
        // Past that, the table alone counts.
        if all.len() < REMEMBERED_AT_MOST {
            let known = Known {
                misses: 0,
                permits: Arc::clone(&permits),
                taken: 0,
                ends: counter.ends(),
            };
            all.insert(counter.hash.clone(), known);
        }
        permits
    }

    /// Takes note of how often the source has missed in all. `own` is the permit of a miss of
    /// this process, which is gone unless the note of a later miss took another in its place.
    fn note(&self, counter: &MissCounter, misses: u32, own: Option<OwnedSemaphorePermit>) {
        let mut all = self.lock();
        let Some(known) = all.get_mut(&counter.hash) else {
            return;
        };
        known.misses = known.misses.max(misses);
        if known.misses >= counter.limit.get() {
            known.permits.close();
            return;
        }
        let missed = usize::try_from(known.misses).unwrap_or(usize::MAX);
        if let Some(permit) = own
            && known.taken < missed
        {
            permit.forget();
            known.taken += 1;
        }
        let elsewhere = missed.saturating_sub(known.taken);
        known.taken += known.permits.forget_permits(elsewhere);
    }
}

/// The misses of one request's source, counted in the table.
#[derive(Debug, Clone)]
pub(crate) struct MissLimiter {
    counter: MissCounter,
    known: KnownMisses,
}

/// A lookup of a code under way.
#[derive(Debug)]
pub(crate) struct Lookup<'l> {
    limiter: &'l MissLimiter,
    permit: OwnedSemaphorePermit,
}

impl MissLimiter {
    /// Begins a lookup, as soon as there are fewer under way than the minute has misses left.
    ///
    /// # Errors
    /// [`StoreError::TooManyMisses`] when the process knows that the minute's misses are used
    /// up: that costs no call.
    pub(crate) async fn begin(&self) -> Result<Lookup<'_>, StoreError> {
        let permits = self.known.permits(&self.counter);
        let permit = permits.acquire_owned().await;
        Ok(Lookup {
            limiter: self,
            permit: permit.map_err(|_| self.counter.used_up())?,
        })
    }
}

impl Lookup<'_> {
    /// Reads how often the source has missed: half a unit, to be spent side by side with the
    /// code's read.
    ///
    /// # Errors
    /// [`StoreError::TooManyMisses`] when the minute's misses are used up.
    pub(crate) async fn check(&self, dynamo: &Dynamo) -> Result<(), StoreError> {
        let MissLimiter { counter, known } = self.limiter;
        let key = keys::misses(&counter.hash);
        let item = dynamo.get_item(&key, Read::Eventual).await?;
        let Some(misses) = item.and_then(|item| number(item.get(MISSES))) else {
            return Ok(());
        };
        known.note(counter, misses, None);
        if misses >= counter.limit.get() {
            return Err(counter.used_up());
        }
        Ok(())
    }

    /// Counts the lookup as a miss.
    ///
    /// # Errors
    /// [`StoreError::TooManyMisses`] when it is one too many: other processes may have begun
    /// lookups at the same moment.
    pub(crate) async fn missed(self, dynamo: &Dynamo) -> Result<(), StoreError> {
        let MissLimiter { counter, known } = self.limiter;
        let misses = add(dynamo, &counter.hash, counter.ends()).await?;
        known.note(counter, misses, Some(self.permit));
        if misses <= counter.limit.get() {
            return Ok(());
        }
        let minutes = (misses - 1) / counter.limit.get();
        let (hash, ends) = counter.ahead(minutes.min(CARRIED_AHEAD));
        add(dynamo, &hash, ends).await?;
        Err(counter.used_up())
    }
}

/// Counts one miss in the minute that `ends` then: how many there are.
async fn add(dynamo: &Dynamo, hash: &str, ends: i64) -> Result<u32, StoreError> {
    let one_more = Update::new("SET #kind = :kind, #expires = :expires ADD #misses :one")
        .bind(":kind", MISSES)
        .bind(":expires", &(ends + WINDOW))
        .bind(":one", &1);
    let Updated::Done(item) = dynamo.update(&keys::misses(hash), one_more).await? else {
        return Err(StoreError::corrupt("no condition was given"));
    };
    Ok(number(item.get(MISSES)).unwrap_or(0))
}

const MISSES: &str = "misses";

fn number(value: Option<&AttributeValue>) -> Option<u32> {
    value?.as_n().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str, second: i64) -> MissCounter {
        let now = DateTime::from_timestamp(second, 0).expect("in range");
        let limit = NonZeroU32::new(20).expect("not zero");
        let address = address.parse().expect("an address");
        MissCounter::new(MissSource::Address(address), limit, now)
    }

    #[test]
    fn a_caller_is_counted_apart_from_every_address() {
        let of = |source| {
            let limit = NonZeroU32::new(20).expect("not zero");
            let now = DateTime::from_timestamp(60, 0).expect("in range");
            MissCounter::new(source, limit, now).hash
        };
        let caller = of(MissSource::Caller("owner/usr_1/org_1"));
        assert_ne!(caller, of(MissSource::Caller("owner/usr_2/org_1")));
        assert_ne!(caller, at("10.0.0.1", 60).hash);
    }

    #[tokio::test]
    async fn notes_in_any_order_leave_as_many_permits_as_misses() {
        let known = KnownMisses::default();
        let counter = at("10.0.0.1", 60);
        let limiter = known.limiter(counter.clone());
        let (first, second) = (
            limiter.begin().await.expect("a permit"),
            limiter.begin().await.expect("a permit"),
        );
        let permits = known.permits(&counter);
        // The second miss is noted before the first.
        known.note(&counter, 2, Some(second.permit));
        assert_eq!(permits.available_permits(), 17);
        known.note(&counter, 1, Some(first.permit));
        assert_eq!(permits.available_permits(), 18);
        known.note(&counter, 12, None);
        assert_eq!(permits.available_permits(), 8);
        known.note(&counter, 20, None);
        assert!(limiter.begin().await.is_err());
    }

    #[test]
    fn an_address_is_counted_whole_and_an_ipv6_one_by_its_network() {
        let same = |a: &str, b: &str| at(a, 60).hash == at(b, 60).hash;
        assert!(same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
        assert!(!same("2001:db8:1:2::1", "2001:db8:1:3::1"));
        assert!(same("::ffff:185.12.34.56", "185.12.34.56"));
        assert!(!same("185.12.34.56", "185.12.34.57"));
    }

    #[test]
    fn a_minute_ends_on_the_minute() {
        assert_eq!(at("10.0.0.1", 119).ends(), 120);
        assert_eq!(at("10.0.0.1", 120).ends(), 180);
        assert_eq!(at("10.0.0.1", 60).hash, at("10.0.0.1", 119).hash);
        assert_ne!(at("10.0.0.1", 60).hash, at("10.0.0.1", 120).hash);
    }
}
