//! The condition that a code is as it was read: nobody has changed its terms or its status since.

use crate::expression::{LIVE, Update};
use domain::CodeRecord;
use domain::code_record::CodeTerms;

/// A code in a state in which it may change.
const CHANGEABLE: &str =
    "attribute_not_exists(invalidated_at) AND attribute_not_exists(replaced_by)";

impl Update {
    /// And under the condition that the code was neither made active again nor given another end
    /// since it was `read`: what its pair's active code is may be told from `read`.
    pub(crate) fn and_as_active_as_read(self, read: &CodeRecord) -> Self {
        let end = read.terms.expires_at.as_ref();
        self.and_when(status_as_read(read))
            .and_when(end_as_read(read))
            .bind_given(":old_end", end)
    }

    /// Under the condition that the code is live, was neither invalidated nor replaced, has the
    /// terms of `read` still, and is as active as it was then.
    pub(super) fn when_as_read(self, read: &CodeRecord) -> Self {
        let CodeTerms {
            user_type,
            program,
            max_referrals,
            expires_at,
        } = &read.terms;
        let program_is = match program {
            Some(_) => "#program = :old_program",
            None => "attribute_not_exists(#program)",
        };
        let limit_is = match max_referrals {
            Some(_) => "max_referrals = :old_limit",
            None => "attribute_not_exists(max_referrals)",
        };
        let (end_is, status_is) = (end_as_read(read), status_as_read(read));
        self.when(format!(
            "{LIVE} AND {CHANGEABLE} AND {status_is} AND user_type = :old_type AND {program_is} \
             AND {limit_is} AND {end_is}"
        ))
        .bind(":old_type", user_type)
        .bind_given(":old_program", program.as_ref())
        .bind_given(":old_limit", max_referrals.as_ref())
        .bind_given(":old_end", expires_at.as_ref())
    }
}

/// The condition that a code is as active as it was when it was `read`.
pub(super) fn status_as_read(read: &CodeRecord) -> &'static str {
    match read.deactivated_at {
        Some(_) => "attribute_exists(deactivated_at)",
        None => "attribute_not_exists(deactivated_at)",
    }
}

fn end_as_read(read: &CodeRecord) -> &'static str {
    match read.terms.expires_at {
        Some(_) => "expires_at = :old_end",
        None => "attribute_not_exists(expires_at)",
    }
}
