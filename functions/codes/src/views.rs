//! Codes as the contract shows them.

use chrono::{DateTime, Utc};
use domain::codes::Rotation;
use domain::period::Period;
use domain::stats::Counts;
use domain::terms_in_force::TermsInForce;
use domain::{
    Code, CodeId, CodeRecord, CodeStatus, CountedCode, MentorId, OrgId, Program, Timestamp,
};
use serde::Serialize;
use web::csv::Columns;
use web::extract::ShortBase;
use web::settings::Settings;

/// What every view of a code begins with.
#[derive(Serialize)]
struct CodeFields {
    id: CodeId,
    mentor_id: MentorId,
    org_id: OrgId,
    code: Code,
    url: String,
    status: CodeStatus,
}

impl CodeFields {
    fn new(record: CodeRecord, settings: &Settings, at: DateTime<Utc>) -> Self {
        Self {
            id: record.id,
            url: settings.join_url(&record.code).into(),
            status: record.status(at),
            mentor_id: record.mentor,
            org_id: record.org,
            code: record.code,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct CodeView {
    #[serde(flatten)]
    fields: CodeFields,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
}

impl Columns for CodeView {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "mentor_id",
        "org_id",
        "code",
        "url",
        "status",
        "created_at",
        "expires_at",
    ];
}

impl CodeView {
    /// The code with its status as of `at`.
    pub(crate) fn new(record: CodeRecord, settings: &Settings, at: DateTime<Utc>) -> Self {
        Self {
            created_at: record.created_at,
            expires_at: record.terms.expires_at,
            fields: CodeFields::new(record, settings, at),
        }
    }
}

/// The code that a rotation made, and the one before it.
#[derive(Serialize)]
pub(crate) struct RotatedView {
    #[serde(flatten)]
    fields: CodeFields,
    previous_code: Code,
    rotated_at: Timestamp,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
}

impl RotatedView {
    pub(crate) fn new(rotation: Rotation, settings: &Settings, at: DateTime<Utc>) -> Self {
        let record = rotation.new;
        Self {
            previous_code: rotation.previous,
            rotated_at: record.created_at,
            created_at: record.created_at,
            expires_at: record.terms.expires_at,
            fields: CodeFields::new(record, settings, at),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct InvalidatedView {
    id: CodeId,
    status: CodeStatus,
    invalidated_at: Option<Timestamp>,
}

impl InvalidatedView {
    pub(crate) fn new(record: CodeRecord, at: DateTime<Utc>) -> Self {
        Self {
            id: record.id,
            status: record.status(at),
            invalidated_at: record.invalidated_at,
        }
    }
}

/// A code and the two links that carry it.
#[derive(Serialize)]
pub(crate) struct LinksView {
    code: Code,
    url: String,
    short_url: String,
    generated_at: Timestamp,
}

impl LinksView {
    pub(crate) fn new(
        code: Code,
        settings: &Settings,
        short_base: &ShortBase,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            url: settings.join_url(&code).into(),
            short_url: short_base.url(&code),
            generated_at: now.into(),
            code,
        }
    }
}

/// The totals of one code: those of a mentor, for this code alone.
#[derive(Serialize)]
pub(crate) struct StatsView {
    id: CodeId,
    code: Code,
    total_clicks: i64,
    total_conversions: i64,
    conversion_rate: f64,
    period: Period,
}

impl StatsView {
    pub(crate) fn new(record: CodeRecord, counts: Counts, period: Period) -> Self {
        Self {
            id: record.id,
            code: record.code,
            total_clicks: counts.clicks,
            total_conversions: counts.conversions,
            conversion_rate: counts.conversion_rate(),
            period,
        }
    }
}

/// The terms that a code has now, and how far its referrals have used its limit up.
#[derive(Serialize)]
pub(crate) struct TermsView {
    id: CodeId,
    code: Code,
    status: CodeStatus,
    terms: TermsInForce,
    confirmed_referrals: i64,
    limit_reached: bool,
}

impl TermsView {
    /// The terms of `code` under `program`, its program.
    pub(crate) fn new(code: &CountedCode, program: Option<&Program>, now: DateTime<Utc>) -> Self {
        Self {
            id: code.record.id,
            code: code.record.code.clone(),
            status: code.record.status(now),
            terms: code.terms_in_force(program),
            confirmed_referrals: code.confirmed.max(0),
            limit_reached: code.limit_reached(program),
        }
    }
}
