//! What is known of a person, exported and erased.

use super::{Budget, Measured, budget};
use tests::Verv;

const EXPORT_MEMBER: Budget = budget(3, 3.0, 0.0);
const ERASE_MEMBER: Budget = budget(4, 3.0, 28.0);
const EXPORT_MENTOR: Budget = budget(24, 16.0, 0.0);
const ERASE_MENTOR: Budget = budget(70, 40.0, 42.0);

/// A member, and a mentor with one code: the cost is for what is theirs, and for a look into
/// each partition that may hold something of a mentor.
pub(crate) async fn erasures(verv: &Verv, measured: &mut Measured) {
    let path = |person: &str| format!("/api/v1/privacy/{person}?org_id=org_002");
    let (member, mentor) = (path("members/usr_5892"), path("mentors/usr_3"));
    measured.take("export a member", EXPORT_MEMBER, &verv.get(&member).await);
    measured.take("erase a member", ERASE_MEMBER, &verv.delete(&member).await);
    measured.take("export a mentor", EXPORT_MENTOR, &verv.get(&mentor).await);
    measured.take("erase a mentor", ERASE_MENTOR, &verv.delete(&mentor).await);
}
