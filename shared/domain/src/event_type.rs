//! The types of events, by which receivers choose.

use crate::text::Invalid;
use std::fmt;
use std::str::FromStr;

macro_rules! event_types {
    ($($name:ident = $text:literal, $doc:literal;)*) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventType {
            $(#[doc = $doc] $name,)*
        }

        impl EventType {
            /// Every type.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// As it is written: `code.created`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

event_types! {
    CodeCreated = "code.created", "A code was made.";
    CodeRotated = "code.rotated", "A code was made in the place of another, which ended.";
    CodeUpdated = "code.updated", "The terms of a code were changed.";
    CodeActivated = "code.activated", "An inactive code was made active again.";
    CodeDeactivated = "code.deactivated", "A code was made inactive.";
    CodeInvalidated = "code.invalidated", "A code was ended for good.";
    CodeDeleted = "code.deleted", "A code's record was deleted.";
    AttributionConfirmed = "attribution.confirmed", "Somebody joined by a code.";
    AttributionDeleted = "attribution.deleted", "A click or recruitment was deleted.";
    LimitReached = "limit.reached", "A code has confirmed as many referrals as it may.";
    ProgramCreated = "program.created", "A program was made.";
    ProgramUpdated = "program.updated", "A program was changed.";
    ProgramArchived = "program.archived", "A program takes no new codes any more.";
    ProgramDeleted = "program.deleted", "A program was deleted.";
    MemberErased = "member.erased", "A member was replaced by a pseudonym.";
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for EventType {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.iter().find(|known| known.as_str() == text);
        found
            .copied()
            .ok_or(Invalid("must be a type of event, such as code.created"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_read_as_it_is_written() {
        for known in EventType::ALL {
            assert_eq!(known.as_str().parse(), Ok(*known));
        }
        for other in ["", "code", "code.*", "CODE.CREATED", "click.recorded"] {
            assert!(other.parse::<EventType>().is_err(), "{other}");
        }
    }
}
