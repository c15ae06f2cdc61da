//! How many unknown codes an address may look up: codes are short enough to be read out
//! loud, so guessing must be slow.
//!
//! The counter is read beside the code, so that looking up codes that exist costs no trip
//! and no write. Only a miss writes. The key is a hash, so that the table names nobody; it
//! holds the minute too, so that the counters of one address do not share a partition.

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
use std::sync::{Arc, Mutex, PoisonError};

/// How long misses are counted together, in seconds.
const WINDOW: i64 = 60;

/// How many addresses past their limit a process remembers.
const BLOCKED_AT_MOST: usize = 10_000;

/// The misses of one address in the present minute, and how many it may have.
#[derive(Debug, Clone)]
pub struct MissCounter {
    hash: String,
    limit: NonZeroU32,
    now: i64,
}

impl MissCounter {
    /// The misses of `address` at `now`: a whole IPv4 address, a /64 of IPv6, as
    /// that is what one subscriber gets.
    pub fn new(address: IpAddr, limit: NonZeroU32, now: DateTime<Utc>) -> Self {
        let now = now.timestamp();
        let minute = now.div_euclid(WINDOW).to_be_bytes();
        let hash = match address.to_canonical() {
            IpAddr::V4(v4) => digest(&[&minute, &v4.octets()]),
            IpAddr::V6(v6) => digest(&[&minute, &v6.octets()[..8]]),
        };
        Self { hash, limit, now }
    }

    /// When the minute ends: seconds since 1970.
    fn ends(&self) -> i64 {
        (self.now.div_euclid(WINDOW) + 1) * WINDOW
    }

    fn used_up(&self) -> StoreError {
        StoreError::TooManyMisses {
            // At most a minute.
            retry_after: u16::try_from(self.ends() - self.now).unwrap_or(1),
        }
    }
}

/// The addresses that this process knows to be past their limit: their requests cost no
/// call at all until the minute ends.
#[derive(Debug, Clone, Default)]
pub(crate) struct BlockedAddresses(Arc<Mutex<HashMap<String, i64>>>);

impl BlockedAddresses {
    /// The limiter of the address that `counter` counts.
    pub(crate) fn limiter(&self, counter: MissCounter) -> MissLimiter {
        MissLimiter {
            counter,
            blocked: self.clone(),
        }
    }

    fn contains(&self, counter: &MissCounter) -> bool {
        let blocked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        blocked.contains_key(&counter.hash)
    }

    fn insert(&self, counter: &MissCounter) {
        let mut blocked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if blocked.len() >= BLOCKED_AT_MOST {
            blocked.retain(|_, ends| *ends > counter.now);
        }
        if blocked.len() < BLOCKED_AT_MOST {
            blocked.insert(counter.hash.clone(), counter.ends());
        }
    }
}

/// The misses of one request's address, counted in the table.
#[derive(Debug, Clone)]
pub(crate) struct MissLimiter {
    counter: MissCounter,
    blocked: BlockedAddresses,
}

impl MissLimiter {
    /// Reads how often the address has missed: half a unit, to be spent side by side with the
    /// code's read.
    ///
    /// # Errors
    /// [`StoreError::TooManyMisses`] when the minute's misses are used up.
    pub(crate) async fn check(&self, dynamo: &Dynamo) -> Result<(), StoreError> {
        if self.blocked.contains(&self.counter) {
            return Err(self.counter.used_up());
        }
        let key = keys::misses(&self.counter.hash);
        let item = dynamo.get_item(&key, Read::Eventual).await?;
        let misses = item.and_then(|item| number(item.get(MISSES)));
        if misses.is_some_and(|misses| misses >= self.counter.limit.get()) {
            return Err(self.block());
        }
        Ok(())
    }

    /// Counts one miss of the address.
    ///
    /// # Errors
    /// [`StoreError::TooManyMisses`] when it is one too many: side by side, more guesses
    /// may have passed the check than the minute holds.
    pub(crate) async fn count(&self, dynamo: &Dynamo) -> Result<(), StoreError> {
        let one_more = Update::new("SET #kind = :kind, #expires = :expires ADD #misses :one")
            .bind(":kind", MISSES)
            .bind(":expires", &(self.counter.ends() + WINDOW))
            .bind(":one", &1);
        let key = keys::misses(&self.counter.hash);
        let Updated::Done(item) = dynamo.update(&key, one_more).await? else {
            return Err(StoreError::corrupt("no condition was given"));
        };
        if number(item.get(MISSES)).is_some_and(|misses| misses > self.counter.limit.get()) {
            return Err(self.block());
        }
        Ok(())
    }

    fn block(&self) -> StoreError {
        self.blocked.insert(&self.counter);
        self.counter.used_up()
    }
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
        MissCounter::new(address.parse().expect("an address"), limit, now)
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
