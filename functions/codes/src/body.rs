//! What a request for a code holds, beside what the lists and creations of both code
//! services share.

use domain::code_change::{CodeChange, StatusChange};
use domain::code_record::ReferralLimit;
use domain::period::Period;
use domain::{MentorId, ProgramId, Timestamp, UserType};
use serde::Deserialize;
use web::extract::given;
use web::problem::Problem;

/// The one change of a code that `PUT` makes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotationBody {
    mentor_id: MentorId,
    action: String,
}

impl RotationBody {
    /// Who must be the owner of the rotated code.
    ///
    /// # Errors
    /// 422 for any action but `rotate`.
    pub(crate) fn mentor(self) -> Result<MentorId, Problem> {
        if self.action == "rotate" {
            return Ok(self.mentor_id);
        }
        Err(
            Problem::unprocessable("action_not_allowed", "The only action is rotate.")
                .with_field("action", "must be rotate"),
        )
    }
}

/// A change of a code's terms: a field that is left out stays, and `null` takes a term away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeBody {
    #[serde(default, deserialize_with = "given")]
    user_type: Option<Option<UserType>>,
    #[serde(default, deserialize_with = "given")]
    referral_program_id: Option<Option<ProgramId>>,
    #[serde(default, deserialize_with = "given")]
    max_referrals: Option<Option<ReferralLimit>>,
    #[serde(default, deserialize_with = "given")]
    expires_at: Option<Option<Timestamp>>,
    status: Option<String>,
}

impl ChangeBody {
    /// What is to change.
    ///
    /// # Errors
    /// 422 for any status but `active`.
    pub(crate) fn change(self) -> Result<CodeChange, Problem> {
        let status = match self.status.as_deref() {
            None => StatusChange::Keep,
            Some("active") => StatusChange::Activate,
            Some(_) => {
                let detail = "A code can only be made active again here.";
                let problem = Problem::unprocessable("status_not_allowed", detail);
                return Err(problem.with_field("status", "must be active"));
            }
        };
        Ok(CodeChange {
            user_type: self.user_type.map(Option::unwrap_or_default),
            program: self.referral_program_id,
            max_referrals: self.max_referrals,
            expires_at: self.expires_at,
            status,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatsQuery {
    pub(crate) period: Option<Period>,
}
