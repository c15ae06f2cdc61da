//! The items of an attribution: the click in its log, the facts that change it, and the guard
//! that keeps a member at one referrer.

use crate::entity::Entity;
use crate::keys::{self, Key, Keys};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::attribution::{Conversion, ReferrerUrl, UserAgent, Visitor};
use domain::usage::Confirmed;
use domain::{
    Attribution, AttributionId, Code, CodeId, MemberId, MentorId, OrgId, ProgramId, Recruitment,
    Source, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// How long the tombstone of an unconfirmed click and the fact of its removal are kept, which
/// add to nothing: far longer than folding may ever lag behind. Every other fact stays, so that
/// roll-ups can be written anew.
pub(crate) const CHANGE_RETENTION: TimeDelta = TimeDelta::days(14);

/// A click and what became of it: a fact of the log of attributions. Its tombstone keeps
/// owner, code and day, so that folding and deleting cannot race. A recruitment without a click
/// is one as well: it is the fact of its conversion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct AttributionItem {
    #[serde(rename = "sk")]
    pub(crate) id: AttributionId,
    pub(crate) mentor: MentorId,
    pub(crate) org: OrgId,
    pub(crate) code: Code,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    program: Option<ProgramId>,
    #[serde(skip_serializing_if = "is_click", default)]
    source: Source,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ip_address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    user_agent: Option<UserAgent>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    referrer_url: Option<ReferrerUrl>,
    pub(crate) occurred_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    new_member: Option<MemberId>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    confirmed_at: Option<Timestamp>,
    /// Seconds since 1970, where the operator lets unconfirmed clicks go.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    expires: Option<i64>,
    /// Whether the conversion is counted on its code.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    is_counted: Option<bool>,
    /// The idempotency key that the click was recorded under, hashed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    made_under: Option<String>,
}

/// What an item without a source is.
fn is_click(source: &Source) -> bool {
    *source == Source::Click
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
            program: attribution.program,
            source: attribution.source,
            ip_address: attribution.visitor.ip_address,
            user_agent: attribution.visitor.user_agent.clone(),
            referrer_url: attribution.visitor.referrer_url.clone(),
            occurred_at: attribution.occurred_at,
            new_member: conversion.map(|c| c.member.clone()),
            confirmed_at: conversion.map(|c| c.confirmed_at),
            expires: attribution.expires_at.map(Timestamp::epoch_seconds),
            is_counted: None,
            made_under: None,
        }
    }
}

impl From<AttributionItem> for Attribution {
    fn from(item: AttributionItem) -> Self {
        Self {
            id: item.id,
            source: item.source,
            program: item.program,
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
            expires_at: item
                .expires
                .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
                .map(Timestamp::from),
        }
    }
}

impl AttributionItem {
    /// Whether the click has ceased to exist at `now`, unconfirmed.
    pub(crate) fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.confirmed_at.is_none() && self.expires.is_some_and(|end| end <= now.timestamp())
    }

    /// The item of a click that is recorded under an idempotency key.
    pub(crate) fn made_under(mut self, hash: Option<&str>) -> Self {
        self.made_under = hash.map(ToOwned::to_owned);
        self
    }

    /// The key that it was recorded under, hashed.
    pub(crate) fn key_hash(&self) -> Option<&str> {
        self.made_under.as_deref()
    }

    /// The item of a recruitment that its code has counted, or not.
    pub(crate) fn counted(mut self, is_counted: bool) -> Self {
        self.is_counted = is_counted.then_some(true);
        self
    }

    /// Where the guard of its member is, if it is confirmed.
    pub(crate) fn guard_key(&self) -> Option<Key> {
        let member = self.new_member.as_ref()?;
        Some(keys::member_guard(&self.org, member))
    }

    /// Whether the click became a conversion.
    pub(crate) fn is_confirmed(&self) -> bool {
        self.confirmed_at.is_some()
    }

    /// Whether its code counted the conversion.
    pub(crate) fn confirmed_as(&self) -> Confirmed {
        match self.is_counted {
            Some(true) => Confirmed::Counted,
            Some(false) | None => Confirmed::Uncounted,
        }
    }

    /// The code that was clicked.
    pub(crate) fn code(&self) -> &Code {
        &self.code
    }

    /// The key that it was recorded under, hashed, and when that was.
    pub(crate) fn origin(&self) -> (Option<&str>, DateTime<Utc>) {
        (self.made_under.as_deref(), self.id.made_at())
    }
}

