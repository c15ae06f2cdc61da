//! Who may call a route, as its declaration says, and the store that they get.
//!
//! [`Routes`](crate::routes::Routes) puts the guard of a declared [`Access`] before its
//! handler. A handler takes a [`store::Store`] as an argument, which finds what is its
//! caller's and takes the rest for absent; there is no other way to a store.
//!
//! With `API_ACCESS=public` no token is required and every caller is the public, but on routes
//! for a named tenant.

mod caller;
mod guard;
mod scoped;
mod tenant;

pub(crate) use guard::Guarded;
pub use tenant::{TenantAccess, tenant_access};

use crate::token::Role;
use std::fmt;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone; a token is ignored.
    Open,
    /// Whoever has a token of the tenant that the request names, even where the API is public.
    /// The handler learns the tenant and gets its store from [`tenant_access`], which verifies
    /// the token; there is no other store on such a route.
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
