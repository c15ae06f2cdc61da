//! Token buckets by address, in the memory of the process: no call of DynamoDB, and a bound on
//! what is remembered. Each process has its own; on Lambda each of them has one request at a
//! time, and the API's throttling bounds how many there are.

use crate::settings::Limits;
use chrono::{DateTime, Utc};
use domain::rate::{Empty, Left, Level, Rate};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// How many addresses of each kind a process remembers.
const REMEMBERED_AT_MOST: usize = 20_000;

/// What is limited by address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limited {
    /// Clicks: recorded and followed.
    Clicks,
    /// New codes.
    Codes,
}

impl Limited {
    /// What its policy is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Clicks => "clicks",
            Self::Codes => "codes",
        }
    }

    /// Its rate, unless it has no limit.
    pub(crate) fn rate(self, limits: &Limits) -> Option<Rate> {
        match self {
            Self::Clicks => limits.clicks,
            Self::Codes => limits.codes,
        }
    }
}

/// The buckets of a process.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    clicks: Mutex<HashMap<u128, Level>>,
    codes: Mutex<HashMap<u128, Level>>,
}

impl Buckets {
    /// Takes one of what is `limited` for `address`.
    pub(crate) fn take(
        &self,
        limited: Limited,
        rate: Rate,
        address: IpAddr,
        now: DateTime<Utc>,
    ) -> Result<Left, Empty> {
        let levels = match limited {
            Limited::Clicks => &self.clicks,
            Limited::Codes => &self.codes,
        };
        let mut levels = levels.lock().unwrap_or_else(PoisonError::into_inner);
        let (subscriber, now) = (subscriber(address), now.timestamp_micros());
        let level = levels.get(&subscriber).copied().unwrap_or_default();
        let (level, left) = rate.take(level, now)?;
        if levels.len() >= REMEMBERED_AT_MOST {
            make_room(&mut levels, rate, now);
        }
        // Where every remembered address is near its limit, one more is let through uncounted.
        if levels.len() < REMEMBERED_AT_MOST || levels.contains_key(&subscriber) {
            levels.insert(subscriber, level);
        }
        Ok(left)
    }
}

/// Forgets full buckets, and if that is not enough those from which little was taken.
fn make_room(levels: &mut HashMap<u128, Level>, rate: Rate, now: i64) {
    levels.retain(|_, level| !level.is_full(now));
    if levels.len() >= REMEMBERED_AT_MOST {
        levels.retain(|_, level| rate.is_mostly_used(*level, now));
    }
}

/// What one subscriber gets: an IPv4 address, a /64 of IPv6.
fn subscriber(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits() >> 64 << 64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: fn() -> Rate = || Rate {
        per_minute: 60.try_into().expect("not 0"),
        burst: 2.try_into().expect("not 0"),
    };

    fn take(buckets: &Buckets, limited: Limited, address: &str) -> bool {
        let now = DateTime::from_timestamp(1_774_526_400, 0).expect("in range");
        let address = address.parse().expect("an address");
        buckets.take(limited, RATE(), address, now).is_ok()
    }

    #[test]
    fn each_subscriber_has_a_bucket_for_each_kind() {
        let buckets = Buckets::default();
        for (address, is_admitted) in [
            ("192.0.2.1", true),
            ("::ffff:192.0.2.1", true),
            ("192.0.2.1", false),
            ("192.0.2.2", true),
            ("2001:db8::1", true),
            ("2001:db8::2", true),
            ("2001:db8::3", false),
            ("2001:db8:0:1::3", true),
        ] {
            let admitted = take(&buckets, Limited::Clicks, address);
            assert_eq!(admitted, is_admitted, "{address}");
        }
        assert!(take(&buckets, Limited::Codes, "192.0.2.1"));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_keeps_those_at_their_limit() {
        let buckets = Buckets::default();
        let guilty = "192.0.2.1";
        assert!(take(&buckets, Limited::Clicks, guilty));
        assert!(take(&buckets, Limited::Clicks, guilty));
        for n in 0..2 * REMEMBERED_AT_MOST {
            let address = format!("2001:db8:{:x}:{:x}::1", n >> 16, n & 0xFFFF);
            assert!(take(&buckets, Limited::Clicks, &address));
        }
        let remembered = buckets.clicks.lock().expect("unpoisoned").len();
        assert!(remembered <= REMEMBERED_AT_MOST, "{remembered}");
        assert!(!take(&buckets, Limited::Clicks, guilty));
    }
}
