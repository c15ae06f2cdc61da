//! Who may do what.
//!
//! [`rules`] is the table: every route, every method, and the roles that it takes. What is
//! not in it is not there for anyone. [`token`] verifies, [`keys`] holds what with, and
//! [`Caller`] is the result; [`Scoped`] hands a handler the table as that caller may see it.
//!
//! With `API_ACCESS=public` nobody's token is looked at and every caller is the public, but
//! for the reward-promotion doors, whose [`Company`] verifies always.

pub mod caller;
pub mod company;
mod guard;
pub mod keys;
pub mod rules;
pub mod token;

pub use caller::{Caller, Scoped};
pub use company::{Company, Visitor};
pub(super) use guard::guard;
pub use keys::TokenKeys;

/// Whether the API asks for tokens: `API_ACCESS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ApiAccess {
    /// The contracts as they stand: their routes are public.
    #[default]
    Public,
    /// A token on every route that the table does not leave open.
    Token,
}
