//! What a request for a code holds, beside what the lists and creations of both code
//! services share.

use domain::MentorId;
use domain::period::Period;
use serde::Deserialize;
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatsQuery {
    pub(crate) period: Option<Period>,
}
