//! Making, rotating and retiring codes: what is wanted, what comes of it, and why not.

use crate::clock::Timestamp;
use crate::code::{Code, CodePrefix};
use crate::code_record::{CodeRecord, CodeStatus, CodeTerms};
use crate::ids::{MentorId, OrgId};
use crate::terms::{RequestedTerms, Term, TermsRefusal};
use crate::usage::CountedCode;
use chrono::{DateTime, Utc};

/// A code that is to be made with a chosen string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCode {
    /// Who recruits with it.
    pub mentor: MentorId,
    /// Where they recruit.
    pub org: OrgId,
    /// The chosen string.
    pub code: Code,
    /// What is requested of its terms.
    pub terms: RequestedTerms,
}

/// A pair that wants its active code, whichever it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedCode {
    /// Who recruits with it.
    pub mentor: MentorId,
    /// Where they recruit.
    pub org: OrgId,
    /// How a new code begins; it is random where none is given.
    pub prefix: Option<CodePrefix>,
    /// What is requested of a new code's terms.
    pub terms: RequestedTerms,
}

impl WantedCode {
    /// The pair's active code, if it has the requested terms.
    ///
    /// # Errors
    /// [`CreateRefusal::TermsDiffer`].
    pub fn existing(&self, record: CodeRecord) -> Result<Issued, CreateRefusal> {
        let terms = self.terms.differing(&record.terms);
        if terms.is_empty() {
            return Ok(Issued::Existing(record));
        }
        Err(CreateRefusal::TermsDiffer {
            existing: Box::new(record),
            terms,
        })
    }

    /// A code to try for the pair after this many collisions.
    pub fn drawn(&self, collisions: usize, terms: CodeTerms, now: DateTime<Utc>) -> CodeRecord {
        let prefix = self.prefix.as_ref();
        let code = prefix.map_or_else(Code::random, |prefix| Code::with_prefix(prefix, collisions));
        CodeRecord::new(self.mentor.clone(), self.org.clone(), code, terms, now)
    }
}

/// The code that a pair has after asking for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Issued {
    /// It was made now.
    Created(CodeRecord),
    /// The pair had it before.
    Existing(CodeRecord),
}

impl Issued {
    /// The code.
    pub fn record(&self) -> &CodeRecord {
        match self {
            Self::Created(record) | Self::Existing(record) => record,
        }
    }
}

/// Why no code was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateRefusal {
    /// The caller may not act for this owner.
    OutOfScope,
    /// The code cannot have these terms.
    Terms(TermsRefusal),
    /// The pair has an active code, this one.
    PairHasActive(Box<CodeRecord>),
    /// The pair's active code has other terms than are requested.
    TermsDiffer {
        /// That code.
        existing: Box<CodeRecord>,
        /// Which terms: at least one.
        terms: Vec<Term>,
    },
    /// The string, or one that folds alike, was issued before.
    CodeTaken,
}

/// Why a code was not retired or rotated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RetireRefusal {
    /// There is no such record, or no longer.
    NotFound,
    /// Its status does not allow it.
    Status(CodeStatus),
    /// It was replaced before: the pair's active code is this one.
    Replaced(Box<CodeRecord>),
    /// The caller named a mentor who does not own it.
    OtherMentor,
    /// `deactivated_at` is further ahead than two clocks may differ.
    InTheFuture,
}

/// A code and the one that replaced it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The string of the old code.
    pub previous: Code,
    /// The code that replaced it.
    pub new: CodeRecord,
}

/// When a deactivation takes effect that is requested at `now`, for `at` or without a time.
///
/// # Errors
/// [`RetireRefusal::InTheFuture`].
pub fn deactivation_time(
    at: Option<Timestamp>,
    now: DateTime<Utc>,
) -> Result<Timestamp, RetireRefusal> {
    let at = at.unwrap_or(now.into());
    if at.is_ahead_of(now) {
        return Err(RetireRefusal::InTheFuture);
    }
    Ok(at)
}

impl CodeRecord {
    /// Passes if `mentor` may replace the code by a new one at `now`.
    ///
    /// # Errors
    /// [`RetireRefusal::OtherMentor`], [`RetireRefusal::Status`].
    pub fn check_rotation(
        &self,
        mentor: &MentorId,
        now: DateTime<Utc>,
    ) -> Result<(), RetireRefusal> {
        if self.mentor != *mentor {
            return Err(RetireRefusal::OtherMentor);
        }
        match self.status(now) {
            CodeStatus::Active => Ok(()),
            other => Err(RetireRefusal::Status(other)),
        }
    }

    /// A code with the same owner, terms and prefix made at `now`, and another suffix.
    fn with_new_suffix(&self, collisions: usize, now: DateTime<Utc>) -> Self {
        let prefix = self.code.prefix();
        let code = self
            .code
            .drawn_anew(|| Code::with_prefix(&prefix, collisions));
        Self::new(
            self.mentor.clone(),
            self.org.clone(),
            code,
            self.terms.clone(),
            now,
        )
    }

