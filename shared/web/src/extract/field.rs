//! From serde's message to the field at fault, where no field is at fault by itself.

use super::faults::plain;
use crate::problem::{Problem, invalid};

/// The problem of what could not be deserialized: at `path`, or where serde was above the
/// field, at the name in its message.
pub(super) fn field_problem(path: &str, message: &str) -> Problem {
    let duplicate = message.strip_prefix("duplicate field `");
    match duplicate.and_then(|rest| rest.split('`').next()) {
        Some(field) => invalid(field, "is given twice"),
        None => invalid(path, &plain(message)),
    }
}
