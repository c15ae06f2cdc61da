//! Which properties of a new code a caller may choose.

use crate::caller::CallerKind;
use std::fmt;

/// A property of a new code that a request may give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeField {
    /// The whole string.
    Code,
    /// How the string begins.
    Prefix,
    /// The program that gives the terms.
    Program,
    /// Whom the code serves.
    UserType,
    /// The most referrals that it may confirm.
    MaxReferrals,
    /// When it ends.
    ExpiresAt,
}

impl CodeField {
    /// Every property.
    pub const ALL: [Self; 6] = [
        Self::Code,
        Self::Prefix,
        Self::Program,
        Self::UserType,
        Self::MaxReferrals,
        Self::ExpiresAt,
    ];

    /// What a request calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Prefix => "prefix",
            Self::Program => "referral_program_id",
            Self::UserType => "user_type",
            Self::MaxReferrals => "max_referrals",
            Self::ExpiresAt => "expires_at",
        }
    }

    /// Whether `caller` may choose it. Who speaks for themself alone gets the terms of a
    /// program, and a string whose end nobody can choose: a chosen one would tell by its
    /// refusal which strings exist, and keep the others from everyone for ever.
    pub fn is_open_to(self, caller: CallerKind) -> bool {
        match self {
            Self::Prefix | Self::Program => true,
            Self::Code | Self::UserType | Self::MaxReferrals | Self::ExpiresAt => {
                !caller.is_restricted()
            }
        }
    }
}

impl fmt::Display for CodeField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Properties that their caller may not choose: at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldsNotPermitted(pub Vec<CodeField>);

/// Passes if `caller` may choose all the properties that are `given`.
///
/// # Errors
/// [`FieldsNotPermitted`] with every one that they may not.
pub fn check_fields(caller: CallerKind, given: &[CodeField]) -> Result<(), FieldsNotPermitted> {
    let refused = given.iter().filter(|field| !field.is_open_to(caller));
    let refused: Vec<_> = refused.copied().collect();
    if refused.is_empty() {
        return Ok(());
    }
    Err(FieldsNotPermitted(refused))
}

#[cfg(test)]
mod tests {
    use super::*;
    use CodeField::{Code, ExpiresAt, MaxReferrals, UserType};

    #[test]
    fn who_speaks_for_themself_alone_chooses_a_prefix_and_a_program() {
        let staffs = vec![Code, UserType, MaxReferrals, ExpiresAt];
        for (caller, refused) in [
            (CallerKind::Public, vec![]),
            (CallerKind::Organisation, vec![]),
            (CallerKind::Platform, vec![]),
            (CallerKind::ApiKey, vec![]),
            (CallerKind::Owner, staffs.clone()),
            (CallerKind::Anonymous, staffs),
        ] {
            let checked = check_fields(caller, &CodeField::ALL);
            let expected = match refused.is_empty() {
                true => Ok(()),
                false => Err(FieldsNotPermitted(refused)),
            };
            assert_eq!(checked, expected, "{caller:?}");
        }
    }

    #[test]
    fn only_what_is_given_is_refused() {
        let given = [CodeField::Prefix, MaxReferrals];
        assert_eq!(
            check_fields(CallerKind::Owner, &given),
            Err(FieldsNotPermitted(vec![MaxReferrals]))
        );
        assert_eq!(check_fields(CallerKind::Owner, &given[..1]), Ok(()));
    }
}
