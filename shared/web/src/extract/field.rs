//! From serde's messages to the field at fault.

use crate::problem::{Problem, invalid, shortened};

/// The problem of what could not be deserialized: at `path`, or where serde was above the
/// field, at the name in its message.
pub(super) fn field_problem(path: &str, message: &str) -> Problem {
    let end = message.rfind(" at line ").unwrap_or(message.len());
    let message = shortened(&message[..end]);
    let named = |start: &str| {
        let rest = message.strip_prefix(start)?;
        rest.split('`').next().map(str::to_owned)
    };
    if let Some(field) = named("missing field `") {
        return invalid(&field, "is required");
    }
    if let Some(field) = named("unknown field `") {
        let field = shortened(&field);
        return Problem::bad_request("unknown_field", format!("There is no field {field}."))
            .with_field(field, "is not known here");
    }
    if let Some(field) = named("duplicate field `") {
        return invalid(&field, "is given twice");
    }
    invalid(path, &message)
}
