//! From serde's message to the field at fault, where no field is at fault by itself.

use super::faults::plain;
use crate::problem::{Problem, invalid};
use serde::{Deserialize, Deserializer};

/// The problem of what could not be deserialized: at `path`, or where serde was above the
/// field, at the name in its message.
pub(super) fn field_problem(path: &str, message: &str) -> Problem {
    let duplicate = message.strip_prefix("duplicate field `");
    match duplicate.and_then(|rest| rest.split('`').next()) {
        Some(field) => invalid(field, "is given twice"),
        None => invalid(path, &plain(message)),
    }
}

/// Tells a field that is given as `null` from one that is left out: for
/// `#[serde(default, deserialize_with = "given")]`.
///
/// # Errors
/// The value is no `T`.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
