//! Programs as they are shown.

use domain::code_record::ReferralLimit;
use domain::program::{Days, EligibleUserTypes, ProgramName, ProgramRemoval};
use domain::{CurrencyId, OrgId, Program, ProgramId, ProgramStatus, Timestamp};
use serde::Serialize;
use web::csv::Columns;

#[derive(Serialize)]
pub(crate) struct ProgramView {
    id: ProgramId,
    org_id: OrgId,
    name: ProgramName,
    currency_id: CurrencyId,
    eligible_user_types: EligibleUserTypes,
    max_referrals_per_code: Option<ReferralLimit>,
    attribution_window_days: Option<Days>,
    code_ttl_days: Option<Days>,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    status: ProgramStatus,
    created_at: Timestamp,
    archived_at: Option<Timestamp>,
}

impl Columns for ProgramView {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "org_id",
        "name",
        "currency_id",
        "eligible_user_types",
        "max_referrals_per_code",
        "attribution_window_days",
        "code_ttl_days",
        "starts_at",
        "ends_at",
        "status",
        "created_at",
        "archived_at",
    ];
}

impl From<Program> for ProgramView {
    fn from(program: Program) -> Self {
        Self {
            id: program.id,
            status: program.status(),
            created_at: program.created_at(),
            org_id: program.org,
            name: program.terms.name,
            currency_id: program.terms.currency,
            eligible_user_types: program.terms.user_types,
            max_referrals_per_code: program.terms.max_referrals_per_code,
            attribution_window_days: program.terms.attribution_window,
            code_ttl_days: program.terms.code_ttl,
            starts_at: program.terms.starts_at,
            ends_at: program.terms.ends_at,
            archived_at: program.archived_at,
        }
    }
}

/// What became of a program that was to be deleted: it is gone, or archived because codes
/// refer to it.
#[derive(Serialize)]
pub(crate) struct RemovedView {
    id: ProgramId,
    deleted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<ProgramStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    archived_at: Option<Timestamp>,
}

impl RemovedView {
    pub(crate) fn new(id: ProgramId, removal: ProgramRemoval) -> Self {
        let (deleted_at, archived_at) = match removal {
            ProgramRemoval::Deleted(at) => (Some(at), None),
            ProgramRemoval::Archived(at) => (None, Some(at)),
        };
        Self {
            id,
            deleted: deleted_at.is_some(),
            deleted_at,
            status: archived_at.map(|_| ProgramStatus::Archived),
            archived_at,
        }
    }
}
