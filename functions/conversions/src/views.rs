//! A recruitment as it is shown: its attribution, without what is known of a visitor.

use domain::attribution::Source;
use domain::{
    AttributionId, AttributionStatus, AttributionType, Code, MemberId, MentorId, OrgId,
    Recruitment, Timestamp,
};
use serde::Serialize;
use web::csv::Columns;

#[derive(Serialize)]
pub(crate) struct RecruitmentView {
    id: AttributionId,
    code: Code,
    mentor_id: MentorId,
    org_id: OrgId,
    r#type: AttributionType,
    status: AttributionStatus,
    source: Source,
    new_member_id: MemberId,
    confirmed_at: Timestamp,
    created_at: Timestamp,
}

impl Columns for RecruitmentView {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "code",
        "mentor_id",
        "org_id",
        "type",
        "status",
        "source",
        "new_member_id",
        "confirmed_at",
        "created_at",
    ];
}

impl From<Recruitment> for RecruitmentView {
    fn from(recruitment: Recruitment) -> Self {
        Self {
            created_at: recruitment.created_at(),
            id: recruitment.id,
            code: recruitment.code,
            mentor_id: recruitment.mentor,
            org_id: recruitment.org,
            r#type: AttributionType::Conversion,
            status: AttributionStatus::Confirmed,
            source: recruitment.source,
            new_member_id: recruitment.member,
            confirmed_at: recruitment.confirmed_at,
        }
    }
}
