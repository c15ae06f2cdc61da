//! What a refused operation on a program is answered.

use super::{Problem, no_such_record};
use domain::program::ProgramRefusal;

impl From<ProgramRefusal> for Problem {
    fn from(refusal: ProgramRefusal) -> Self {
        match refusal {
            ProgramRefusal::OutOfScope => Self::forbidden(),
            ProgramRefusal::NotFound => no_such_record(),
            ProgramRefusal::EndsBeforeStart => {
                Self::unprocessable("ends_before_start", "A program ends after it starts.")
                    .with_field("ends_at", "is at or before starts_at")
            }
        }
    }
}
