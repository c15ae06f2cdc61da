//! What the items hold. Each entity knows its keys and turns into the domain's type.
//!
//! An item with `deleted_at` is a tombstone: what it kept from being reissued or
//! miscounted is still kept, but every typed read takes it for absent.

use super::StoreError;
use super::keys::{self, Item, KIND, Keys, LogName};
use crate::domain::attribution::{Conversion, ReferrerUrl, UserAgent, Visitor};
use crate::domain::code_record::{CodeTerms, ReferralLimit};
use crate::domain::{
    Attribution, AttributionId, Code, CodeId, CodeRecord, MemberId, MentorId, OrgId, ProgramId,
    Timestamp, UserType,
};
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{NaiveDate, TimeDelta};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// How long tombstones in a log and facts of change are kept: far longer than folding may
/// ever lag behind.
pub const CHANGE_RETENTION: TimeDelta = TimeDelta::days(14);

/// A typed item.
pub trait Entity: Serialize + DeserializeOwned {
    /// What the `kind` attribute says.
    const KIND: &'static str;

    fn keys(&self) -> Keys;

    /// The whole item: attributes, keys and kind.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the entity has no form in DynamoDB's types.
    fn to_item(&self) -> Result<Item, StoreError> {
        let mut item: Item = serde_dynamo::to_item(self)?;
        self.keys().write_to(&mut item);
        item.insert(KIND.to_owned(), AttributeValue::S(Self::KIND.to_owned()));
        Ok(item)
    }

    /// The entity that `item` holds; `None` for a tombstone.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the item lacks what the entity promises.
    fn from_item(item: Item) -> Result<Option<Self>, StoreError> {
        if is_tombstone(&item) {
            return Ok(None);
        }
        Ok(Some(serde_dynamo::from_item(item)?))
    }
}

/// Whether the item only keeps a place.
pub fn is_tombstone(item: &Item) -> bool {
    item.contains_key("deleted_at")
}

/// What the three items of a code hold in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CodeItem {
    id: CodeId,
    mentor: MentorId,
    org: OrgId,
    code: Code,
    user_type: UserType,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    program: Option<ProgramId>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    max_referrals: Option<ReferralLimit>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    expires_at: Option<Timestamp>,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    deactivated_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    invalidated_at: Option<Timestamp>,
    /// Referrals confirmed, counted in the truth alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    confirmed: Option<i64>,
}

impl From<&CodeRecord> for CodeItem {
    fn from(record: &CodeRecord) -> Self {
        Self {
            id: record.id,
            mentor: record.mentor.clone(),
            org: record.org.clone(),
            code: record.code.clone(),
            user_type: record.terms.user_type,
            program: record.terms.program,
            max_referrals: record.terms.max_referrals,
            expires_at: record.terms.expires_at,
            created_at: record.created_at,
            deactivated_at: record.deactivated_at,
            invalidated_at: record.invalidated_at,
            confirmed: None,
        }
    }
}

impl From<CodeItem> for CodeRecord {
    fn from(item: CodeItem) -> Self {
        Self {
            id: item.id,
            mentor: item.mentor,
            org: item.org,
            code: item.code,
            terms: CodeTerms {
                user_type: item.user_type,
                program: item.program,
                max_referrals: item.max_referrals,
                expires_at: item.expires_at,
            },
            created_at: item.created_at,
            deactivated_at: item.deactivated_at,
            invalidated_at: item.invalidated_at,
        }
    }
}

macro_rules! code_role {
    ($(#[$doc:meta])* $name:ident, $kind:literal, |$item:ident| $keys:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(CodeItem);

        impl Entity for $name {
            const KIND: &'static str = $kind;

            fn keys(&self) -> Keys {
                let $item = &self.0;
                $keys
            }
        }

        impl From<&CodeRecord> for $name {
            fn from(record: &CodeRecord) -> Self {
                Self(record.into())
            }
        }

        impl From<$name> for CodeRecord {
            fn from(role: $name) -> Self {
                role.0.into()
            }
        }
    };
}

code_role!(
    /// The truth about a code, found by the code. The only item of a code that is never
    /// deleted: as a tombstone it keeps the string from being issued again.
    CodeTruth,
    "code",
    |item| keys::code(&item.code.folded()).into()
);

code_role!(
    /// A code's entry in the log of codes: found by id, listed by mentor and organisation.
    CodeEntry,
    "code_entry",
    |item| keys::code_log_entry(item.id, &item.mentor, &item.org)
);

code_role!(
    /// The one active code of a mentor in an organisation.
    ActiveCode,
    "active_code",
    |item| keys::active_code(&item.mentor, &item.org).into()
);

impl CodeTruth {
    /// How many referrals the code has confirmed.
    pub fn confirmed(&self) -> i64 {
        self.0.confirmed.unwrap_or(0)
    }

    /// Who owns the code.
    pub fn owner(&self) -> (&MentorId, &OrgId) {
        (&self.0.mentor, &self.0.org)
    }
}

/// A click and what became of it: a fact of the log of attributions. Its tombstone keeps
/// owner, code and day, so that folding and deleting cannot race.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttributionItem {
    #[serde(rename = "sk")]
    pub id: AttributionId,
    pub mentor: MentorId,
    pub org: OrgId,
    pub code: Code,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ip_address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    user_agent: Option<UserAgent>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    referrer_url: Option<ReferrerUrl>,
    pub occurred_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    new_member: Option<MemberId>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    confirmed_at: Option<Timestamp>,
    /// Seconds since 1970, where the operator lets unconfirmed clicks go.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    expires: Option<i64>,
}

