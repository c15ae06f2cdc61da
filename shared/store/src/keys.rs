//! Every key of the table, spelled here and nowhere else.
//!
//! | item | pk | sk |
//! |---|---|---|
//! | code, the truth | `CODE#<folded>` | `CODE` |
//! | active code of a pair | `MENTOR#<mentor>#ORG#<org>` | `ACTIVE` |
//! | code by id, and the log of codes | `RC#<shard>` | `rc_…` |
//! | attribution, and the log of attributions | `ATTR#<shard>` | `attr_…` |
//! | member guard, which is the recruitment | `MEMBER#<org>#<member>` | `MEMBER` |
//! | counts of a code | `STATS#M#<mentor>` | `TOTAL#<org>#<folded>`, `MONTH#2026-03#<org>#<folded>` |
//! | number of a mentor's codes | `STATS#M#<mentor>` | `CODES#<org>` |
//! | rank of a mentor | `STATS#M#<mentor>` | `RANK#<org>#TOTAL`, `RANK#<org>#2026-03` |
//! | counts of an organisation | `STATS#O#<org>` | `TOTAL`, `MONTH#2026-03` |
//! | counts of a program | `STATS#P#<program>` | `TOTAL`, `MONTH#2026-03` |
//! | counts of everything by month | `STATS#ALL` | `MONTH#2026-03` |
//! | how far a fold is, and counts of everything | `STATS#FOLD#<fold>` | `CHECKPOINT` |
//! | how far a rebuild is | `STATS#FOLD#<fold>` | `REBUILT#<generation>` |
//! | how far the audit is | `STATS#AUDIT` | `PROGRESS` |
//! | ids of the facts of a round | `RECEIPT#<fold>#<round>` | `PART#00` |
//! | round of a fold | `RECEIPT#<fold>` | `ROUND#<its end in milliseconds>` |
//! | late fact of a fold | `RECEIPT#<fold>` | `LATE#<id>` |
//! | idempotency record | `IDEM#<hash>` | `IDEM` |
//! | program | `PRG#<shard>` | `prg_…` |
//! | API key | `KEY#<shard>` | `key_…` |
//! | misses of an address in a minute | `MISS#<hash>` | `MISS` |
//! | entry of an organisation's outbox | `EVENT#<org>#<shard>` | `evt_…` |
//! | webhook | `WHK#<shard>` | `whk_…` |
//! | turn at a failing webhook | `WHK#<shard>` | `whk_…#TURN` |
//! | number of an organisation's webhooks | `WHK#O#<org>` | `COUNT` |
//! | delivery of an event to a webhook | `WEBHOOK#<webhook>#<shard>` | `evt_…` |
//! | erasure of a mentor under way | `ERASURE` | `M#<org>#<mentor>` |
//! | receipt of an erasure | `ERASED#<pseudonym>` | `RECEIPT` |
//! | how far visitors are forgotten | `RETENTION` | `VISITORS` |
//!
//! Index 1 lists by mentor and index 2 by organisation, both sharded as the table is and
//! sorted by id. Both list recruitments by when they were confirmed (`CONV#O#<org>#<shard>`).
//! Index 2 also ranks an organisation's mentors (`RANK#<org>#TOTAL`) and has the pending
//! deliveries in the order of when they are picked up (`DUE#<shard>`); index 1 also finds replies
//! that are about a mentor and that no record knows (`IDEM#M#<mentor>`). Callers'
//! ids cannot hold `#`. After a rebuild the partition keys of rows, rankings and receipts end
//! in `#<generation>`.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::first_uuid_at;
use domain::{
    ApiKeyId, AttributionId, CodeId, EventId, FoldedCode, MemberId, MentorId, OrgId, ProgramId,
    Pseudonym, Recruitment, Shard,
};
use std::collections::HashMap;
use uuid::Uuid;

mod stats;
mod webhooks;

pub use stats::*;
pub use webhooks::*;

/// An item, or a part of one.
pub type Item = HashMap<String, AttributeValue>;

/// The partition key of the table.
pub const PK: &str = "pk";
/// The sort key of the table.
pub const SK: &str = "sk";
/// What an item is.
pub const KIND: &str = "kind";
/// When DynamoDB may delete an item: seconds since 1970.
pub const EXPIRES: &str = "expires";

/// A global index with its key attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// Its name at DynamoDB.
    pub name: &'static str,
    /// The attribute that is its partition key.
    pub pk: &'static str,
    /// The attribute that is its sort key.
    pub sk: &'static str,
}

/// Index 1: by mentor.
pub const BY_MENTOR: Index = Index {
    name: "gsi1",
    pk: "gsi1pk",
    sk: "gsi1sk",
};
/// Index 2: by organisation.
pub const BY_ORG: Index = Index {
    name: "gsi2",
    pk: "gsi2pk",
    sk: "gsi2sk",
};

