//! Identifiers: the callers' own (mentor, organisation, member) and the ones Verv issues.
//!
//! An issued id is a prefix and a UUIDv7 in hex whose last byte is the shard that holds the
//! record. So an id tells when the record was made, which partition holds it, and its place in every
//! list, and the number of shards can be raised without moving a record.

use crate::text::{Invalid, string_newtype, string_serde};
use chrono::{DateTime, Utc};
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use uuid::Uuid;

/// How many partitions each log and each index list is spread over.
///
/// DynamoDB takes 1,000 write units a second on one partition key: eight keys take 8,000
/// clicks a second, of one mentor and of the whole system. May be raised, up to 256: ids
/// carry their own shard. Must never be lowered.
pub const SHARDS: u8 = 8;

/// One of the partitions that a log is spread over, printed as two hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(u8);

impl Shard {
    /// Every shard, in order.
    pub fn all() -> impl ExactSizeIterator<Item = Shard> {
        (0..SHARDS).map(Shard)
    }

    /// The shard's position in arrays that have one place per shard.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}", self.0)
    }
}

/// Fills an array from the operating system's random source.
///
/// # Panics
/// When the operating system has no randomness to give: nothing safe can be issued then.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// The shards in turn, so that a process loads none more than another.
#[derive(Default)]
struct Turns(AtomicUsize);

impl Turns {
    fn next(&self) -> u8 {
        let turn = self.0.fetch_add(1, Ordering::Relaxed) % usize::from(SHARDS);
        u8::try_from(turn).unwrap_or(0)
    }
}

/// The next shard of this process: from a random one on, so that processes are not in step.
fn next_shard() -> u8 {
    static TURNS: OnceLock<Turns> = OnceLock::new();
    let turns = TURNS.get_or_init(|| {
        let [first] = random_bytes();
        Turns(AtomicUsize::new(usize::from(first)))
    });
    turns.next()
}

/// A UUIDv7 of `now` in the next shard.
///
/// The 12 bits after the milliseconds are the fraction of the millisecond (RFC 9562,
/// section 6.2, method 3), so ids of one process sort by the microsecond.
fn new_uuid(now: DateTime<Utc>) -> Uuid {
    let mut tail: [u8; 10] = random_bytes();
    let fraction = (u64::from(now.timestamp_subsec_nanos() % 1_000_000) * 4096 / 1_000_000) as u16;
    tail[..2].copy_from_slice(&fraction.to_be_bytes());
    tail[9] = next_shard();
    uuid::Builder::from_unix_timestamp_millis(millis(now), &tail).into_uuid()
}

fn millis(at: DateTime<Utc>) -> u64 {
    u64::try_from(at.timestamp_millis()).unwrap_or(0)
}

/// The smallest UUID, whatever its kind and shard, of a record made at `at`.
pub fn first_uuid_at(at: DateTime<Utc>) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(millis(at), &[0; 10]).into_uuid()
}

macro_rules! issued_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, made at `now`, in the next shard.
            pub fn new(now: DateTime<Utc>) -> Self {
                Self(new_uuid(now))
            }

            /// The smallest id that a record made at `at` in `shard` can have.
            pub fn first_at(at: DateTime<Utc>, shard: Shard) -> Self {
                let mut bytes = *first_uuid_at(at).as_bytes();
                bytes[15] = shard.0;
                Self(Uuid::from_bytes(bytes))
            }

            /// The shard that holds the record.
            pub fn shard(self) -> Shard {
                Shard(self.0.as_bytes()[15])
            }

            /// When the record was made, to the millisecond.
            pub fn made_at(self) -> DateTime<Utc> {
                let bytes = self.0.as_bytes();
                let mut wide = [0; 8];
                wide[2..].copy_from_slice(&bytes[..6]);
                DateTime::from_timestamp_millis(i64::from_be_bytes(wide)).unwrap_or_default()
            }

            /// The UUID without its prefix.
            pub fn uuid(self) -> Uuid {
                self.0
            }

            /// The id of this kind around `uuid`.
            pub fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                text.strip_prefix($prefix)
                    .filter(|hex| hex.len() == 32 && !hex.bytes().any(|b| b.is_ascii_uppercase()))
                    .and_then(|hex| Uuid::try_parse(hex).ok())
                    .map(Self)
                    .ok_or(Invalid(concat!("must be an id that starts with ", $prefix)))
            }
        }

        string_serde!($name);
    };
}

