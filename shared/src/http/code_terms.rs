//! The optional fields that both ways of making a code take.

use super::{App, Problem};
use crate::domain::code_record::{CodeTerms, ReferralLimit};
use crate::domain::{OrgId, Program, ProgramId, ProgramStatus, Timestamp, UserType};
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
    /// The terms of a code of `org` as they hold from `now` on: where the caller gave no
    /// limit or end, those that the program gives.
    ///
    /// # Errors
    /// 422 for an end in the past, and for a program that `org` does not have or that takes
    /// no new codes; 5xx when DynamoDB does not answer.
    pub async fn check(
        self,
        app: &App,
        org: &OrgId,
        now: DateTime<Utc>,
    ) -> Result<CodeTerms, Problem> {
        if self.expires_at.is_some_and(|end| end.instant() <= now) {
            return Err(Problem::refused(
                "expires_in_the_past",
                "A new code cannot have expired already.",
            )
            .with_field("expires_at", "lies in the past"));
        }
        let program = match self.referral_program_id {
            None => None,
            Some(id) => Some(program_of(app, org, id, now).await?),
        };
        let given = program.as_ref().map(|program| &program.terms);
        Ok(CodeTerms {
            user_type: self.user_type.unwrap_or_default(),
            program: self.referral_program_id,
            max_referrals: self.max_referrals.or_else(|| given?.max_referrals_per_code),
            expires_at: self
                .expires_at
                .or_else(|| Some(given?.code_ttl?.after(now.into()))),
        })
    }
}

async fn program_of(
    app: &App,
    org: &OrgId,
    id: ProgramId,
    now: DateTime<Utc>,
) -> Result<Program, Problem> {
    let found = app.table.program_to_refer_to(id, now).await?;
    let program = found
        .filter(|program| program.org == *org)
        .ok_or_else(no_such_program)?;
    match program.status() {
        ProgramStatus::Active => Ok(program),
        ProgramStatus::Archived => Err(Problem::refused(
            "program_archived",
            "This referral program is archived and takes no new codes.",
        )
        .with_field("referral_program_id", "is archived")),
    }
}

/// 422: the organisation has no such program.
pub(super) fn no_such_program() -> Problem {
    Problem::refused("program_not_found", "There is no such referral program.").with_field(
        "referral_program_id",
        "is not a program of this organisation",
    )
}
