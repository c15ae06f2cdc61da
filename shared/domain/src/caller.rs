//! What kind of caller a request has: rules differ by it, names of callers do not matter here.

/// What kind of caller a request has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallerKind {
    /// Anyone: the whole API is public.
    Public,
    /// Anyone on a route that is open, with no credential that verifies, where others need one.
    Anonymous,
    /// A mentor or a customer, for themself.
    Owner,
    /// The staff of an organisation.
    Organisation,
    /// The platform's staff.
    Platform,
    /// A server of an organisation, with an API key.
    ApiKey,
}

impl CallerKind {
    /// Whether the caller speaks for an organisation or the platform.
    pub fn is_staff(self) -> bool {
        match self {
            Self::Organisation | Self::Platform | Self::ApiKey => true,
            Self::Public | Self::Anonymous | Self::Owner => false,
        }
    }

    /// Whether the caller speaks for themself alone, where others speak for an organisation.
    pub fn is_restricted(self) -> bool {
        match self {
            Self::Anonymous | Self::Owner => true,
            Self::Public | Self::Organisation | Self::Platform | Self::ApiKey => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CallerKind;

    #[test]
    fn only_where_everyone_is_the_public_is_a_caller_neither_staff_nor_restricted() {
        for (kind, is_staff, is_restricted) in [
            (CallerKind::Public, false, false),
            (CallerKind::Anonymous, false, true),
            (CallerKind::Owner, false, true),
            (CallerKind::Organisation, true, false),
            (CallerKind::Platform, true, false),
            (CallerKind::ApiKey, true, false),
        ] {
            let seen = (kind.is_staff(), kind.is_restricted());
            assert_eq!(seen, (is_staff, is_restricted), "{kind:?}");
        }
    }
}
