//! The optional fields that both ways of making a code take.

use super::Problem;
use crate::domain::code_record::{CodeTerms, ReferralLimit};
use crate::domain::{ProgramId, Timestamp, UserType};
use chrono::{DateTime, Utc};

/// What a caller gave of a new code's terms.
#[derive(Debug, Default)]
pub struct GivenTerms {
    pub user_type: Option<UserType>,
    pub referral_program_id: Option<ProgramId>,
    pub max_referrals: Option<ReferralLimit>,
    pub expires_at: Option<Timestamp>,
}

impl GivenTerms {
    /// The terms as they hold from `now` on.
    ///
    /// # Errors
    /// 422 for an end in the past, or a program that does not exist.
    pub fn check(self, now: DateTime<Utc>) -> Result<CodeTerms, Problem> {
        if self.expires_at.is_some_and(|end| end.instant() <= now) {
            return Err(Problem::refused(
                "expires_in_the_past",
                "A new code cannot have expired already.",
            )
            .with_field("expires_at", "lies in the past"));
        }
        if self.referral_program_id.is_some() {
            return Err(Problem::refused(
                "program_not_found",
                "There is no such referral program.",
            )
            .with_field(
                "referral_program_id",
                "is not a program of this organisation",
            ));
        }
        Ok(CodeTerms {
            user_type: self.user_type.unwrap_or_default(),
            program: None,
            max_referrals: self.max_referrals,
            expires_at: self.expires_at,
        })
    }
}