macro_rules! given_id {
    ($(#[$doc:meta])* $name:ident) => {
        string_newtype!(
            $(#[$doc])*
            ///
            /// The caller's own: 1 to 128 characters of `A-Z a-z 0-9 _ . : @ | + = -`, which is
            /// what identity providers issue, and nothing that separates keys or paths.
            $name,
            given_id
        );
    };
}

fn given_id(text: &str) -> Result<String, Invalid> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.:@|+=-".contains(&b);
    if (1..=128).contains(&text.len()) && text.bytes().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err(Invalid(
            "must be 1 to 128 characters of A-Z a-z 0-9 _ . : @ | + = -",
        ))
    }
}

issued_id!(
    /// A referral code's record: `rc_` and a UUIDv7. It does not give the code away.
    CodeId,
    "rc_"
);
issued_id!(
    /// An attribution, or another fact of its log: `attr_` and a UUIDv7.
    AttributionId,
    "attr_"
);
issued_id!(
    /// A referral program: `prg_` and a UUIDv7.
    ProgramId,
    "prg_"
);
issued_id!(
    /// An API key of an organisation: `key_` and a UUIDv7.
    ApiKeyId,
    "key_"
);
issued_id!(
    /// An event: `evt_` and a UUIDv7 of when its change was requested.
    EventId,
    "evt_"
);
issued_id!(
    /// A webhook of an organisation: `whk_` and a UUIDv7.
    WebhookId,
    "whk_"
);
given_id!(
    /// Whoever recruits: the owner of codes.
    MentorId
);
given_id!(
    /// An organisation: a tenant, whose members recruit.
    OrgId
);
given_id!(
    /// Whoever was recruited.
    MemberId
);
given_id!(
    /// A currency, as the payments company names it.
    CurrencyId
);

impl MemberId {
    /// Whether the member is the mentor: nobody recruits themself.
    pub fn is(&self, mentor: &MentorId) -> bool {
        self.as_str() == mentor.as_str()
    }
}

/// Tells the second event of a change from the first: the bit before the shard.
const SECOND: u128 = 1 << 8;

impl EventId {
    /// The id of the first event of the same change.
    pub fn first(self) -> Self {
        Self(Uuid::from_u128(self.0.as_u128() & !SECOND))
    }

    /// The id of the second event of the same change, right after the first one's.
    pub fn second(self) -> Self {
        Self(Uuid::from_u128(self.0.as_u128() | SECOND))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(millis).expect("in range")
    }

    proptest! {
        #[test]
        fn ids_sort_by_time_and_keep_time_and_shard(a in 1i64..4_000_000_000_000, gap in 1i64..1_000_000) {
            let (early, late) = (CodeId::new(at(a)), CodeId::new(at(a + gap)));
            prop_assert!(early < late);
            prop_assert!(early.to_string() < late.to_string());
            prop_assert_eq!(early.made_at(), at(a));
            prop_assert!(early.shard().0 < SHARDS);
            prop_assert_eq!(early.to_string().parse::<CodeId>().ok(), Some(early));
            prop_assert!(CodeId::first_at(at(a), early.shard()) <= early);
            prop_assert!(CodeId::first_at(at(a + gap), late.shard()) > early);
            prop_assert!(first_uuid_at(at(a)) <= early.uuid());
            prop_assert!(first_uuid_at(at(a + gap)) > early.uuid());
        }

        #[test]
        fn no_given_id_holds_a_key_separator(text in "\\PC{0,140}") {
            if let Ok(id) = text.parse::<MentorId>() {
                prop_assert_eq!(id.as_str(), text.as_str());
                prop_assert!(!text.contains(['#', '~', '/']) && (1..=128).contains(&text.len()));
            }
        }
    }

    #[test]
    fn no_shard_gets_more_ids_than_another() {
        let turns = Turns::default();
        let mut ids = [0; SHARDS as usize];
        for _ in 0..5 * usize::from(SHARDS) {
            ids[usize::from(turns.next())] += 1;
        }
        assert_eq!(ids, [5; SHARDS as usize]);
    }

    #[test]
    fn an_id_of_another_kind_or_case_is_refused() {
        let id = CodeId::new(at(1_700_000_000_000)).to_string();
        assert!(id.replace("rc_", "attr_").parse::<CodeId>().is_err());
        assert!(id.to_uppercase().parse::<CodeId>().is_err());
        assert!("rc_8f3a21bc".parse::<CodeId>().is_err());
    }
}
