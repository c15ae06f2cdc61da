//! Whether a code may be used, and by whom.

use crate::clock::Timestamp;
use crate::code_record::{CodeRecord, CodeStatus, UserType};
use crate::program::{Phase, Program};
use chrono::{DateTime, Utc};

/// A code with the number of referrals that it has confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedCode {
    /// The code.
    pub record: CodeRecord,
    /// Referrals confirmed, counted where the code has a limit or may get one.
    pub confirmed: i64,
    /// When the count began with what the statistics had of the code, where it has not counted
    /// from the start.
    pub counts_since: Option<Timestamp>,
}

/// Whether a conversion was counted on its code when it was confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// The code had a limit, or a program.
    Counted,
    /// It had neither.
    Uncounted,
}

/// Why a code cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageRefusal {
    /// It was deactivated or rotated.
    Inactive,
    /// It was invalidated.
    Invalidated,
    /// It is past its end.
    Expired,
    /// Its program has not begun yet.
    ProgramNotStarted,
    /// Its program is over.
    ProgramEnded,
    /// It has confirmed as many referrals as it may.
    LimitReached,
}

impl CountedCode {
    /// Passes if the code, made under `program`, may be used at `now`.
    ///
    /// # Errors
    /// The first [`UsageRefusal`]: the code's own state, then its program's, then its limit.
    pub fn check_usable(
        &self,
        program: Option<&Program>,
        now: DateTime<Utc>,
    ) -> Result<(), UsageRefusal> {
        match self.record.status(now) {
            CodeStatus::Inactive => return Err(UsageRefusal::Inactive),
            CodeStatus::Invalidated => return Err(UsageRefusal::Invalidated),
            CodeStatus::Expired => return Err(UsageRefusal::Expired),
            CodeStatus::Active => {}
        }
        match program.map_or(Phase::Running, |program| program.terms.phase(now)) {
            Phase::NotStarted => return Err(UsageRefusal::ProgramNotStarted),
            Phase::Ended => return Err(UsageRefusal::ProgramEnded),
            Phase::Running => {}
        }
        if self.limit_reached(program) {
            return Err(UsageRefusal::LimitReached);
        }
        Ok(())
    }

    /// Whether the confirmed referrals use the limit up: the code's own, or that of `program`,
    /// its program.
    pub fn limit_reached(&self, program: Option<&Program>) -> bool {
        let limit = self.record.terms.limit(program);
        limit.is_some_and(|limit| limit.is_reached_by(self.confirmed))
    }

    /// Whether the code's count has a conversion of it in it, which was recorded at
    /// `recorded_at`: the deletion takes that back. One that was not counted when it was confirmed
    /// is there if the count began with the statistics, and after it.
    pub fn has_counted(&self, confirmed: Confirmed, recorded_at: Timestamp) -> bool {
        if !self.record.terms.may_limit() {
            return false;
        }
        match confirmed {
            Confirmed::Counted => true,
            Confirmed::Uncounted => self.counts_since.is_some_and(|since| recorded_at <= since),
        }
    }

    /// Whether the code serves users of `user_type`: its program says so, or else the code's
    /// own type does.
    pub fn serves(&self, user_type: UserType, program: Option<&Program>) -> bool {
        program.map_or(self.record.terms.user_type == user_type, |program| {
            program.terms.user_types.contains(user_type)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::tests::{program, time};

    #[test]
    fn each_obstacle_has_its_refusal() {
        use UsageRefusal::{
            Expired, Inactive, Invalidated, LimitReached, ProgramEnded, ProgramNotStarted,
        };
        let now = time("2026-03-26T12:00:00Z");
        let at = |text: &str| Some(time(text).into());
        type Change = fn(&mut CountedCode, &mut Program);
        let rows: [(Change, Result<(), UsageRefusal>); 11] = [
            (|_, _| {}, Ok(())),
            (
                |code, _| code.record.deactivated_at = Some(code.record.created_at),
                Err(Inactive),
            ),
            (
                |code, _| code.record.invalidated_at = Some(code.record.created_at),
                Err(Invalidated),
            ),
            (
                |code, _| code.record.terms.expires_at = Some(code.record.created_at),
                Err(Expired),
            ),
            (|code, _| code.confirmed = 2, Err(LimitReached)),
            (|code, _| code.confirmed = 1, Ok(())),
            (
                |code, program| {
                    code.confirmed = 3;
                    code.record.terms.max_referrals = None;
                    program.terms.max_referrals_per_code = 3.try_into().ok();
                },
                Err(LimitReached),
            ),
            (
                |code, program| {
                    code.confirmed = 3;
                    code.record.terms.max_referrals = 4.try_into().ok();
                    program.terms.max_referrals_per_code = 3.try_into().ok();
                },
                Ok(()),
            ),
            (
                |_, program| program.terms.starts_at = Some(time("2026-04-01T00:00:00Z").into()),
                Err(ProgramNotStarted),
            ),
            (
                |_, program| program.terms.ends_at = Some(time("2026-03-26T12:00:00Z").into()),
                Err(ProgramEnded),
            ),
            // The code's own state is told first.
            (
                |code, program| {
                    code.record.deactivated_at = Some(code.record.created_at);
                    program.terms.ends_at = program.terms.starts_at;
                },
                Err(Inactive),
            ),
        ];
        for (row, (change, expected)) in rows.into_iter().enumerate() {
            let mut code = crate::codes::tests::code("2026-01-10T09:00:00Z");
            code.record.terms.max_referrals = 2.try_into().ok();
            let mut program = program();
            program.terms.starts_at = at("2026-01-01T00:00:00Z");
            change(&mut code, &mut program);
            assert_eq!(
                code.check_usable(Some(&program), now),
                expected,
                "row {row}"
            );
        }
    }

    #[test]
    fn a_deletion_takes_back_what_the_count_has() {
        use Confirmed::{Counted, Uncounted};
        let (early, late) = ("2026-02-01T00:00:00Z", "2026-02-01T00:00:01Z");
        let rows = [
            (Some(5), None, Counted, late, true),
            (Some(5), None, Uncounted, early, false),
            (Some(5), Some(early), Counted, late, true),
            (Some(5), Some(early), Uncounted, early, true),
            (Some(5), Some(early), Uncounted, late, false),
            // A code without a limit counts nothing, whatever it has counted before.
            (None, None, Counted, early, false),
            (None, Some(late), Counted, early, false),
        ];
        for (limit, since, confirmed, recorded, expected) in rows {
            let mut code = crate::codes::tests::code("2026-01-10T09:00:00Z");
            code.record.terms.max_referrals = limit.and_then(|limit: u64| limit.try_into().ok());
            code.counts_since = since.map(|at| time(at).into());
            let counted = code.has_counted(confirmed, time(recorded).into());
            assert_eq!(
                counted, expected,
                "{limit:?} {since:?} {confirmed:?} {recorded}"
            );
        }
    }

    #[test]
    fn a_program_says_whom_its_codes_serve() {
        let code = crate::codes::tests::code("2026-01-10T09:00:00Z");
        let mut program = program();
        program.terms.user_types = vec![UserType::Agent].try_into().expect("one type");
        assert!(code.serves(UserType::Customer, None));
        assert!(!code.serves(UserType::Agent, None));
        assert!(code.serves(UserType::Agent, Some(&program)));
        assert!(!code.serves(UserType::Customer, Some(&program)));
    }
}
