//! Who calls, and which records are theirs.

use super::declared::{Access, RouteAccess};
use crate::app::App;
use crate::problem::Problem;
use crate::token::{Role, VerifiedToken};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::{ApiKey, CallerKind, MentorId, OrgId, Scope};

/// Who calls. Only the guard of a route and [`tenant_access`](super::tenant_access) make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Caller {
    /// Anyone: the whole API is public.
    Public,
    /// Anyone on an open route, without a credential that verifies, where others need one.
    Anonymous,
    /// The platform's staff.
    Admin { sub: String },
    /// The staff of an organisation.
    Org { sub: String, org: OrgId },
    /// A mentor or a customer of an organisation.
    Owner {
        role: Role,
        mentor: MentorId,
        org: OrgId,
    },
    /// A server of an organisation, by its API key.
    Server(ApiKey),
}

impl Caller {
    /// Who the bearer of a verified token may be: a caller for each role that it confers, the
    /// strongest first.
    pub(super) fn of_token(token: &VerifiedToken) -> Vec<Self> {
        let roles = token.roles.iter();
        roles
            .filter_map(|role| Self::in_role(*role, token))
            .collect()
    }

    /// What a verified token makes its bearer in `role`; `None` where it lacks a claim that
    /// the role needs.
    fn in_role(role: Role, token: &VerifiedToken) -> Option<Self> {
        let (sub, org) = (token.sub.clone(), token.org.clone());
        match role {
            Role::Admin => Some(Self::Admin { sub }),
            Role::Org => org.map(|org| Self::Org { sub, org }),
            Role::Mentor | Role::Customer => Some(Self::Owner {
                role,
                mentor: sub.parse().ok()?,
                org: org?,
            }),
        }
    }

    /// Whether `route` lets the caller in.
    pub(super) fn may_call(&self, route: RouteAccess) -> bool {
        match self {
            Self::Public | Self::Anonymous => route.access == Access::Open,
            Self::Admin { .. } => route.takes(Role::Admin),
            Self::Org { .. } => route.takes(Role::Org),
            Self::Owner { role, .. } => route.takes(*role),
            Self::Server(key) => route.key.is_some_and(|scope| key.has(scope)),
        }
    }

    /// The mentor or customer whose records alone are theirs.
    pub(super) fn owner(&self) -> Option<&MentorId> {
        match self {
            Self::Public
            | Self::Anonymous
            | Self::Admin { .. }
            | Self::Org { .. }
            | Self::Server(_) => None,
            Self::Owner { mentor, .. } => Some(mentor),
        }
    }

    /// What rules go by.
    pub(super) fn kind(&self) -> CallerKind {
        match self {
            Self::Public => CallerKind::Public,
            Self::Anonymous => CallerKind::Anonymous,
            Self::Admin { .. } => CallerKind::Platform,
            Self::Org { .. } => CallerKind::Organisation,
            Self::Owner { .. } => CallerKind::Owner,
            Self::Server(_) => CallerKind::ApiKey,
        }
    }

    /// The records that the caller may touch on a route of `access`. An open route is open for
    /// mentors and customers too, whosever code they follow; who speaks for an organisation
    /// is believed more than others there, and speaks for that organisation alone.
    pub(super) fn scope(&self, access: Access) -> Scope {
        match self {
            Self::Public | Self::Anonymous | Self::Admin { .. } => Scope::unrestricted(),
            Self::Org { org, .. } | Self::Server(ApiKey { org, .. }) => Scope::org(org.clone()),
            Self::Owner { .. } if access == Access::Open => Scope::unrestricted(),
            Self::Owner { mentor, org, .. } => Scope::mentor(mentor.clone(), Some(org.clone())),
        }
    }

    /// The `sub` of the caller's token, or the id of their key.
    pub(super) fn subject(&self) -> Option<String> {
        match self {
            Self::Public | Self::Anonymous => None,
            Self::Admin { sub } | Self::Org { sub, .. } => Some(sub.clone()),
            Self::Owner { mentor, .. } => Some(mentor.to_string()),
            Self::Server(key) => Some(key.id.to_string()),
        }
    }

    /// A name that no other caller has: callers' ids contain no `/`.
    pub(super) fn unique_name(&self) -> String {
        match self {
            Self::Public | Self::Anonymous => "public".to_owned(),
            Self::Admin { sub } => format!("admin/{sub}"),
            Self::Org { sub, org } => format!("org/{org}/{sub}"),
            Self::Owner { mentor, org, .. } => format!("owner/{org}/{mentor}"),
            Self::Server(key) => format!("key/{}", key.id),
        }
    }
}

/// The kind of the caller that the route's guard identified. On a route for a named tenant
/// there is none before [`tenant_access`](super::tenant_access).
impl FromRequestParts<App> for CallerKind {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Caller>();
        let caller = caller.ok_or_else(Problem::unauthorized)?;
        Ok(caller.kind())
    }
}
