//! Every key of the table, spelled here and nowhere else.
//!
//! | item | pk | sk |
//! |---|---|---|
//! | code, the truth | `CODE#<folded>` | `CODE` |
//! | active code of a pair | `MENTOR#<mentor>#ORG#<org>` | `ACTIVE` |
//! | code by id, and the log of codes | `RC#<shard>` | `rc_…` |
//! | attribution, and the log of attributions | `ATTR#<shard>` | `attr_…` |
//! | member guard | `MEMBER#<org>#<member>` | `MEMBER` |
//! | roll-up row | `STATS#<scope>` | `TOTAL#<org>`, `MONTH#2026-03#<org>` |
//! | how far everything is folded | `STATS#ALL` | `TOTAL` |
//! | a lane of the aggregator | `LANE#<log>#<shard>` | `LANE` |
//! | receipt of a folded chunk | `RECEIPT#<log>#<shard>` | `CHUNK#<id of its last fact>` |
//! | receipt of a late fact | `RECEIPT#<log>#<shard>` | `LATE#<id>` |
//! | idempotency record | `IDEM#<hash>` | `IDEM` |
//! | program | `PRG#<shard>` | `prg_…` |
//! | misses of an address in a minute | `MISS#<hash>` | `MISS` |
//!
//! Index 1 lists by mentor and index 2 by organisation, both sharded as the table is and
//! sorted by id. Index 2 also ranks an organisation's mentors. Callers' ids cannot hold `#`.

use crate::domain::stats::Month;
use crate::domain::{
    AttributionId, CodeId, FoldedCode, MemberId, MentorId, OrgId, ProgramId, Shard,
};
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;

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
    pub name: &'static str,
    pub pk: &'static str,
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
    pub pk: String,
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

/// All the keys of an item: where it lies, and where the indexes show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    pub primary: Key,
    pub by_mentor: Option<Key>,
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

/// The two logs: facts in time order, spread over the shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LogName {
    Attributions,
    Codes,
}

impl LogName {
    pub const ALL: [Self; 2] = [Self::Attributions, Self::Codes];

    /// The log's name in keys, metrics and log lines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attributions => "ATTR",
            Self::Codes => "RC",
        }
    }

    /// What ids of the log start with.
    pub fn id_prefix(self) -> &'static str {
        match self {
            Self::Attributions => "attr_",
            Self::Codes => "rc_",
        }
    }
}

/// Whose facts of a log are read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum View {
    All,
    Mentor(MentorId),
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

/// The kept answer to a request, by the hash of its caller, route and idempotency key.
pub fn idempotency(hash: &str) -> Key {
    Key::new(format!("IDEM#{hash}"), "IDEM")
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

/// The misses of an address, by the hash of the address and the minute.
pub fn misses(hash: &str) -> Key {
    Key::new(format!("MISS#{hash}"), "MISS")
}

/// What a roll-up is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    Org(OrgId),
    Mentor(MentorId),
    Code(FoldedCode),
}

/// The partition that holds a scope's roll-up rows.
pub fn stats_partition(scope: &Scope) -> String {
    match scope {
        Scope::Org(org) => format!("STATS#O#{org}"),
        Scope::Mentor(mentor) => format!("STATS#M#{mentor}"),
        Scope::Code(code) => format!("STATS#C#{code}"),
    }
}

/// A scope's counts of all time in one organisation.
pub fn stats_total(scope: &Scope, org: &OrgId) -> Key {
    Key::new(stats_partition(scope), format!("TOTAL#{org}"))
}

/// A scope's counts of one month in one organisation.
pub fn stats_month(scope: &Scope, month: Month, org: &OrgId) -> Key {
    Key::new(stats_partition(scope), format!("MONTH#{month}#{org}"))
}

/// What the sort keys of a scope's totals start with.
pub const TOTALS: &str = "TOTAL#";

/// Where the sort keys of a scope's months begin, from `first` on.
pub fn months_from(first: Month) -> String {
    format!("MONTH#{first}#")
}

/// After the last of a scope's months.
pub const MONTHS_END: &str = "MONTH#~";

/// The organisation that a roll-up row's sort key ends in.
pub fn org_of_row(sk: &str) -> Option<&str> {
    sk.rsplit_once('#').map(|(_, org)| org)
}

/// How far everything is folded, and the counts of everything up to there.
pub fn published() -> Key {
    Key::new("STATS#ALL".to_owned(), "TOTAL")
}

/// The lane in which one shard of a log is folded.
pub fn lane(log: LogName, shard: Shard) -> Key {
    Key::new(format!("LANE#{}#{shard}", log.as_str()), "LANE")
}

/// The partition of the receipts of one lane.
fn receipts(log: LogName, shard: Shard) -> String {
    format!("RECEIPT#{}#{shard}", log.as_str())
}

/// The receipt of the chunk whose last fact is `last`.
pub fn receipt(log: LogName, shard: Shard, last: &str) -> Key {
    Key::new(receipts(log, shard), format!("CHUNK#{last}"))
}

/// After the last of a lane's receipts of chunks.
pub const CHUNK_RECEIPTS_END: &str = "CHUNK#~";

/// The receipt of a fact that came too late for its chunk.
pub fn late_receipt(log: LogName, shard: Shard, fact: &str) -> Key {
    Key::new(receipts(log, shard), format!("LATE#{fact}"))
}

/// The ranking of an organisation's mentors, of all time or of a month.
pub fn ranking(org: &OrgId, month: Option<Month>) -> String {
    match month {
        None => format!("RANK#{org}#TOTAL"),
        Some(month) => format!("RANK#{org}#{month}"),
    }
}

/// A mentor's place in a ranking: the more conversions, the earlier it sorts.
pub fn rank(conversions: i64, mentor: &MentorId) -> String {
    format!("{:012}#{mentor}", 999_999_999_999 - conversions)
}

/// The mentor who stands at a place in a ranking.
pub fn mentor_of_rank(rank: &str) -> Option<&str> {
    rank.split_once('#').map(|(_, mentor)| mentor)
}