impl Entity for AttributionItem {
    const KIND: &'static str = "click";

    fn keys(&self) -> Keys {
        keys::attribution_log_entry(self.id, &self.mentor, &self.org)
    }
}

impl From<&Attribution> for AttributionItem {
    fn from(attribution: &Attribution) -> Self {
        let conversion = attribution.conversion.as_ref();
        Self {
            id: attribution.id,
            mentor: attribution.mentor.clone(),
            org: attribution.org.clone(),
            code: attribution.code.clone(),
            ip_address: attribution.visitor.ip_address,
            user_agent: attribution.visitor.user_agent.clone(),
            referrer_url: attribution.visitor.referrer_url.clone(),
            occurred_at: attribution.occurred_at,
            new_member: conversion.map(|c| c.member.clone()),
            confirmed_at: conversion.map(|c| c.confirmed_at),
            expires: None,
        }
    }
}

impl From<AttributionItem> for Attribution {
    fn from(item: AttributionItem) -> Self {
        Self {
            id: item.id,
            code: item.code,
            mentor: item.mentor,
            org: item.org,
            visitor: Visitor {
                ip_address: item.ip_address,
                user_agent: item.user_agent,
                referrer_url: item.referrer_url,
            },
            occurred_at: item.occurred_at,
            conversion: item
                .new_member
                .zip(item.confirmed_at)
                .map(|(member, confirmed_at)| Conversion {
                    member,
                    confirmed_at,
                }),
        }
    }
}

impl AttributionItem {
    /// The item with a time, in seconds since 1970, from which DynamoDB may delete it.
    pub fn expiring(self, expires: Option<i64>) -> Self {
        Self { expires, ..self }
    }
}

/// A fact of change in the log of attributions, written in the transaction of its cause: a
/// conversion adds, a deletion takes away what its attribution had added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttributionChange {
    #[serde(rename = "sk")]
    pub id: AttributionId,
    pub mentor: MentorId,
    pub org: OrgId,
    pub code: Code,
    /// 1 for a conversion, -1 for a deletion.
    pub sign: i64,
    /// The day of the click, where the change concerns the click.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub clicked_on: Option<NaiveDate>,
    /// The day of the conversion, where there was one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub converted_on: Option<NaiveDate>,
    pub expires: i64,
}

impl Entity for AttributionChange {
    const KIND: &'static str = "change";

    fn keys(&self) -> Keys {
        keys::attribution_log_entry(self.id, &self.mentor, &self.org)
    }
}

/// The fact that a code's record was deleted, in the log of codes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CodeRemoval {
    #[serde(rename = "sk")]
    pub id: CodeId,
    pub mentor: MentorId,
    pub org: OrgId,
    pub expires: i64,
}

impl Entity for CodeRemoval {
    const KIND: &'static str = "code_removal";

    fn keys(&self) -> Keys {
        keys::code_log_entry(self.id, &self.mentor, &self.org)
    }
}

/// Which attribution holds a member of an organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberGuard {
    pub org: OrgId,
    pub member: MemberId,
    pub attribution: AttributionId,
}

impl Entity for MemberGuard {
    const KIND: &'static str = "member";

    fn keys(&self) -> Keys {
        keys::member_guard(&self.org, &self.member).into()
    }
}

/// What an item of a log is, by its kind.
pub enum LogItem {
    Click(AttributionItem),
    Change(AttributionChange),
    Code(CodeEntry),
    CodeRemoval(CodeRemoval),
}

impl LogItem {
    /// Reads an item of a log, tombstones included: they are facts still.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for what no log holds.
    pub fn read(item: Item) -> Result<Self, StoreError> {
        let kind = item
            .get(KIND)
            .and_then(|kind| kind.as_s().ok())
            .cloned()
            .unwrap_or_default();
        Ok(match kind.as_str() {
            AttributionItem::KIND => Self::Click(serde_dynamo::from_item(item)?),
            AttributionChange::KIND => Self::Change(serde_dynamo::from_item(item)?),
            CodeEntry::KIND => Self::Code(serde_dynamo::from_item(item)?),
            CodeRemoval::KIND => Self::CodeRemoval(serde_dynamo::from_item(item)?),
            other => {
                return Err(StoreError::corrupt(format!(
                    "a log holds an item of kind {other:?}"
                )));
            }
        })
    }

    /// Whom the fact is about.
    pub fn owner(&self) -> (&MentorId, &OrgId) {
        match self {
            Self::Click(click) => (&click.mentor, &click.org),
            Self::Change(change) => (&change.mentor, &change.org),
            Self::Code(entry) => (&entry.0.mentor, &entry.0.org),
            Self::CodeRemoval(removal) => (&removal.mentor, &removal.org),
        }
    }

    /// The log that the item belongs to.
    pub fn log(&self) -> LogName {
        match self {
            Self::Click(_) | Self::Change(_) => LogName::Attributions,
            Self::Code(_) | Self::CodeRemoval(_) => LogName::Codes,
        }
    }
}
