//! What a refused operation on a program is answered.

use super::Problem;
use super::extract::no_such_record;
use crate::store::TransactError;
use crate::store::programs::ProgramRefusal;

impl From<TransactError<ProgramRefusal>> for Problem {
    fn from(error: TransactError<ProgramRefusal>) -> Self {
        match error {
            TransactError::Store(error) => error.into(),
            TransactError::Refused(ProgramRefusal::NotFound) => no_such_record(),
            TransactError::Refused(ProgramRefusal::NoSeason) => {
                Problem::refused("ends_before_start", "A program ends after it starts.")
                    .with_field("ends_at", "lies at or before starts_at")
            }
            TransactError::Refused(ProgramRefusal::KeyReused) => Problem::key_reused(),
        }
    }
}
