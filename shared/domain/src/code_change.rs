//! Changing the terms of a code that exists, and making an inactive one active again.

use crate::clock::Timestamp;
use crate::code_record::{CodeRecord, CodeStatus, CodeTerms, ReferralLimit, UserType};
use crate::ids::ProgramId;
use crate::program::Program;
use crate::terms::{TermsRefusal, check_program};
use chrono::{DateTime, Utc};

/// What becomes of a code's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StatusChange {
    /// It stays.
    #[default]
    Keep,
    /// An inactive code is active again.
    Activate,
}

/// What is to change of a code: what is `None` stays, and `Some(None)` takes a term away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CodeChange {
    /// Whom it serves.
    pub user_type: Option<UserType>,
    /// Its program.
    pub program: Option<Option<ProgramId>>,
    /// Its own limit.
    pub max_referrals: Option<Option<ReferralLimit>>,
    /// Its end. That of a program that the code comes under later is not taken over.
    pub expires_at: Option<Option<Timestamp>>,
    /// Its status.
    pub status: StatusChange,
}

/// Why a code was not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeRefusal {
    /// There is no such record, or no longer.
    NotFound,
    /// Its status does not allow it.
    Status(CodeStatus),
    /// It was replaced, for good: by the pair's active code, where there is one.
    Replaced(Option<Box<CodeRecord>>),
    /// It cannot have these terms.
    Terms(TermsRefusal),
    /// It would be active, and the pair has another active code, this one.
    PairHasActive(Box<CodeRecord>),
}

/// What a change of terms does to the count of a code's confirmed referrals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountChange {
    /// It goes on, or there is none still.
    Keep,
    /// The code had neither limit nor program and gets one: its count begins with what the
    /// statistics have of it. Confirmations and deletions in flight at that moment may be
    /// missing from them, or in them twice.
    Start,
    /// The code has neither limit nor program any more.
    Stop,
}

impl CodeChange {
    /// The program that the change names.
    pub fn named_program(&self) -> Option<ProgramId> {
        self.program.flatten()
    }

    /// Whether a code that counted nothing may have to count from now on.
    pub fn may_start_count(&self) -> bool {
        self.named_program().is_some() || self.max_referrals.flatten().is_some()
    }

    fn terms(&self, old: &CodeTerms) -> CodeTerms {
        CodeTerms {
            user_type: self.user_type.unwrap_or(old.user_type),
            program: self.program.unwrap_or(old.program),
            max_referrals: self.max_referrals.unwrap_or(old.max_referrals),
            expires_at: self.expires_at.unwrap_or(old.expires_at),
        }
    }
}

impl CodeRecord {
    /// The code as `change` leaves it at `now`. `program` is the one that the change names, where
    /// it was found. A limit may be less than what is confirmed: then it is reached.
    ///
    /// # Errors
    /// [`ChangeRefusal::Status`], [`ChangeRefusal::Terms`].
    pub fn changed(
        &self,
        change: &CodeChange,
        program: Option<&Program>,
        now: DateTime<Utc>,
    ) -> Result<Self, ChangeRefusal> {
        if self.invalidated_at.is_some() {
            return Err(ChangeRefusal::Status(CodeStatus::Invalidated));
        }
        let terms = change.terms(&self.terms);
        // What a code has already may be said again.
        let end = terms.expires_at.filter(|end| end.instant() <= now);
        if end.is_some() && end != self.terms.expires_at {
            return Err(ChangeRefusal::Terms(TermsRefusal::ExpiresInThePast));
        }
        if terms.program.is_some() && terms.program != self.terms.program {
            check_program(program, &self.org, now).map_err(ChangeRefusal::Terms)?;
        }
        let changed = Self {
            terms,
            deactivated_at: match change.status {
                StatusChange::Keep => self.deactivated_at,
                StatusChange::Activate => None,
            },
            ..self.clone()
        };
        match (change.status, changed.status(now)) {
            (StatusChange::Activate, CodeStatus::Expired) => {
                Err(ChangeRefusal::Status(CodeStatus::Expired))
            }
            _ => Ok(changed),
        }
    }
}