/// A fact of change in the log of attributions, written in the transaction of its cause: a
/// conversion adds, a deletion takes away what its attribution had added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct AttributionChange {
    #[serde(rename = "sk")]
    pub(crate) id: AttributionId,
    pub(crate) mentor: MentorId,
    pub(crate) org: OrgId,
    pub(crate) code: Code,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) program: Option<ProgramId>,
    /// Of what conversion.
    #[serde(skip_serializing_if = "is_click", default)]
    pub(crate) source: Source,
    /// 1 for a conversion, -1 for a deletion.
    pub(crate) sign: i64,
    /// What was confirmed, in the fact of a conversion: whose visitor is forgotten by it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) attribution: Option<AttributionId>,
    /// The day of the click, where the change concerns the click.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) clicked_on: Option<NaiveDate>,
    /// The day of the conversion, where there was one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) converted_on: Option<NaiveDate>,
    /// Seconds since 1970, where the change takes away all that was added: the deletion of a
    /// click that was not confirmed. Its tombstone expires then, too.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) expires: Option<i64>,
}

impl Entity for AttributionChange {
    const KIND: &'static str = "change";

    fn keys(&self) -> Keys {
        keys::attribution_log_entry(self.id, &self.mentor, &self.org)
    }
}

/// The fact that a code's record was deleted, in the log of codes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CodeRemoval {
    #[serde(rename = "sk")]
    pub(crate) id: CodeId,
    pub(crate) mentor: MentorId,
    pub(crate) org: OrgId,
}

impl Entity for CodeRemoval {
    const KIND: &'static str = "code_removal";

    fn keys(&self) -> Keys {
        keys::code_log_entry(self.id, &self.mentor, &self.org)
    }
}

/// Which attribution holds a member of an organisation, and all of the recruitment: the indexes
/// list it. Guards of before have the attribution alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct MemberGuard {
    pub(crate) org: OrgId,
    pub(crate) member: MemberId,
    pub(crate) attribution: AttributionId,
    #[serde(skip_serializing_if = "is_click", default)]
    source: Source,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    mentor: Option<MentorId>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    code: Option<Code>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    confirmed_at: Option<Timestamp>,
}

impl From<&Recruitment> for MemberGuard {
    fn from(of: &Recruitment) -> Self {
        Self {
            org: of.org.clone(),
            member: of.member.clone(),
            attribution: of.id,
            source: of.source,
            mentor: Some(of.mentor.clone()),
            code: Some(of.code.clone()),
            confirmed_at: Some(of.confirmed_at),
        }
    }
}

impl MemberGuard {
    /// The guard of the same recruitment under another name of its member.
    pub(crate) fn renamed(&self, member: MemberId) -> Self {
        Self {
            member,
            ..self.clone()
        }
    }

    /// The recruitment; `None` where the guard is from before it held that.
    pub(crate) fn recruitment(&self) -> Option<Recruitment> {
        Some(Recruitment {
            id: self.attribution,
            source: self.source,
            code: self.code.clone()?,
            mentor: self.mentor.clone()?,
            org: self.org.clone(),
            member: self.member.clone(),
            confirmed_at: self.confirmed_at?,
        })
    }
}

impl Entity for MemberGuard {
    const KIND: &'static str = "member";

    fn keys(&self) -> Keys {
        match self.recruitment() {
            Some(recruitment) => keys::recruitment(&recruitment),
            None => keys::member_guard(&self.org, &self.member).into(),
        }
    }
}
