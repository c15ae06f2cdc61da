//! Who may call a route, as its declaration says, and the store that they get.
//!
//! [`Routes`](crate::routes::Routes) puts the guard of a declared [`Access`] before its
//! handler. A handler takes a [`store::Store`] as an argument, which finds what is its
//! caller's and takes the rest for absent; there is no other way to a store.
//!
//! A handler that takes a [`domain::CallerKind`] learns what kind of caller it has, and
//! [`CallerName`] is on every request whose caller was identified.
//!
//! With `API_ACCESS=public` no token is required and every caller is the public, but on routes
//! for a named tenant and on those of [`VERIFIED_STAFF`].

mod caller;
mod declared;
mod guard;
mod identify;
mod scoped;
mod tenant;

pub use crate::extract::CallerName;
pub use declared::{Access, OPEN, OWN, RouteAccess, STAFF, TENANT, VERIFIED_STAFF};
pub(crate) use guard::Guarded;
pub(crate) use identify::Answered;
pub use tenant::{TenantAccess, tenant_access};