impl CodeTerms {
    /// What it does to the count that these terms become `changed`.
    pub fn count_change(&self, changed: &Self) -> CountChange {
        match (self.may_limit(), changed.may_limit()) {
            (false, true) => CountChange::Start,
            (true, false) => CountChange::Stop,
            (false, false) | (true, true) => CountChange::Keep,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::tests::{program, time};

    const NOW: &str = "2026-03-26T12:00:00Z";

    fn made() -> CodeRecord {
        crate::codes::tests::code("2026-01-10T09:00:00Z").record
    }

    fn ending(at: &str) -> CodeChange {
        CodeChange {
            expires_at: Some(Some(time(at).into())),
            ..CodeChange::default()
        }
    }

    fn activating() -> CodeChange {
        CodeChange {
            status: StatusChange::Activate,
            ..CodeChange::default()
        }
    }

    #[test]
    fn each_change_that_cannot_be_has_its_refusal() {
        use ChangeRefusal::{Status, Terms};
        let now = time(NOW);
        let found = program();
        let foreign = Program {
            org: "org_other".parse().expect("an id"),
            ..found.clone()
        };
        let archived = Program {
            archived_at: Some(now.into()),
            ..found.clone()
        };
        let mut ended = found.clone();
        ended.terms.ends_at = Some(now.into());
        let joining = CodeChange {
            program: Some(Some(found.id)),
            ..CodeChange::default()
        };
        let invalidated = made().invalidated(now).expect("active");
        let mut expired = made();
        expired.terms.expires_at = Some(now.into());
        let rows = [
            (
                &invalidated,
                activating(),
                None,
                Status(CodeStatus::Invalidated),
            ),
            (
                &invalidated,
                ending("2026-12-31T00:00:00Z"),
                None,
                Status(CodeStatus::Invalidated),
            ),
            (&expired, activating(), None, Status(CodeStatus::Expired)),
            (
                &made(),
                ending(NOW),
                None,
                Terms(TermsRefusal::ExpiresInThePast),
            ),
            (
                &made(),
                joining.clone(),
                None,
                Terms(TermsRefusal::ProgramNotFound),
            ),
            (
                &made(),
                joining.clone(),
                Some(&foreign),
                Terms(TermsRefusal::ProgramNotFound),
            ),
            (
                &made(),
                joining.clone(),
                Some(&archived),
                Terms(TermsRefusal::ProgramArchived),
            ),
            (
                &made(),
                joining,
                Some(&ended),
                Terms(TermsRefusal::ProgramEnded),
            ),
        ];
        for (row, (record, change, program, refusal)) in rows.into_iter().enumerate() {
            let changed = record.changed(&change, program, now);
            assert_eq!(changed, Err(refusal), "row {row}");
        }
    }

    #[test]
    fn what_is_given_changes_and_the_rest_stays() {
        let (now, program) = (time(NOW), program());
        let mut record = made();
        record.terms.max_referrals = 3.try_into().ok();
        assert_eq!(
            record.changed(&CodeChange::default(), None, now),
            Ok(record.clone())
        );
        let change = CodeChange {
            user_type: Some(UserType::Agent),
            program: Some(Some(program.id)),
            max_referrals: Some(None),
            ..ending("2026-12-31T00:00:00Z")
        };
        let changed = record
            .changed(&change, Some(&program), now)
            .expect("allowed");
        let terms = CodeTerms {
            user_type: UserType::Agent,
            program: Some(program.id),
            max_referrals: None,
            expires_at: Some(time("2026-12-31T00:00:00Z").into()),
        };
        assert_eq!(changed, CodeRecord { terms, ..record });
    }

    #[test]
    fn what_a_code_has_already_may_be_said_again() {
        let (now, program) = (time(NOW), program());
        let mut record = made();
        record.terms.program = Some(program.id);
        record.terms.expires_at = Some(time("2026-03-01T00:00:00Z").into());
        let change = CodeChange {
            program: Some(Some(program.id)),
            ..ending("2026-03-01T00:00:00Z")
        };
        let archived = Program {
            archived_at: Some(now.into()),
            ..program
        };
        assert_eq!(
            record.changed(&change, Some(&archived), now),
            Ok(record.clone())
        );
        assert_eq!(record.changed(&change, None, now), Ok(record));
    }

    #[test]
    fn an_inactive_code_is_active_again_and_an_expired_one_with_a_later_end() {
        let now = time(NOW);
        let inactive = made().deactivated(now.into(), now).expect("active");
        let mut inactive = inactive.expect("was active");
        let changed = inactive.changed(&activating(), None, now).expect("allowed");
        assert_eq!(changed.status(now), CodeStatus::Active);
        assert_eq!(
            changed.changed(&activating(), None, now),
            Ok(changed.clone())
        );
        inactive.terms.expires_at = Some(now.into());
        let later = CodeChange {
            status: StatusChange::Activate,
            ..ending("2026-03-26T12:00:01Z")
        };
        let changed = inactive.changed(&later, None, now).expect("allowed");
        assert_eq!(changed.status(now), CodeStatus::Active);
    }

    #[test]
    fn a_count_begins_with_a_limit_or_a_program_and_ends_with_both() {
        use CountChange::{Keep, Start, Stop};
        let terms = |limit: Option<u64>, program: Option<&Program>| CodeTerms {
            max_referrals: limit.and_then(|limit| limit.try_into().ok()),
            program: program.map(|program| program.id),
            ..CodeTerms::default()
        };
        let program = program();
        let (none, own, of_program) = (
            terms(None, None),
            terms(Some(3), None),
            terms(None, Some(&program)),
        );
        for (old, new, expected) in [
            (&none, &none, Keep),
            (&none, &own, Start),
            (&none, &of_program, Start),
            (&own, &of_program, Keep),
            (&of_program, &own, Keep),
            (&own, &none, Stop),
            (&of_program, &none, Stop),
        ] {
            assert_eq!(old.count_change(new), expected, "{old:?} {new:?}");
        }
    }
}
