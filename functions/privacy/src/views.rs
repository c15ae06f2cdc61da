//! Exports and receipts, as they are answered.

use crate::query::cursor;
use domain::attribution::{ReferrerUrl, UserAgent};
use domain::privacy::{Receipt, Tally};
use domain::{
    Attribution, AttributionId, Code, CodeId, CodeRecord, MemberId, MentorId, OrgId, Pseudonym,
    Timestamp,
};
use serde::Serialize;
use std::net::IpAddr;
use store::privacy::{ExportPage, ExportRecord};

/// What an erasure has done.
#[derive(Serialize)]
pub(crate) struct ReceiptView {
    id: Option<Pseudonym>,
    org_id: OrgId,
    status: ErasureStatus,
    erased: Tally,
    continues_at: Option<Timestamp>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum ErasureStatus {
    UnderWay,
    Done,
}

impl From<Receipt> for ReceiptView {
    fn from(receipt: Receipt) -> Self {
        Self {
            status: if receipt.is_complete() {
                ErasureStatus::Done
            } else {
                ErasureStatus::UnderWay
            },
            id: receipt.pseudonym,
            org_id: receipt.org,
            erased: receipt.erased,
            continues_at: receipt.continues_at,
        }
    }
}

/// A page of an export.
#[derive(Serialize)]
pub(crate) struct ExportView {
    data: Vec<RecordView>,
    counts: Tally,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl From<ExportPage> for ExportView {
    fn from(page: ExportPage) -> Self {
        Self {
            data: page.records.into_iter().map(RecordView::from).collect(),
            counts: page.tally,
            next_cursor: page.next.as_ref().map(cursor),
        }
    }
}

/// Something that names the person.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum RecordView {
    Code {
        id: CodeId,
        code: Code,
        mentor_id: MentorId,
        org_id: OrgId,
        created_at: Timestamp,
        deactivated_at: Option<Timestamp>,
        is_deleted: bool,
    },
    Attribution {
        id: AttributionId,
        code: Code,
        mentor_id: MentorId,
        org_id: OrgId,
        ip_address: Option<IpAddr>,
        user_agent: Option<UserAgent>,
        referrer_url: Option<ReferrerUrl>,
        occurred_at: Timestamp,
        new_member_id: Option<MemberId>,
        confirmed_at: Option<Timestamp>,
    },
    Change {
        id: String,
        org_id: OrgId,
    },
    Guard {
        attribution_id: AttributionId,
    },
    KeptAnswer {
        given_at: Timestamp,
    },
    Statistic {
        org_id: Option<String>,
        code: Option<String>,
        month: Option<String>,
        clicks: i64,
        conversions: i64,
    },
}

impl From<ExportRecord> for RecordView {
    fn from(record: ExportRecord) -> Self {
        match record {
            ExportRecord::Code { record, is_deleted } => Self::of_code(*record, is_deleted),
            ExportRecord::Attribution(attribution) => Self::of_attribution(*attribution),
            ExportRecord::Change { id, org } => Self::Change { id, org_id: org },
            ExportRecord::Guard { attribution } => Self::Guard {
                attribution_id: attribution,
            },
            ExportRecord::KeptAnswer { given_at } => Self::KeptAnswer { given_at },
            ExportRecord::Statistic {
                org,
                code,
                month,
                clicks,
                conversions,
            } => Self::Statistic {
                org_id: org,
                code,
                month,
                clicks,
                conversions,
            },
        }
    }
}

impl RecordView {
    fn of_code(record: CodeRecord, is_deleted: bool) -> Self {
        Self::Code {
            id: record.id,
            code: record.code,
            mentor_id: record.mentor,
            org_id: record.org,
            created_at: record.created_at,
            deactivated_at: record.deactivated_at,
            is_deleted,
        }
    }

    fn of_attribution(attribution: Attribution) -> Self {
        let conversion = attribution.conversion;
        Self::Attribution {
            id: attribution.id,
            code: attribution.code,
            mentor_id: attribution.mentor,
            org_id: attribution.org,
            ip_address: attribution.visitor.ip_address,
            user_agent: attribution.visitor.user_agent,
            referrer_url: attribution.visitor.referrer_url,
            occurred_at: attribution.occurred_at,
            confirmed_at: conversion
                .as_ref()
                .map(|conversion| conversion.confirmed_at),
            new_member_id: conversion.map(|conversion| conversion.member),
        }
    }
}