/// The primary key of one item.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// The value of the partition key.
    pub pk: String,
    /// The value of the sort key.
    pub sk: String,
}

impl Key {
    fn new(pk: String, sk: impl ToString) -> Self {
        Self {
            pk,
            sk: sk.to_string(),
        }
    }

    /// The key as the SDK takes it.
    pub fn to_item(&self) -> Item {
        HashMap::from([
            (PK.to_owned(), AttributeValue::S(self.pk.clone())),
            (SK.to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

/// All the keys of an item: where it is, and where the indexes show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// Its key in the table.
    pub primary: Key,
    /// Its key in index 1, where that shows it.
    pub by_mentor: Option<Key>,
    /// Its key in index 2, where that shows it.
    pub by_org: Option<Key>,
}

impl From<Key> for Keys {
    fn from(primary: Key) -> Self {
        Self {
            primary,
            by_mentor: None,
            by_org: None,
        }
    }
}

impl Keys {
    /// Writes the keys into `item`.
    pub fn write_to(&self, item: &mut Item) {
        let mut set = |name: &str, value: &str| {
            item.insert(name.to_owned(), AttributeValue::S(value.to_owned()));
        };
        set(PK, &self.primary.pk);
        set(SK, &self.primary.sk);
        for (index, key) in [(BY_MENTOR, &self.by_mentor), (BY_ORG, &self.by_org)] {
            if let Some(key) = key {
                set(index.pk, &key.pk);
                set(index.sk, &key.sk);
            }
        }
    }
}

/// What is listed in time order, spread over the shards: the two logs of facts, and what the
/// indexes alone list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LogName {
    /// Clicks, with their conversions.
    Attributions,
    /// Code records.
    Codes,
    /// Recruitments, by when they were confirmed: no facts, but guards of members, which the
    /// indexes list.
    Conversions,
}

impl LogName {
    /// Both logs of facts.
    pub const ALL: [Self; 2] = [Self::Attributions, Self::Codes];

    /// The log's name in keys, metrics and log lines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attributions => "ATTR",
            Self::Codes => "RC",
            Self::Conversions => "CONV",
        }
    }

    /// What ids of the log start with.
    pub fn id_prefix(self) -> &'static str {
        match self {
            Self::Attributions => "attr_",
            Self::Codes => "rc_",
            Self::Conversions => "conv_",
        }
    }
}

/// Whose facts of a log are read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum View {
    /// Everybody's: the table itself.
    All,
    /// A mentor's: index 1.
    Mentor(MentorId),
    /// An organisation's: index 2.
    Org(OrgId),
}

impl View {
    /// The index, `None` for the table itself, and the partition key of one shard.
    pub fn partition(&self, log: LogName, shard: Shard) -> (Option<Index>, String) {
        match self {
            Self::All => (None, log_partition(log, shard)),
            Self::Mentor(mentor) => (Some(BY_MENTOR), by_mentor(log, mentor, shard)),
            Self::Org(org) => (Some(BY_ORG), by_org(log, org, shard)),
        }
    }
}

fn log_partition(log: LogName, shard: Shard) -> String {
    format!("{}#{shard}", log.as_str())
}

fn by_mentor(log: LogName, mentor: &MentorId, shard: Shard) -> String {
    format!("{}#M#{mentor}#{shard}", log.as_str())
}

fn by_org(log: LogName, org: &OrgId, shard: Shard) -> String {
    format!("{}#O#{org}#{shard}", log.as_str())
}

/// The keys of an entry of a log: in its shard, under its mentor and its organisation.
fn log_entry(
    log: LogName,
    shard: Shard,
    sk: impl ToString,
    mentor: &MentorId,
    org: &OrgId,
) -> Keys {
    let sk = sk.to_string();
    Keys {
        by_mentor: Some(Key::new(by_mentor(log, mentor, shard), &sk)),
        by_org: Some(Key::new(by_org(log, org, shard), &sk)),
        primary: Key::new(log_partition(log, shard), sk),
    }
}

/// A key that no item has.
pub fn nothing() -> Key {
    Key::new("WARM".to_owned(), "UP")
}

/// The truth about a code.
pub fn code(code: &FoldedCode) -> Key {
    Key::new(format!("CODE#{code}"), "CODE")
}

/// The active code of a mentor in an organisation.
pub fn active_code(mentor: &MentorId, org: &OrgId) -> Key {
    Key::new(format!("MENTOR#{mentor}#ORG#{org}"), "ACTIVE")
}

/// A code by its id.
pub fn code_by_id(id: CodeId) -> Key {
    Key::new(log_partition(LogName::Codes, id.shard()), id)
}

/// How many referrals a code has counted since its log entry was written.
pub fn code_count(id: CodeId) -> Key {
    Key::new(format!("RC#{id}"), "COUNT")
}

