//! Tokens: what they claim, the keys that verify them, and their verification.
//!
//! Whom a token speaks for follows from the key that verifies it:
//!
//! - **A company's key** speaks for that company alone. A company that has none of its own has
//!   those named `*`, and those of `TOKEN_JWKS`, the operator's own identity provider. They
//!   confer the roles of an organisation's staff, mentors and customers; the token names its
//!   company in `org_id`. Only where the request itself names the company may a mentor's or
//!   customer's token leave it out.
//! - **The key named `platform`** speaks for the platform's staff and confers `ROLE_ADMIN`, which
//!   no other does. Such a token names no company; one that does makes its bearer the staff of
//!   that company and nothing more.
//!
//! The algorithm is the key's, whatever the token's header says: HS256 for `TOKEN_KEYS`, and
//! one for each family of `TOKEN_JWKS`.

mod claims;
mod jwks;
mod keys;
mod refusal;
mod rules;
mod settings;
mod verify;

pub use claims::{Audience, ClaimNames, Claims, Role};
pub use jwks::Jwks;
pub use keys::TokenKeys;
pub(crate) use refusal::Unverified;
pub use rules::TokenRules;
pub use settings::TokenSettings;
pub(crate) use verify::{Issuer, VerifiedToken, credential, verify};
