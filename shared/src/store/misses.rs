//! How many unknown codes an address may ask for: codes are short enough to be read out
//! loud, so whoever guesses must be slow.
//!
//! The counter is read beside the code, so that who asks for codes that exist pays no trip
//! and no write. Only a miss writes. The key is a hash, so that the table names nobody; it
//! holds the minute too, so that the counters of one address do not share a partition.

use super::StoreError;
use super::idempotency::digest;
use super::keys;
use super::table::{Read, Table, count_writes, counted};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, ReturnValue};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

/// How long misses are counted together, in seconds.
const WINDOW: i64 = 60;

/// How many addresses past their limit a process remembers.
const REMEMBERED: usize = 10_000;

/// The misses of one address in the present minute, and how many it may have.
#[derive(Debug, Clone)]
pub struct Guesses {
    hash: String,
    limit: NonZeroU32,
    now: i64,
}

impl Guesses {
    /// The guesses that `address` has at `now`: a whole IPv4 address, a /64 of IPv6, as
    /// that is what one subscriber gets.
    pub fn of(address: IpAddr, limit: NonZeroU32, now: DateTime<Utc>) -> Self {
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
pub(super) struct Blocked(Arc<Mutex<HashMap<String, i64>>>);

impl Blocked {
    fn contains(&self, guesses: &Guesses) -> bool {
        let blocked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        blocked.contains_key(&guesses.hash)
    }

    fn insert(&self, guesses: &Guesses) {
        let mut blocked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if blocked.len() >= REMEMBERED {
            blocked.retain(|_, ends| *ends > guesses.now);
        }
        if blocked.len() < REMEMBERED {
            blocked.insert(guesses.hash.clone(), guesses.ends());
        }
    }
}

impl Table {
    /// Reads how often the asker has missed, if anyone counts it: half a unit, to be spent
    /// side by side with the code's read.
    ///
    /// # Errors
    /// [`StoreError::TooManyMisses`] when the minute's misses are used up.
    pub(super) async fn check_misses(&self) -> Result<(), StoreError> {
        let Some(guesses) = self.guesses() else {
            return Ok(());
        };
        if self.blocked().contains(guesses) {
            return Err(guesses.used_up());
        }
        let counter = self
            .get_item(&keys::misses(&guesses.hash), Read::Eventual)
            .await?;
        let misses = counter.and_then(|item| number(item.get(MISSES)));
        if misses.is_some_and(|misses| misses >= guesses.limit.get()) {
            self.blocked().insert(guesses);
            return Err(guesses.used_up());
        }
        Ok(())
    }

    /// Counts one miss of the asker.
    ///
    /// # Errors
    /// [`StoreError::TooManyMisses`] when it is one too many: side by side, more guesses
    /// may have passed the check than the minute holds.
    #[expect(clippy::disallowed_methods, reason = "this is the store")]
    pub(super) async fn count_miss(&self) -> Result<(), StoreError> {
        let Some(guesses) = self.guesses() else {
            return Ok(());
        };
        let number_of = |value: i64| AttributeValue::N(value.to_string());
        let response = counted(
            self.client()
                .update_item()
                .table_name(self.name())
                .set_key(Some(keys::misses(&guesses.hash).to_item()))
                .update_expression("SET #kind = :kind, #expires = :expires ADD #misses :one")
                .expression_attribute_names("#kind", keys::KIND)
                .expression_attribute_names("#expires", keys::EXPIRES)
                .expression_attribute_names("#misses", MISSES)
                .expression_attribute_values(":kind", AttributeValue::S(MISSES.to_owned()))
                .expression_attribute_values(":expires", number_of(guesses.ends() + WINDOW))
                .expression_attribute_values(":one", number_of(1))
                .return_values(ReturnValue::UpdatedNew)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send(),
        )
        .await?;
        count_writes(response.consumed_capacity.as_slice());
        let misses = response
            .attributes
            .and_then(|item| number(item.get(MISSES)));
        if misses.is_some_and(|misses| misses > guesses.limit.get()) {
            self.blocked().insert(guesses);
            return Err(guesses.used_up());
        }
        Ok(())
    }
}

const MISSES: &str = "misses";

fn number(value: Option<&AttributeValue>) -> Option<u32> {
    value?.as_n().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str, second: i64) -> Guesses {
        let now = DateTime::from_timestamp(second, 0).expect("in range");
        let limit = NonZeroU32::new(20).expect("not zero");
        Guesses::of(address.parse().expect("an address"), limit, now)
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
