//! What an event says of the record that was changed.

use crate::Attribution;
use crate::attribution::Source;
use crate::clock::Timestamp;
use crate::code::Code;
use crate::code_record::{CodeRecord, CodeStatus, ReferralLimit, UserType};
use crate::ids::{AttributionId, CodeId, CurrencyId, ProgramId};
use crate::privacy::Pseudonym;
use crate::program::{Days, EligibleUserTypes, Program, ProgramName, ProgramStatus};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A code after the change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeState {
    /// Of its record.
    pub id: CodeId,
    /// Its string.
    pub code: Code,
    /// At the moment of the change.
    pub status: CodeStatus,
    /// Whom it serves.
    pub user_type: UserType,
    /// Its program.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub referral_program_id: Option<ProgramId>,
    /// Its own limit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub max_referrals: Option<ReferralLimit>,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was made inactive.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub deactivated_at: Option<Timestamp>,
    /// The code in whose place it was made.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub previous: Option<PreviousCode>,
}

impl CodeState {
    /// `record` as it is at `now`.
    pub fn new(record: &CodeRecord, now: DateTime<Utc>) -> Self {
        Self {
            id: record.id,
            code: record.code.clone(),
            status: record.status(now),
            user_type: record.terms.user_type,
            referral_program_id: record.terms.program,
            max_referrals: record.terms.max_referrals,
            expires_at: record.terms.expires_at,
            created_at: record.created_at,
            deactivated_at: record.deactivated_at,
            previous: None,
        }
    }

    /// The same of a code that was made in the place of `previous`.
    pub fn replacing(self, previous: &CodeRecord) -> Self {
        let previous = PreviousCode {
            id: previous.id,
            code: previous.code.clone(),
        };
        Self {
            previous: Some(previous),
            ..self
        }
    }
}

/// A code that another has replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousCode {
    /// Of its record.
    pub id: CodeId,
    /// Its string.
    pub code: Code,
}

/// A click or recruitment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributionState {
    /// Of its record.
    pub id: AttributionId,
    /// The code that led to it.
    pub code: Code,
    /// Whether a click came first.
    pub source: Source,
    /// When it was clicked, or entered.
    pub occurred_at: Timestamp,
    /// When somebody joined.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub confirmed_at: Option<Timestamp>,
}

impl From<&Attribution> for AttributionState {
    fn from(attribution: &Attribution) -> Self {
        let conversion = attribution.conversion.as_ref();
        Self {
            id: attribution.id,
            code: attribution.code.clone(),
            source: attribution.source,
            occurred_at: attribution.occurred_at,
            confirmed_at: conversion.map(|conversion| conversion.confirmed_at),
        }
    }
}

/// A limit, and the referral that has used it up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachedLimit {
    /// The record of the code that counts.
    pub id: CodeId,
    /// Its string.
    pub code: Code,
    /// The code's own limit, or its program's.
    pub limit: ReferralLimit,
    /// The recruitment that was the last one.
    pub attribution_id: AttributionId,
}

/// A program after the change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramState {
    /// Its id.
    pub id: ProgramId,
    /// What people call it.
    pub name: ProgramName,
    /// Whether new codes may be made under it.
    pub status: ProgramStatus,
    /// The currency of its rewards.
    pub currency_id: CurrencyId,
    /// Whom its codes serve.
    pub eligible_user_types: EligibleUserTypes,
    /// What a code is limited to that names no limit of its own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub max_referrals_per_code: Option<ReferralLimit>,
    /// How long after the click a recruitment may be confirmed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub attribution_window_days: Option<Days>,
    /// When a code expires that names no end of its own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code_ttl_days: Option<Days>,
    /// Codes are used from this point on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub starts_at: Option<Timestamp>,
    /// Codes are used before this point.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ends_at: Option<Timestamp>,
}

impl From<&Program> for ProgramState {
    fn from(program: &Program) -> Self {
        let terms = program.terms.clone();
        Self {
            id: program.id,
            name: terms.name,
            status: program.status(),
            currency_id: terms.currency,
            eligible_user_types: terms.user_types,
            max_referrals_per_code: terms.max_referrals_per_code,
            attribution_window_days: terms.attribution_window,
            code_ttl_days: terms.code_ttl,
            starts_at: terms.starts_at,
            ends_at: terms.ends_at,
        }
    }
}

/// The erasure of a member: whoever holds an earlier event of the attribution knows whose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// What has taken the member's place.
    pub pseudonym: Pseudonym,
    /// The member's recruitment, if there was one still.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub attribution_id: Option<AttributionId>,
}
