//! The terms of a code: what its maker requests, completed by its program.
//!
//! The end that a program gives is fixed when the code is made. A limit is not: a code stores
//! its own alone, and one without follows its program's as it is now.

use crate::clock::Timestamp;
use crate::code_record::{CodeTerms, ReferralLimit, UserType};
use crate::ids::{OrgId, ProgramId};
use crate::program::{Program, ProgramStatus};
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
            Some(_) => Some(
                program
                    .filter(|program| program.org == *org)
                    .ok_or(TermsRefusal::ProgramNotFound)?,
            ),
        };
        if program.is_some_and(|program| program.status() == ProgramStatus::Archived) {
            return Err(TermsRefusal::ProgramArchived);
        }
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
