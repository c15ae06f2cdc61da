//! The terms of a code: what its maker requests, completed by its program.
//!
//! The end that a program gives is fixed when the code is made. A limit is not: a code stores
//! its own alone, and one without follows its program's as it is now.

use crate::clock::Timestamp;
use crate::code_record::{CodeTerms, ReferralLimit, UserType};
use crate::ids::{OrgId, ProgramId};
use crate::program::{Phase, Program, ProgramStatus};
use chrono::{DateTime, Utc};

/// What a caller requests of a new code's terms; `None` leaves it to the program.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestedTerms {
    /// Whom the code serves; a customer unless given.
    pub user_type: Option<UserType>,
    /// The program that the code is made under.
    pub program: Option<ProgramId>,
    /// The most referrals that the code may confirm.
    pub max_referrals: Option<ReferralLimit>,
    /// When the code ends.
    pub expires_at: Option<Timestamp>,
}

/// Why a code cannot have the requested terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TermsRefusal {
    /// `expires_at` is not after now.
    ExpiresInThePast,
    /// The organisation has no such program.
    ProgramNotFound,
    /// The program takes no new codes.
    ProgramArchived,
    /// The program is over.
    ProgramEnded,
}

/// A term that a request gives and that an existing code has otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// Whom it serves.
    UserType,
    /// Its program.
    Program,
    /// Its own limit.
    MaxReferrals,
    /// Its end.
    ExpiresAt,
}

impl Term {
    /// What a request calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::UserType => "user_type",
            Self::Program => "referral_program_id",
            Self::MaxReferrals => "max_referrals",
            Self::ExpiresAt => "expires_at",
        }
    }
}

/// The program that a code is to come under, if it was found and takes codes at `now`.
///
/// # Errors
/// [`TermsRefusal`].
pub fn check_program<'p>(
    program: Option<&'p Program>,
    org: &OrgId,
    now: DateTime<Utc>,
) -> Result<&'p Program, TermsRefusal> {
    let program = program
        .filter(|program| program.org == *org)
        .ok_or(TermsRefusal::ProgramNotFound)?;
    if program.status() == ProgramStatus::Archived {
        return Err(TermsRefusal::ProgramArchived);
    }
    if program.terms.phase(now) == Phase::Ended {
        return Err(TermsRefusal::ProgramEnded);
    }
    Ok(program)
}

impl CodeTerms {
    /// The most referrals that the code may confirm: its own limit, or else that of `program`,
    /// its program as it is now.
    pub fn limit(&self, program: Option<&Program>) -> Option<ReferralLimit> {
        self.max_referrals
            .or_else(|| program?.terms.max_referrals_per_code)
    }
}

impl RequestedTerms {
    /// The terms of a code of `org` made at `now`. `program` is the requested one, where it
    /// was found.
    ///
    /// # Errors
    /// [`TermsRefusal`].
    pub fn resolve(
        &self,
        program: Option<&Program>,
        org: &OrgId,
        now: DateTime<Utc>,
    ) -> Result<CodeTerms, TermsRefusal> {
        if self.expires_at.is_some_and(|end| end.instant() <= now) {
            return Err(TermsRefusal::ExpiresInThePast);
        }
        let program = match self.program {
            None => None,
            Some(_) => Some(check_program(program, org, now)?),
        };
        let given = program.map(|program| &program.terms);
        Ok(CodeTerms {
            user_type: self.user_type.unwrap_or_default(),
            program: self.program,
            max_referrals: self.max_referrals,
            expires_at: self
                .expires_at
                .or_else(|| Some(given?.code_ttl?.after(now.into()))),
        })
    }