/// An entry of the log of codes.
pub fn code_log_entry(id: CodeId, mentor: &MentorId, org: &OrgId) -> Keys {
    log_entry(LogName::Codes, id.shard(), id, mentor, org)
}

/// An attribution by its id.
pub fn attribution(id: AttributionId) -> Key {
    Key::new(log_partition(LogName::Attributions, id.shard()), id)
}

/// An entry of the log of attributions.
pub fn attribution_log_entry(id: AttributionId, mentor: &MentorId, org: &OrgId) -> Keys {
    log_entry(LogName::Attributions, id.shard(), id, mentor, org)
}

/// What keeps a member at one referrer in an organisation.
pub fn member_guard(org: &OrgId, member: &MemberId) -> Key {
    Key::new(format!("MEMBER#{org}#{member}"), "MEMBER")
}

/// The guard of a recruitment's member, listed by when the recruitment was confirmed.
pub fn recruitment(of: &Recruitment) -> Keys {
    let log = LogName::Conversions;
    let shard = of.id.shard();
    let place = format!("{}{}", log.id_prefix(), place_of(of).simple());
    Keys {
        primary: member_guard(&of.org, &of.member),
        by_mentor: Some(Key::new(by_mentor(log, &of.mentor, shard), &place)),
        by_org: Some(Key::new(by_org(log, &of.org, shard), &place)),
    }
}

/// The id of the attribution with the time of the confirmation in front, instead of the time of
/// the click: so recruitments are read, in order and in pages, as facts are.
fn place_of(of: &Recruitment) -> Uuid {
    let time = u128::MAX << 80;
    let confirmed = first_uuid_at(of.confirmed_at.instant()).as_u128();
    Uuid::from_u128((confirmed & time) | (of.id.uuid().as_u128() & !time))
}

/// The kept answer to a request, by the hash of its caller, route and idempotency key.
pub fn idempotency(hash: &str) -> Key {
    Key::new(format!("IDEM#{hash}"), "IDEM")
}

/// The kept answer to a request that no record knows, found by the mentor whom it is about.
pub fn reply_about(hash: &str, mentor: &MentorId) -> Keys {
    Keys {
        primary: idempotency(hash),
        by_mentor: Some(Key::new(replies_about(mentor), hash)),
        by_org: None,
    }
}

/// The partition of index 1 that finds kept answers about a mentor.
pub fn replies_about(mentor: &MentorId) -> String {
    format!("IDEM#M#{mentor}")
}

/// The partition of the erasures under way. These are few: one partition holds them.
pub const ERASURES: &str = "ERASURE";

/// The erasure of a mentor in an organisation, while it is under way.
pub fn erasure(mentor: &MentorId, org: &OrgId) -> Key {
    Key::new(ERASURES.to_owned(), format!("M#{org}#{mentor}"))
}

/// The receipt of an erasure.
pub fn erasure_receipt(pseudonym: &Pseudonym) -> Key {
    Key::new(format!("ERASED#{pseudonym}"), "RECEIPT")
}

/// Up to when raw visitor data of confirmed clicks has left.
pub fn visitor_retention() -> Key {
    Key::new("RETENTION".to_owned(), "VISITORS")
}

/// The partition of one shard of an organisation's outbox: read in order of time.
pub fn events_of(org: &OrgId, shard: Shard) -> String {
    format!("EVENT#{org}#{shard}")
}

/// An entry of an organisation's outbox.
pub fn event(id: EventId, org: &OrgId) -> Key {
    Key::new(events_of(org, id.shard()), id)
}

/// A program by its id.
pub fn program(id: ProgramId) -> Key {
    Key::new(format!("PRG#{}", id.shard()), id)
}

/// A program, listed by its organisation. These are few: one partition holds them.
pub fn program_listed(id: ProgramId, org: &OrgId) -> Keys {
    Keys {
        primary: program(id),
        by_mentor: None,
        by_org: Some(Key::new(programs_of(org), id)),
    }
}

/// The partition of index 2 that lists an organisation's programs.
pub fn programs_of(org: &OrgId) -> String {
    format!("PRG#O#{org}")
}

/// An API key by its id.
pub fn api_key(id: ApiKeyId) -> Key {
    Key::new(format!("KEY#{}", id.shard()), id)
}

/// An API key, listed by its organisation. These are few: one partition holds them.
pub fn api_key_listed(id: ApiKeyId, org: &OrgId) -> Keys {
    Keys {
        primary: api_key(id),
        by_mentor: None,
        by_org: Some(Key::new(api_keys_of(org), id)),
    }
}

/// The partition of index 2 that lists an organisation's API keys.
pub fn api_keys_of(org: &OrgId) -> String {
    format!("KEY#O#{org}")
}

/// The misses of an address, by the hash of the address and the minute.
pub fn misses(hash: &str) -> Key {
    Key::new(format!("MISS#{hash}"), "MISS")
}
