//! Tokens: what they claim, the keys that sign them, and their verification.

mod claims;
mod keys;
mod verify;

pub use claims::{Claims, Role};
pub use keys::TokenKeys;
pub use verify::VerifiedToken;
pub(crate) use verify::{Issuer, Unverified, credential, verify};
