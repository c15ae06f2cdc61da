//! Code records as the contract shows them.

use chrono::{DateTime, Utc};
use domain::{Code, CodeId, CodeRecord, CodeStatus, MentorId, OrgId, Timestamp};
use serde::Serialize;
use web::csv::Columns;

#[derive(Serialize)]
pub(crate) struct RecordView {
    id: CodeId,
    mentor_id: MentorId,
    org_id: OrgId,
    code: Code,
    status: CodeStatus,
    created_at: Timestamp,
    deactivated_at: Option<Timestamp>,
}

impl Columns for RecordView {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "mentor_id",
        "org_id",
        "code",
        "status",
        "created_at",
        "deactivated_at",
    ];
}

impl RecordView {
    /// The record with its status as of `at`.
    pub(crate) fn new(record: CodeRecord, at: DateTime<Utc>) -> Self {
        Self {
            id: record.id,
            status: record.status(at),
            mentor_id: record.mentor,
            org_id: record.org,
            code: record.code,
            created_at: record.created_at,
            deactivated_at: record.deactivated_at,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct DeletedView {
    id: CodeId,
    deleted: bool,
    deleted_at: Timestamp,
}

impl DeletedView {
    pub(crate) fn new(id: CodeId, deleted_at: Timestamp) -> Self {
        Self {
            id,
            deleted: true,
            deleted_at,
        }
    }
}