    /// The code as its deactivation at `at` leaves it, at its creation where `at` is before
    /// that; `None` where it is inactive already, as the first deactivation's time stays.
    ///
    /// # Errors
    /// [`RetireRefusal::Status`] where it is invalidated.
    pub fn deactivated(
        &self,
        at: Timestamp,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, RetireRefusal> {
        match self.status(now) {
            CodeStatus::Invalidated => Err(RetireRefusal::Status(CodeStatus::Invalidated)),
            CodeStatus::Inactive => Ok(None),
            CodeStatus::Active | CodeStatus::Expired => Ok(Some(Self {
                deactivated_at: Some(at.max(self.created_at)),
                ..self.clone()
            })),
        }
    }

    /// The code as its invalidation at `now` leaves it; `None` where it is invalidated
    /// already, as the first invalidation's time stays.
    pub fn invalidated(&self, now: DateTime<Utc>) -> Option<Self> {
        let at = Timestamp::from(now);
        self.invalidated_at.is_none().then(|| Self {
            invalidated_at: Some(at),
            deactivated_at: self.deactivated_at.or(Some(at)),
            ..self.clone()
        })
    }
}

impl CountedCode {
    /// The code that replaces this one at `now`: the same owner, terms and prefix, another
    /// suffix, and as many confirmed referrals, so that a limit cannot be rotated away.
    pub fn rotated(&self, collisions: usize, now: DateTime<Utc>) -> Self {
        Self {
            record: self.record.with_new_suffix(collisions, now),
            ..self.clone()
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::code_record::CodeTerms;
    use crate::program::tests::time;

    const NOW: &str = "2026-03-26T12:00:00Z";

    /// An unused code without limits, made at `at`.
    pub(crate) fn code(at: &str) -> CountedCode {
        CountedCode {
            record: CodeRecord::new(
                "usr_4491".parse().expect("an id"),
                "org_002".parse().expect("an id"),
                "JAN-VERV-8F3A".parse().expect("a code"),
                CodeTerms::default(),
                time(at),
            ),
            confirmed: 0,
            counts_since: None,
        }
    }

    fn made() -> CodeRecord {
        code("2026-01-10T09:00:00Z").record
    }

    fn in_each_end_state() -> [(CodeStatus, CodeRecord); 3] {
        let inactive = made()
            .deactivated(time(NOW).into(), time(NOW))
            .expect("active");
        let mut expired = made();
        expired.terms.expires_at = Some(time("2026-03-01T00:00:00Z").into());
        [
            (CodeStatus::Inactive, inactive.expect("was active")),
            (
                CodeStatus::Invalidated,
                made().invalidated(time(NOW)).expect("was active"),
            ),
            (CodeStatus::Expired, expired),
        ]
    }

    #[test]
    fn only_an_active_code_is_rotated_and_by_its_mentor() {
        let own = "usr_4491".parse().expect("an id");
        let other = "usr_other".parse().expect("an id");
        assert_eq!(made().check_rotation(&own, time(NOW)), Ok(()));
        assert_eq!(
            made().check_rotation(&other, time(NOW)),
            Err(RetireRefusal::OtherMentor)
        );
        for (status, record) in in_each_end_state() {
            assert_eq!(
                record.check_rotation(&own, time(NOW)),
                Err(RetireRefusal::Status(status))
            );
        }
    }

    #[test]
    fn a_deactivation_is_in_the_life_of_its_code() {
        let rows = [
            (None, Ok(NOW)),
            (Some("2026-02-01T00:00:00Z"), Ok("2026-02-01T00:00:00Z")),
            (Some("2026-01-10T08:59:59Z"), Ok("2026-01-10T09:00:00Z")),
            (
                Some("2026-03-26T12:05:01Z"),
                Err(RetireRefusal::InTheFuture),
            ),
        ];
        for (at, expected) in rows {
            let at = at.map(|at| time(at).into());
            let ended = deactivation_time(at, time(NOW));
            let ended = ended.and_then(|at| made().deactivated(at, time(NOW)));
            let ended = ended.map(|record| record.and_then(|record| record.deactivated_at));
            assert_eq!(ended, expected.map(|at| Some(time(at).into())));
        }
    }

    #[test]
    fn the_first_end_stays() {
        let later = time("2026-03-27T12:00:00Z");
        let [(_, inactive), (_, invalidated), (_, expired)] = in_each_end_state();
        assert_eq!(inactive.deactivated(later.into(), later), Ok(None));
        assert_eq!(
            invalidated.deactivated(later.into(), later),
            Err(RetireRefusal::Status(CodeStatus::Invalidated))
        );
        assert_eq!(invalidated.invalidated(later), None);
        let both = inactive.invalidated(later).expect("not invalidated");
        assert_eq!(both.deactivated_at, inactive.deactivated_at);
        assert_eq!(both.invalidated_at, Some(later.into()));
        assert!(matches!(
            expired.deactivated(later.into(), later),
            Ok(Some(_))
        ));
    }

    #[test]
    fn a_rotation_keeps_owner_terms_prefix_and_count() {
        let counted = CountedCode {
            record: made(),
            confirmed: 7,
            counts_since: Some(time(NOW).into()),
        };
        let rotated = counted.rotated(0, time(NOW));
        assert_eq!(rotated.confirmed, 7);
        assert_eq!(rotated.counts_since, counted.counts_since);
        let (old, new) = (counted.record, rotated.record);
        assert_eq!(new.code.prefix(), old.code.prefix());
        assert_ne!(new.code, old.code);
        assert_eq!(
            (&new.mentor, &new.org, &new.terms),
            (&old.mentor, &old.org, &old.terms)
        );
        assert_eq!(new.created_at, time(NOW).into());
    }
}
