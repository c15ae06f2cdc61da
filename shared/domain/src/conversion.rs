//! Recruitments, and those that are confirmed by their code alone.

use crate::attribution::{Attribution, Source, Visitor};
use crate::clock::Timestamp;
use crate::code::Code;
use crate::confirmation::{ConfirmRefusal, Confirmation};
use crate::ids::{AttributionId, MemberId, MentorId, OrgId};
use crate::program::Program;
use crate::usage::{CountedCode, UsageRefusal};
use chrono::{DateTime, Utc};

/// A confirmed attribution: who joined, by whose code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recruitment {
    /// Of the attribution.
    pub id: AttributionId,
    /// After a click, or by the code alone.
    pub source: Source,
    /// The code that led to it.
    pub code: Code,
    /// Whose code it was.
    pub mentor: MentorId,
    /// In which organisation.
    pub org: OrgId,
    /// Who joined.
    pub member: MemberId,
    /// When.
    pub confirmed_at: Timestamp,
}

impl Recruitment {
    /// What `attribution` has become; `None` for a click that is not confirmed.
    pub fn of(attribution: &Attribution) -> Option<Self> {
        let conversion = attribution.conversion.as_ref()?;
        Some(Self {
            id: attribution.id,
            source: attribution.source,
            code: attribution.code.clone(),
            mentor: attribution.mentor.clone(),
            org: attribution.org.clone(),
            member: conversion.member.clone(),
            confirmed_at: conversion.confirmed_at,
        })
    }

    /// When its attribution was recorded.
    pub fn created_at(&self) -> Timestamp {
        self.id.made_at().into()
    }
}

/// Why a recruitment by a code alone was not confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConvertRefusal {
    /// There is no such code.
    UnknownCode,
    /// The code cannot be used now.
    Unusable(UsageRefusal),
    /// What refuses a confirmation of a click refuses it as well.
    Confirm(ConfirmRefusal),
}

impl From<ConfirmRefusal> for ConvertRefusal {
    fn from(refusal: ConfirmRefusal) -> Self {
        Self::Confirm(refusal)
    }
}

impl Confirmation {
    /// The attribution that the confirmation leaves without a click, by `code`, which is of
    /// `program`. That the member is free, and the code below its limit still, only the table
    /// knows. There is no click that an attribution window could be measured from.
    ///
    /// # Errors
    /// The first [`ConvertRefusal`].
    pub fn without_click(
        &self,
        code: &CountedCode,
        program: Option<&Program>,
        now: DateTime<Utc>,
    ) -> Result<Attribution, ConvertRefusal> {
        let conversion = self.conversion(now)?;
        let record = &code.record;
        if self.member.is(&record.mentor) {
            return Err(ConfirmRefusal::SelfReferral.into());
        }
        code.check_usable(program, now)
            .map_err(ConvertRefusal::Unusable)?;
        Ok(Attribution {
            id: AttributionId::new(now),
            source: Source::Typed,
            code: record.code.clone(),
            mentor: record.mentor.clone(),
            org: record.org.clone(),
            program: record.terms.program,
            visitor: Visitor::default(),
            occurred_at: conversion.confirmed_at,
            conversion: Some(conversion),
            expires_at: None,
        })
    }

    /// Whether it has led to `held` already: the same member by the same code.
    pub fn has_led_to(&self, held: &Recruitment) -> bool {
        held.member == self.member && held.code.folded() == self.code
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::Conversion;
    use crate::code_record::{CodeRecord, CodeTerms};
    use crate::confirmation::tests::confirmation;
    use crate::program::tests::{program, time};

    const NOW: &str = "2026-03-26T12:00:00Z";

    fn code(program: &Program) -> CountedCode {
        let terms = CodeTerms {
            program: Some(program.id),
            max_referrals: 2.try_into().ok(),
            ..CodeTerms::default()
        };
        let (mentor, org) = ("usr_4491".parse(), "org_002".parse());
        let record = CodeRecord::new(
            mentor.expect("an id"),
            org.expect("an id"),
            "JAN-VERV-8F3A".parse().expect("a code"),
            terms,
            time("2026-01-10T09:00:00Z"),
        );
        CountedCode {
            record,
            confirmed: 1,
            counts_since: None,
        }
    }

    #[test]
    fn a_recruitment_without_a_click_occurs_when_it_is_confirmed() {
        let mut program = program();
        program.terms.attribution_window = 1.try_into().ok();
        let made = confirmation()
            .without_click(&code(&program), Some(&program), time(NOW))
            .expect("an attribution");
        let conversion = Conversion {
            member: "usr_5892".parse().expect("an id"),
            confirmed_at: time("2026-03-25T10:00:00Z").into(),
        };
        assert_eq!(made.source, Source::Typed);
        assert_eq!(made.occurred_at, conversion.confirmed_at);
        assert_eq!(made.conversion, Some(conversion));
        assert_eq!(made.program, Some(program.id));
        let held = Recruitment::of(&made).expect("a recruitment");
        assert!(confirmation().has_led_to(&held));
        let by_another_code = Confirmation {
            code: "OTHER1".parse().expect("a code"),
            ..confirmation()
        };
        assert!(!by_another_code.has_led_to(&held));
    }

    #[test]
    fn each_obstacle_has_its_refusal() {
        type Change = fn(&mut Confirmation, &mut CountedCode, &mut Program);
        let rows: [(Change, ConvertRefusal); 5] = [
            (
                |new, _, _| new.member = "usr_4491".parse().expect("an id"),
                ConfirmRefusal::SelfReferral.into(),
            ),
            (
                |new, _, _| new.confirmed_at = Some(time("2026-03-26T12:05:01Z").into()),
                ConfirmRefusal::InTheFuture.into(),
            ),
            (
                |_, code, _| code.record.deactivated_at = Some(code.record.created_at),
                ConvertRefusal::Unusable(UsageRefusal::Inactive),
            ),
            (
                |_, code, _| code.confirmed = 2,
                ConvertRefusal::Unusable(UsageRefusal::LimitReached),
            ),
            (
                |_, _, program| program.terms.ends_at = Some(time("2026-03-26T11:00:00Z").into()),
                ConvertRefusal::Unusable(UsageRefusal::ProgramEnded),
            ),
        ];
        for (row, (change, refusal)) in rows.into_iter().enumerate() {
            let mut program = program();
            let (mut new, mut code) = (confirmation(), code(&program));
            change(&mut new, &mut code, &mut program);
            let decided = new.without_click(&code, Some(&program), time(NOW));
            assert_eq!(decided, Err(refusal), "row {row}");
        }
    }
}
