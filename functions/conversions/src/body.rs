//! What requests for recruitments hold.

use domain::confirmation::Confirmation;
use domain::{AttributionId, FoldedCode, MemberId, MentorId, OrgId, OwnerFilter, Timestamp};
use serde::Deserialize;
use store::attributions::RecruitmentFilter;
use web::extract::time_span;
use web::problem::{Problem, invalid};

/// The filter of the list of recruitments.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConversionQuery {
    org_id: Option<OrgId>,
    mentor_id: Option<MentorId>,
    code: Option<FoldedCode>,
    new_member_id: Option<MemberId>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl TryFrom<ConversionQuery> for RecruitmentFilter {
    type Error = Problem;

    fn try_from(query: ConversionQuery) -> Result<Self, Problem> {
        Ok(Self {
            confirmed: time_span(query.from, query.to)?,
            owner: OwnerFilter {
                mentor: query.mentor_id,
                org: query.org_id,
            },
            code: query.code,
            member: query.new_member_id,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewConversionBody {
    code: Option<FoldedCode>,
    click_id: Option<AttributionId>,
    new_member_id: MemberId,
    confirmed_at: Option<Timestamp>,
}

/// A recruitment as it is reported.
pub(crate) enum NewConversion {
    ByCode(Confirmation),
    /// By the click, with who joined and when.
    OfClick(AttributionId, (MemberId, Option<Timestamp>)),
}

impl TryFrom<NewConversionBody> for NewConversion {
    type Error = Problem;

    fn try_from(body: NewConversionBody) -> Result<Self, Problem> {
        let (member, confirmed_at) = (body.new_member_id, body.confirmed_at);
        match (body.code, body.click_id) {
            (Some(code), None) => Ok(Self::ByCode(Confirmation {
                code,
                member,
                confirmed_at,
            })),
            (None, Some(id)) => Ok(Self::OfClick(id, (member, confirmed_at))),
            (Some(_), Some(_)) => Err(invalid("click_id", "must not be given beside code")),
            (None, None) => Err(invalid("code", "is required, or else click_id")),
        }
    }
}
