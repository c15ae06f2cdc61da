//! Who may call a route, as its declaration says.

use crate::token::Role;
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
}

/// Anyone.
pub const OPEN: Access = Access::Open;
/// Whoever has a token of the tenant that the request names.
pub const TENANT: Access = Access::Tenant;
/// Everyone with a token, each for their own records.
pub const OWN: Access = Access::Roles(&[Role::Admin, Role::Org, Role::Mentor, Role::Customer]);
/// Who runs the organisation, or the platform.
pub const STAFF: Access = Access::Roles(&[Role::Admin, Role::Org]);

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("open"),
            Self::Tenant => f.write_str("tenant"),
            Self::Roles(roles) => {
                let names: Vec<_> = roles.iter().map(|role| role.name()).collect();
                f.write_str(&names.join(" "))
            }
        }
    }
}
