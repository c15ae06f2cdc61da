//! Who may call a route, as its declaration says.

use crate::token::Role;
use domain::KeyScope;
use std::fmt;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone; a credential that verifies tells who, where the API requires tokens.
    Open,
    /// Whoever has a token of the tenant that the request names, even where the API is public.
    /// The handler gets the tenant's store from [`tenant_access`](super::tenant_access), which
    /// verifies the token; there is no other store on such a route.
    Tenant,
    /// These roles, where the API requires tokens.
    Roles(&'static [Role]),
    /// These roles, by token even where the API is public: what nobody may do to an
    /// organisation but its own staff.
    Verified(&'static [Role]),
}

/// Who may call a route: people, and servers with an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteAccess {
    /// The people.
    pub access: Access,
    /// What an API key must be for; `None` where none is taken.
    pub key: Option<KeyScope>,
}

impl Access {
    /// The same, and servers whose API key has `scope`.
    pub const fn or_key(self, scope: KeyScope) -> RouteAccess {
        RouteAccess {
            access: self,
            key: Some(scope),
        }
    }
}

impl From<Access> for RouteAccess {
    fn from(access: Access) -> Self {
        Self { access, key: None }
    }
}

impl RouteAccess {
    /// Whether a credential is verified even where the API is public.
    pub(crate) fn verifies_always(self) -> bool {
        match self.access {
            Access::Open | Access::Roles(_) => false,
            Access::Tenant | Access::Verified(_) => true,
        }
    }

    /// Whether a caller in `role` is let in.
    pub(super) fn takes(self, role: Role) -> bool {
        match self.access {
            Access::Open | Access::Tenant => true,
            Access::Roles(roles) | Access::Verified(roles) => roles.contains(&role),
        }
    }
}

/// Anyone.
pub const OPEN: Access = Access::Open;
/// Whoever has a token of the tenant that the request names.
pub const TENANT: Access = Access::Tenant;
/// Everyone with a token, each for their own records.
pub const OWN: Access = Access::Roles(&[Role::Admin, Role::Org, Role::Mentor, Role::Customer]);
/// Who runs the organisation, or the platform.
pub const STAFF: Access = Access::Roles(&[Role::Admin, Role::Org]);
/// Who runs the organisation, or the platform, even where the API is public.
pub const VERIFIED_STAFF: Access = Access::Verified(&[Role::Admin, Role::Org]);

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("open"),
            Self::Tenant => f.write_str("tenant"),
            Self::Roles(roles) => f.write_str(&names(roles)),
            Self::Verified(roles) => write!(f, "always {}", names(roles)),
        }
    }
}

impl fmt::Display for RouteAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.access.fmt(f)?;
        match self.key {
            Some(scope) => write!(f, " {}", scope.name()),
            None => Ok(()),
        }
    }
}

fn names(roles: &[Role]) -> String {
    let names: Vec<_> = roles.iter().map(|role| role.name()).collect();
    names.join(" ")
}
