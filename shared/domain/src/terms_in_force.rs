//! The terms that a code has now, and where each comes from.

use crate::clock::Timestamp;
use crate::code_record::{ReferralLimit, UserType};
use crate::ids::ProgramId;
use crate::program::Program;
use crate::usage::CountedCode;
use serde::Serialize;

/// Where the value of a term comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TermSource {
    /// The code has it of its own.
    Code,
    /// Its program gives it, as it is now.
    Program,
    /// Nobody has chosen another.
    Default,
}

/// A term as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TermInForce<T> {
    /// Its value.
    pub value: T,
    /// Where that comes from.
    pub source: TermSource,
}

impl<T> TermInForce<T> {
    fn new(value: T, source: TermSource) -> Self {
        Self { value, source }
    }

    /// A term that a code has of its own or not at all.
    fn own(value: Option<T>) -> TermInForce<Option<T>> {
        let source = match &value {
            Some(_) => TermSource::Code,
            None => TermSource::Default,
        };
        TermInForce::new(value, source)
    }
}

/// The terms that a code has now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TermsInForce {
    /// When it ends; `None` is never.
    pub expires_at: TermInForce<Option<Timestamp>>,
    /// The most referrals that it may confirm; `None` is unlimited.
    pub max_referrals: TermInForce<Option<ReferralLimit>>,
    /// Its program.
    pub referral_program_id: TermInForce<Option<ProgramId>>,
    /// The type of user that it was made for.
    pub user_type: TermInForce<UserType>,
    /// The types of user that it serves: those of its program, or else its own.
    pub eligible_user_types: TermInForce<Vec<UserType>>,
}

impl CountedCode {
    /// The terms of the code under `program`, its program. An end that a program gave is the
    /// code's own since it was made.
    pub fn terms_in_force(&self, program: Option<&Program>) -> TermsInForce {
        let own = &self.record.terms;
        let of_program = program.and_then(|program| program.terms.max_referrals_per_code);
        let max_referrals = match (own.max_referrals, of_program) {
            (None, Some(limit)) => TermInForce::new(Some(limit), TermSource::Program),
            (own, _) => TermInForce::own(own),
        };
        let type_source = match own.user_type == UserType::default() {
            true => TermSource::Default,
            false => TermSource::Code,
        };
        let eligible_user_types = match program {
            None => TermInForce::new(vec![own.user_type], type_source),
            Some(program) => {
                let types = program.terms.user_types.clone();
                TermInForce::new(types.into(), TermSource::Program)
            }
        };
        TermsInForce {
            expires_at: TermInForce::own(own.expires_at),
            max_referrals,
            referral_program_id: TermInForce::own(own.program),
            user_type: TermInForce::new(own.user_type, type_source),
            eligible_user_types,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::tests::{program, time};

    #[test]
    fn each_term_says_where_it_comes_from() {
        use TermSource::{Code, Default, Program};
        let mut code = crate::codes::tests::code("2026-01-10T09:00:00Z");
        let mut program = program();
        let sources = |code: &CountedCode, program: Option<&crate::Program>| {
            let terms = code.terms_in_force(program);
            [
                terms.expires_at.source,
                terms.max_referrals.source,
                terms.referral_program_id.source,
                terms.user_type.source,
                terms.eligible_user_types.source,
            ]
        };
        assert_eq!(sources(&code, None), [Default; 5]);
        code.record.terms.program = Some(program.id);
        assert_eq!(
            sources(&code, Some(&program)),
            [Default, Default, Code, Default, Program]
        );
        program.terms.max_referrals_per_code = 10.try_into().ok();
        assert_eq!(
            sources(&code, Some(&program)),
            [Default, Program, Code, Default, Program]
        );
        let limit = code.terms_in_force(Some(&program)).max_referrals.value;
        assert_eq!(limit, 10.try_into().ok());
        code.record.terms.max_referrals = 3.try_into().ok();
        code.record.terms.user_type = UserType::Agent;
        code.record.terms.expires_at = Some(time("2026-12-31T00:00:00Z").into());
        assert_eq!(
            sources(&code, Some(&program)),
            [Code, Code, Code, Code, Program]
        );
        let limit = code.terms_in_force(Some(&program)).max_referrals.value;
        assert_eq!(limit, 3.try_into().ok());
    }
}
