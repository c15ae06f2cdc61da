//! What requests for attributions hold.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::attribution::{UserAgent, Visitor};
use domain::click::{Click, Visit};
use domain::confirmation::Confirmation;
use domain::{
    AttributionStatus, CallerKind, FoldedCode, Invalid, MemberId, MentorId, OrgId, OwnerFilter,
    Timestamp,
};
use serde::Deserialize;
use std::net::IpAddr;
use store::attributions::AttributionFilter;
use web::extract::{Client, PathId, given, time_span};
use web::problem::{Problem, invalid};
use web::settings::Settings;

/// The filter of the list of all attributions.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttributionQuery {
    mentor_id: Option<MentorId>,
    org_id: Option<OrgId>,
    status: Option<AttributionStatus>,
    code: Option<FoldedCode>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl TryFrom<AttributionQuery> for AttributionFilter {
    type Error = Problem;

    fn try_from(query: AttributionQuery) -> Result<Self, Problem> {
        Ok(Self {
            made: time_span(query.from, query.to)?,
            owner: OwnerFilter {
                mentor: query.mentor_id,
                org: query.org_id,
            },
            status: query.status,
            code: query.code,
        })
    }
}

/// The filter of a mentor's list, whose mentor is in the path.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MentorsQuery {
    org_id: Option<OrgId>,
    status: Option<AttributionStatus>,
    code: Option<FoldedCode>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl MentorsQuery {
    /// The filter of the list of `mentor`.
    ///
    /// # Errors
    /// 400 for a span with nothing in it.
    pub(crate) fn of_mentor(self, mentor: MentorId) -> Result<AttributionFilter, Problem> {
        Ok(AttributionFilter {
            made: time_span(self.from, self.to)?,
            owner: OwnerFilter {
                mentor: Some(mentor),
                org: self.org_id,
            },
            status: self.status,
            code: self.code,
        })
    }
}

/// The mentor in the path. Unlike other ids, one that cannot be a mentor's is 400: an unknown
/// mentor is not 404 either, but one with an empty list and zeros.
pub(crate) struct MentorPath(pub(crate) MentorId);

impl<S: Send + Sync> FromRequestParts<S> for MentorPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let PathId(text) = PathId::<String>::from_request_parts(parts, state).await?;
        let mentor = text.parse();
        mentor
            .map(Self)
            .map_err(|error: Invalid| invalid("mentor_id", &error.to_string()))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewClickBody {
    code: FoldedCode,
    /// `null` is unknown, and left out the caller's own.
    #[serde(default, deserialize_with = "given")]
    ip_address: Option<Option<IpAddr>>,
    /// What decorates a click must not lose it: texts, cut or dropped where they are odd.
    user_agent: Option<String>,
    referrer_url: Option<String>,
    occurred_at: Option<Timestamp>,
}

impl NewClickBody {
    /// The click that `caller` records, with the request's own address and user agent where
    /// the body has none or is not believed.
    pub(crate) fn click(self, caller: CallerKind, client: Client, settings: &Settings) -> Click {
        let stated = Visit {
            ip_address: self.ip_address,
            user_agent: self.user_agent.map(|text| UserAgent::shortened(&text)),
            occurred_at: self.occurred_at,
        };
        let seen = Visit {
            ip_address: Some(client.address),
            user_agent: Some(client.user_agent.as_deref().and_then(UserAgent::shortened)),
            occurred_at: None,
        };
        let visit = stated.believed(seen, caller);
        let address = visit.ip_address.flatten();
        let referrer = self.referrer_url.as_deref().map(str::trim);
        Click {
            code: self.code,
            visitor: Visitor {
                ip_address: address.and_then(|address| settings.ip_policy.apply(address)),
                user_agent: visit.user_agent.flatten(),
                referrer_url: referrer.and_then(|url| url.parse().ok()),
            },
            occurred_at: visit.occurred_at,
            recorded_by: caller,
            retention: settings.click_retention,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmationBody {
    code: FoldedCode,
    new_member_id: MemberId,
    confirmed_at: Option<Timestamp>,
}

impl From<ConfirmationBody> for Confirmation {
    fn from(body: ConfirmationBody) -> Self {
        Self {
            code: body.code,
            member: body.new_member_id,
            confirmed_at: body.confirmed_at,
        }
    }
}
