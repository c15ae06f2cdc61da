//! Who calls, and which records are theirs.

use crate::token::{Role, VerifiedToken};
use domain::{MentorId, OrgId, Scope};

/// Who calls. Only the guard of a route makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Caller {
    /// Anyone: the route is open, or the whole API is.
    Public,
    /// The platform's staff.
    Admin { sub: String },
    /// The staff of an organisation.
    Org(OrgId),
    /// A mentor or a customer, within an organisation where the token names one.
    Owner {
        mentor: MentorId,
        org: Option<OrgId>,
    },
}

impl Caller {
    /// What a verified token makes its bearer in `role`; `None` where it lacks a claim that
    /// the role needs.
    pub(super) fn in_role(role: Role, token: &VerifiedToken) -> Option<Self> {
        let claims = &token.claims;
        match role {
            Role::Admin => Some(Self::Admin {
                sub: claims.sub.clone(),
            }),
            Role::Org => claims.org_id.clone().map(Self::Org),
            Role::Mentor | Role::Customer => Some(Self::Owner {
                mentor: claims.sub.parse().ok()?,
                org: claims.org_id.clone(),
            }),
        }
    }

    /// The records that the caller may touch.
    pub(super) fn scope(&self) -> Scope {
        match self {
            Self::Public | Self::Admin { .. } => Scope::unrestricted(),
            Self::Org(org) => Scope::org(org.clone()),
            Self::Owner { mentor, org } => Scope::mentor(mentor.clone(), org.clone()),
        }
    }

    /// A name that no other caller has: callers' ids contain no `/`.
    pub(super) fn unique_name(&self) -> String {
        match self {
            Self::Public => "public".to_owned(),
            Self::Admin { sub } => format!("admin/{sub}"),
            Self::Org(org) => format!("org/{org}"),
            Self::Owner { mentor, org: None } => format!("owner/{mentor}"),
            Self::Owner {
                mentor,
                org: Some(org),
            } => format!("owner/{mentor}/{org}"),
        }
    }
}
