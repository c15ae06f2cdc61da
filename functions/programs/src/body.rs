//! What requests for programs hold: all of a program when it is made, any of it when it
//! changes.

use chrono::{DateTime, Utc};
use domain::code_record::ReferralLimit;
use domain::program::{Days, EligibleUserTypes, ProgramName, ProgramTerms};
use domain::{CurrencyId, OrgId, Program, ProgramStatus, Timestamp};
use serde::Deserialize;
use web::extract::given;

/// The filter of the list of programs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProgramQuery {
    pub(crate) org_id: Option<OrgId>,
    pub(crate) status: Option<ProgramStatus>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewProgramBody {
    org_id: OrgId,
    name: ProgramName,
    currency_id: CurrencyId,
    eligible_user_types: Option<EligibleUserTypes>,
    max_referrals_per_code: Option<ReferralLimit>,
    attribution_window_days: Option<Days>,
    code_ttl_days: Option<Days>,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    status: Option<ProgramStatus>,
}

impl NewProgramBody {
    pub(crate) fn program(self, now: DateTime<Utc>) -> Program {
        let terms = ProgramTerms {
            name: self.name,
            currency: self.currency_id,
            user_types: self.eligible_user_types.unwrap_or_default(),
            max_referrals_per_code: self.max_referrals_per_code,
            attribution_window: self.attribution_window_days,
            code_ttl: self.code_ttl_days,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
        };
        with_status(
            Program::new(self.org_id, terms, now),
            self.status.unwrap_or_default(),
            now,
        )
    }
}

/// A change of a program: a field that is left out stays, and `null` takes a term away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProgramChange {
    name: Option<ProgramName>,
    currency_id: Option<CurrencyId>,
    eligible_user_types: Option<EligibleUserTypes>,
    #[serde(default, deserialize_with = "given")]
    max_referrals_per_code: Option<Option<ReferralLimit>>,
    #[serde(default, deserialize_with = "given")]
    attribution_window_days: Option<Option<Days>>,
    #[serde(default, deserialize_with = "given")]
    code_ttl_days: Option<Option<Days>>,
    #[serde(default, deserialize_with = "given")]
    starts_at: Option<Option<Timestamp>>,
    #[serde(default, deserialize_with = "given")]
    ends_at: Option<Option<Timestamp>>,
    status: Option<ProgramStatus>,
}

impl ProgramChange {
    pub(crate) fn applied_to(&self, program: Program, now: DateTime<Utc>) -> Program {
        let old = program.terms.clone();
        let terms = ProgramTerms {
            name: self.name.clone().unwrap_or(old.name),
            currency: self.currency_id.clone().unwrap_or(old.currency),
            user_types: self.eligible_user_types.clone().unwrap_or(old.user_types),
            max_referrals_per_code: self
                .max_referrals_per_code
                .unwrap_or(old.max_referrals_per_code),
            attribution_window: self
                .attribution_window_days
                .unwrap_or(old.attribution_window),
            code_ttl: self.code_ttl_days.unwrap_or(old.code_ttl),
            starts_at: self.starts_at.unwrap_or(old.starts_at),
            ends_at: self.ends_at.unwrap_or(old.ends_at),
        };
        let status = self.status.unwrap_or(program.status());
        with_status(Program { terms, ..program }, status, now)
    }
}

/// The first archiving's time stays.
fn with_status(program: Program, status: ProgramStatus, now: DateTime<Utc>) -> Program {
    let archived_at = match status {
        ProgramStatus::Active => None,
        ProgramStatus::Archived => program.archived_at.or(Some(now.into())),
    };
    Program {
        archived_at,
        ..program
    }
}
