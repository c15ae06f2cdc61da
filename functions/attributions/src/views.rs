//! Attributions as the contract shows them: in full, when they are confirmed, and in the list
//! of their mentor.

use domain::attribution::{ReferrerUrl, UserAgent};
use domain::{
    Attribution, AttributionId, AttributionStatus, AttributionType, Code, MemberId, MentorId,
    Timestamp,
};
use serde::Serialize;
use std::net::IpAddr;
use web::csv::Columns;

/// What every view of an attribution begins with.
#[derive(Serialize)]
struct AttributionFields {
    id: AttributionId,
    code: Code,
    mentor_id: MentorId,
    r#type: AttributionType,
    status: AttributionStatus,
    new_member_id: Option<MemberId>,
}

impl From<Attribution> for AttributionFields {
    fn from(attribution: Attribution) -> Self {
        Self {
            id: attribution.id,
            r#type: attribution.kind(),
            status: attribution.status(),
            code: attribution.code,
            mentor_id: attribution.mentor,
            new_member_id: attribution.conversion.map(|conversion| conversion.member),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct AttributionView {
    #[serde(flatten)]
    fields: AttributionFields,
    ip_address: Option<IpAddr>,
    user_agent: Option<UserAgent>,
    referrer_url: Option<ReferrerUrl>,
    occurred_at: Timestamp,
    created_at: Timestamp,
}

impl Columns for AttributionView {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "code",
        "mentor_id",
        "type",
        "status",
        "new_member_id",
        "ip_address",
        "user_agent",
        "referrer_url",
        "occurred_at",
        "created_at",
    ];
}

impl From<Attribution> for AttributionView {
    fn from(mut attribution: Attribution) -> Self {
        let visitor = std::mem::take(&mut attribution.visitor);
        Self {
            ip_address: visitor.ip_address,
            user_agent: visitor.user_agent,
            referrer_url: visitor.referrer_url,
            occurred_at: attribution.occurred_at,
            created_at: attribution.created_at(),
            fields: attribution.into(),
        }
    }
}

/// A recruitment, as its confirmation answers.
#[derive(Serialize)]
pub(crate) struct ConfirmedView {
    #[serde(flatten)]
    fields: AttributionFields,
    confirmed_at: Option<Timestamp>,
    created_at: Timestamp,
}

impl From<Attribution> for ConfirmedView {
    fn from(attribution: Attribution) -> Self {
        let conversion = attribution.conversion.as_ref();
        Self {
            confirmed_at: conversion.map(|conversion| conversion.confirmed_at),
            created_at: attribution.created_at(),
            fields: attribution.into(),
        }
    }
}

/// An attribution in the list of its mentor, with when what it shows occurred: the click, or
/// the recruitment that it has become.
#[derive(Serialize)]
pub(crate) struct MentorsView {
    #[serde(flatten)]
    fields: AttributionFields,
    occurred_at: Timestamp,
}

impl Columns for MentorsView {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "code",
        "mentor_id",
        "type",
        "status",
        "new_member_id",
        "occurred_at",
    ];
}

impl From<Attribution> for MentorsView {
    fn from(attribution: Attribution) -> Self {
        let conversion = attribution.conversion.as_ref();
        Self {
            occurred_at: conversion.map_or(attribution.occurred_at, |conversion| {
                conversion.confirmed_at
            }),
            fields: attribution.into(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct DeletedView {
    id: AttributionId,
    deleted: bool,
    deleted_at: Timestamp,
}

impl DeletedView {
    pub(crate) fn new(id: AttributionId, deleted_at: Timestamp) -> Self {
        Self {
            id,
            deleted: true,
            deleted_at,
        }
    }
}
