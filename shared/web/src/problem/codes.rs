//! What a refused operation on a code is answered.

use super::{Problem, no_such_record};
use axum::http::StatusCode;
use domain::code_change::ChangeRefusal;
use domain::code_fields::FieldsNotPermitted;
use domain::codes::{CreateRefusal, RetireRefusal};
use domain::terms::TermsRefusal;
use domain::{CodeRecord, CodeStatus};

impl From<CreateRefusal> for Problem {
    fn from(refusal: CreateRefusal) -> Self {
        match refusal {
            CreateRefusal::OutOfScope => Self::forbidden(),
            CreateRefusal::Terms(refusal) => refusal.into(),
            CreateRefusal::PairHasActive(active) => pair_has_active(&active),
            CreateRefusal::TermsDiffer { existing, terms } => {
                let differ = Self::conflict(
                    "terms_differ",
                    format!("This mentor has an active code in this organisation, with other terms: {}.", existing.id),
                )
                .with_member("code_id", existing.id);
                terms.into_iter().fold(differ, |problem, term| {
                    problem.with_field(term.name(), "is not what the code has")
                })
            }
            CreateRefusal::CodeTaken => Self::conflict(
                "code_taken",
                "This code, or one that reads the same, was issued before. A code is never issued twice.",
            )
            .with_field("code", "is taken"),
        }
    }
}

impl From<FieldsNotPermitted> for Problem {
    fn from(FieldsNotPermitted(fields): FieldsNotPermitted) -> Self {
        let names: Vec<_> = fields.iter().map(|field| field.name()).collect();
        let problem = Self::new(
            StatusCode::FORBIDDEN,
            "field_not_permitted",
            format!(
                "Your role does not allow you to choose {}.",
                names.join(", ")
            ),
        );
        names.into_iter().fold(problem, |problem, name| {
            problem.with_field(name, "is not yours to choose")
        })
    }
}

impl From<TermsRefusal> for Problem {
    fn from(refusal: TermsRefusal) -> Self {
        match refusal {
            TermsRefusal::ExpiresInThePast => Self::unprocessable(
                "expires_in_the_past",
                "A code is given an end in the future.",
            )
            .with_field("expires_at", "is in the past"),
            TermsRefusal::ProgramNotFound => {
                Self::unprocessable("program_not_found", "There is no such referral program.")
                    .with_field(
                        "referral_program_id",
                        "is not a program of this organisation",
                    )
            }
            TermsRefusal::ProgramArchived => Self::unprocessable(
                "program_archived",
                "This referral program is archived and takes no new codes.",
            )
            .with_field("referral_program_id", "is archived"),
            TermsRefusal::ProgramEnded => Self::unprocessable(
                "program_ended",
                "This referral program has ended and takes no new codes.",
            )
            .with_field("referral_program_id", "has ended"),
        }
    }
}

impl From<ChangeRefusal> for Problem {
    fn from(refusal: ChangeRefusal) -> Self {
        match refusal {
            ChangeRefusal::NotFound => no_such_record(),
            ChangeRefusal::Status(status) => wrong_status(status),
            ChangeRefusal::Replaced(Some(active)) => replaced(&active),
            ChangeRefusal::Replaced(None) => {
                Self::conflict("code_inactive", "The code was replaced, for good.")
            }
            ChangeRefusal::Terms(refusal) => refusal.into(),
            ChangeRefusal::PairHasActive(active) => pair_has_active(&active),
        }
    }
}

impl From<RetireRefusal> for Problem {
    fn from(refusal: RetireRefusal) -> Self {
        match refusal {
            RetireRefusal::NotFound => no_such_record(),
            RetireRefusal::Status(status) => wrong_status(status),
            RetireRefusal::Replaced(active) => replaced(&active),
            RetireRefusal::OtherMentor => {
                Self::unprocessable("mentor_mismatch", "This code belongs to another mentor.")
                    .with_field("mentor_id", "is not the owner of the code")
            }
            RetireRefusal::InTheFuture => Self::unprocessable(
                "deactivated_in_the_future",
                "A code is deactivated now or in the past.",
            )
            .with_field("deactivated_at", "is more than five minutes ahead"),
        }
    }
}

/// 409: the pair's active code is `active`.
fn pair_has_active(active: &CodeRecord) -> Problem {
    let detail = format!(
        "This mentor has an active code in this organisation: {}.",
        active.id
    );
    Problem::conflict("active_code_exists", detail).with_member("code_id", active.id)
}

/// 409: the code's status does not allow it.
fn wrong_status(status: CodeStatus) -> Problem {
    let (code, detail) = match status {
        CodeStatus::Active => ("code_active", "The code is active."),
        CodeStatus::Inactive => ("code_inactive", "The code is no longer active."),
        CodeStatus::Invalidated => ("code_invalidated", "The code is invalidated, for good."),
        CodeStatus::Expired => ("code_expired", "The code has expired."),
    };
    Problem::conflict(code, detail)
}

/// 409: the code was replaced by `active`.
fn replaced(active: &CodeRecord) -> Problem {
    Problem::conflict(
        "code_inactive",
        format!(
            "The code is no longer active. The active code is {}, {}.",
            active.code, active.id
        ),
    )
    .with_member("code_id", active.id)
}
