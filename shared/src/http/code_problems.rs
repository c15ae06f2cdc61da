//! What a refused operation on a code is answered, by every function that changes codes.

use super::Problem;
use super::code_terms::no_such_program;
use super::extract::no_such_record;
use crate::domain::CodeStatus;
use crate::store::TransactError;
use crate::store::codes::{CreateRefusal, RetireRefusal};

impl From<TransactError<CreateRefusal>> for Problem {
    fn from(error: TransactError<CreateRefusal>) -> Self {
        match error {
            TransactError::Store(error) => error.into(),
            TransactError::Refused(CreateRefusal::PairHasActive(held)) => Problem::conflict(
                "active_code_exists",
                format!("This mentor has an active code in this organisation: {}.", held.id),
            ),
            TransactError::Refused(CreateRefusal::CodeTaken) => Problem::conflict(
                "code_taken",
                "This code, or one that reads the same, was issued before. A code is never issued twice.",
            )
            .with_field("code", "is taken"),
            TransactError::Refused(CreateRefusal::KeyReused) => Problem::key_reused(),
            TransactError::Refused(CreateRefusal::ProgramGone) => no_such_program(),
        }
    }
}

impl From<TransactError<RetireRefusal>> for Problem {
    fn from(error: TransactError<RetireRefusal>) -> Self {
        match error {
            TransactError::Store(error) => error.into(),
            TransactError::Refused(RetireRefusal::NotFound) => no_such_record(),
            TransactError::Refused(RetireRefusal::OtherMentor) => {
                Problem::refused("mentor_mismatch", "This code belongs to another mentor.")
                    .with_field("mentor_id", "is not the owner of the code")
            }
            TransactError::Refused(RetireRefusal::BeforeCreation) => Problem::refused(
                "deactivated_before_creation",
                "A code cannot end before it was made.",
            )
            .with_field("deactivated_at", "lies before created_at"),
            TransactError::Refused(RetireRefusal::Status(status)) => unusable_code(status),
        }
    }
}

/// 409: the code's status does not allow it.
fn unusable_code(status: CodeStatus) -> Problem {
    let (code, detail) = match status {
        CodeStatus::Active => ("code_active", "The code is active."),
        CodeStatus::Inactive => ("code_inactive", "The code is no longer active."),
        CodeStatus::Invalidated => ("code_invalidated", "The code is invalidated, for good."),
        CodeStatus::Expired => ("code_expired", "The code has expired."),
    };
    Problem::conflict(code, detail)
}
