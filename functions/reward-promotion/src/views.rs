//! What the contracts show in the envelope's `data`.

use domain::{CodeId, CountedCode, MentorId, Program, ProgramId, UserType};
use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct FoundView {
    referral_user: ReferralUser,
}

/// A code and whose it is.
#[derive(Serialize)]
struct ReferralUser {
    id: CodeId,
    user_type: UserType,
    user_id: MentorId,
    referral_code: String,
    referral_program_id: Option<ProgramId>,
    max_referral_limit_reach: bool,
}

impl FoundView {
    /// A code and `program`, its program.
    pub(crate) fn new(code: CountedCode, program: Option<&Program>) -> Self {
        let max_referral_limit_reach = code.limit_reached(program);
        let record = code.record;
        Self {
            referral_user: ReferralUser {
                id: record.id,
                user_type: record.terms.user_type,
                referral_program_id: record.terms.program,
                referral_code: record.code.to_string(),
                user_id: record.mentor,
                max_referral_limit_reach,
            },
        }
    }
}

#[derive(Serialize)]
pub(crate) struct ValidatedView {
    message: &'static str,
}

impl Default for ValidatedView {
    fn default() -> Self {
        Self {
            // As the contract spells it.
            message: "Reward promotion referal code validate",
        }
    }
}
