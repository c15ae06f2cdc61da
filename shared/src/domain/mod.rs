//! The referral domain: values that are valid once they exist, and the rules between them.
//!
//! Nothing here reads a clock, a setting or a database: `now` is an argument, and an
//! invalid string never becomes a [`Code`] or a [`MentorId`].

pub mod attribution;
pub mod clock;
pub mod code;
pub mod code_record;
pub mod ids;
pub mod program;
pub mod reach;
pub mod stats;

pub use attribution::{Attribution, AttributionStatus, AttributionType};
pub use clock::{Clock, Timestamp};
pub use code::{Code, CodePrefix, FoldedCode};
pub use code_record::{CodeRecord, CodeStatus, UserType};
pub use ids::{AttributionId, CodeId, CurrencyId, MemberId, MentorId, OrgId, ProgramId, Shard};
pub use program::{Program, ProgramStatus};
pub use reach::Reach;

/// A value that is not what its field asks for.
///
/// `Display` is the sentence that the caller reads after the field's name:
/// "must be 1 to 128 characters of …".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub &'static str);
