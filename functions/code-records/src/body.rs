//! What a request for a code record holds, beside what the lists and creations of both code
//! services share.

use domain::{MentorId, OrgId, Timestamp};
use serde::Deserialize;
use web::problem::Problem;

/// Whose active code is wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnerQuery {
    pub(crate) mentor_id: MentorId,
    pub(crate) org_id: OrgId,
}

/// Which code is wanted, as a person typed it: text that can be no code is an unknown code.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LookupQuery {
    pub(crate) code: String,
}

/// The one change of a record that `PUT` makes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deactivation {
    status: String,
    deactivated_at: Option<Timestamp>,
}

impl Deactivation {
    /// When the code ends; `None` is now.
    ///
    /// # Errors
    /// 422 for any status but `inactive`.
    pub(crate) fn requested_time(self) -> Result<Option<Timestamp>, Problem> {
        if self.status == "inactive" {
            return Ok(self.deactivated_at);
        }
        Err(
            Problem::unprocessable("status_not_allowed", "A record can only be made inactive.")
                .with_field("status", "must be inactive"),
        )
    }
}