    /// Which of the requested terms `existing` has otherwise. What is not requested is not
    /// compared, nor is a program's limit, which is not the code's own.
    pub fn differing(&self, existing: &CodeTerms) -> Vec<Term> {
        fn differs<T: PartialEq>(requested: Option<&T>, existing: Option<&T>) -> bool {
            requested.is_some() && requested != existing
        }
        let compared = [
            (
                Term::UserType,
                differs(self.user_type.as_ref(), Some(&existing.user_type)),
            ),
            (
                Term::Program,
                differs(self.program.as_ref(), existing.program.as_ref()),
            ),
            (
                Term::MaxReferrals,
                differs(self.max_referrals.as_ref(), existing.max_referrals.as_ref()),
            ),
            (
                Term::ExpiresAt,
                differs(self.expires_at.as_ref(), existing.expires_at.as_ref()),
            ),
        ];
        let differing = compared.into_iter().filter(|(_, differs)| *differs);
        differing.map(|(term, _)| term).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::tests::{program, time};

    const NOW: &str = "2026-03-26T12:00:00Z";

    fn requested(program: Option<&Program>) -> RequestedTerms {
        RequestedTerms {
            program: program.map(|program| program.id),
            ..RequestedTerms::default()
        }
    }

    #[test]
    fn each_term_that_cannot_be_has_its_refusal() {
        let program = program();
        let archived = Program {
            archived_at: Some(time(NOW).into()),
            ..program.clone()
        };
        let foreign = Program {
            org: "org_other".parse().expect("an id"),
            ..program.clone()
        };
        let mut over = program.clone();
        over.terms.ends_at = Some(time(NOW).into());
        let ended = RequestedTerms {
            expires_at: Some(time(NOW).into()),
            ..RequestedTerms::default()
        };
        let of_program = requested(Some(&program));
        let rows = [
            (&ended, None, TermsRefusal::ExpiresInThePast),
            (&of_program, None, TermsRefusal::ProgramNotFound),
            (&of_program, Some(&foreign), TermsRefusal::ProgramNotFound),
            (&of_program, Some(&archived), TermsRefusal::ProgramArchived),
            (&of_program, Some(&over), TermsRefusal::ProgramEnded),
        ];
        for (requested, found, refusal) in rows {
            assert_eq!(
                requested.resolve(found, &program.org, time(NOW)),
                Err(refusal)
            );
        }
    }

    #[test]
    fn a_program_completes_what_its_code_leaves_open() {
        let mut program = program();
        program.terms.max_referrals_per_code = 10.try_into().ok();
        program.terms.code_ttl = 30.try_into().ok();
        let open = requested(Some(&program));
        let terms = open.resolve(Some(&program), &program.org, time(NOW));
        let expected = CodeTerms {
            user_type: UserType::Customer,
            program: Some(program.id),
            max_referrals: None,
            expires_at: Some(time("2026-04-25T12:00:00Z").into()),
        };
        assert_eq!(terms, Ok(expected.clone()));
        assert_eq!(expected.limit(Some(&program)), 10.try_into().ok());

        let own = RequestedTerms {
            max_referrals: 3.try_into().ok(),
            expires_at: Some(time("2026-04-01T00:00:00Z").into()),
            ..open
        };
        let terms = own.resolve(Some(&program), &program.org, time(NOW));
        assert_eq!(
            terms,
            Ok(CodeTerms {
                max_referrals: own.max_referrals,
                expires_at: own.expires_at,
                ..expected
            })
        );
    }

    #[test]
    fn only_what_is_requested_is_compared_with_what_a_code_has() {
        let own = CodeTerms {
            user_type: UserType::Agent,
            program: Some(program().id),
            max_referrals: 3.try_into().ok(),
            expires_at: Some(time(NOW).into()),
        };
        let same = RequestedTerms {
            user_type: Some(own.user_type),
            program: own.program,
            max_referrals: own.max_referrals,
            expires_at: own.expires_at,
        };
        let other = RequestedTerms {
            user_type: Some(UserType::Customer),
            program: Some(program().id),
            max_referrals: 4.try_into().ok(),
            expires_at: Some(time("2026-03-27T12:00:00Z").into()),
        };
        let all = vec![
            Term::UserType,
            Term::Program,
            Term::MaxReferrals,
            Term::ExpiresAt,
        ];
        let none = CodeTerms::default();
        for (requested, existing, expected) in [
            (&same, &own, vec![]),
            (&RequestedTerms::default(), &own, vec![]),
            (&other, &own, all.clone()),
            (&same, &none, all),
        ] {
            assert_eq!(requested.differing(existing), expected);
        }
    }

    #[test]
    fn a_limit_that_is_not_the_codes_own_is_its_programs() {
        let limit = |number: u64| number.try_into().ok();
        let (own, none) = (limit(3), None);
        for (own, of_program, expected) in [
            (none, none, none),
            (own, none, own),
            (none, limit(10), limit(10)),
            (own, limit(10), own),
            (limit(10), limit(3), limit(10)),
        ] {
            let mut program = program();
            program.terms.max_referrals_per_code = of_program;
            let terms = CodeTerms {
                program: Some(program.id),
                max_referrals: own,
                ..CodeTerms::default()
            };
            assert_eq!(terms.limit(Some(&program)), expected);
            assert_eq!(terms.limit(None), own, "without its program");
        }
    }
}
