//! A referral program: the terms that an organisation gives the codes made under it.

use crate::clock::Timestamp;
use crate::code_record::{ReferralLimit, UserType};
use crate::ids::{CurrencyId, OrgId, ProgramId};
use crate::text::{Invalid, one_line, string_newtype};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

string_newtype!(
    /// What people call a program: 1 to 120 characters, none of them a control character.
    ProgramName,
    |text| one_line(text)
);

/// A number of days: 1 to 3,650.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u16")]
pub struct Days(u16);

impl TryFrom<u64> for Days {
    type Error = Invalid;

    fn try_from(number: u64) -> Result<Self, Invalid> {
        match u16::try_from(number) {
            Ok(days @ 1..=3_650) => Ok(Self(days)),
            _ => Err(Invalid("must be a whole number from 1 to 3650")),
        }
    }
}

impl From<Days> for u16 {
    fn from(days: Days) -> u16 {
        days.0
    }
}

impl Days {
    /// The point so many days after `start`.
    pub fn after(self, start: Timestamp) -> Timestamp {
        (start.instant() + TimeDelta::days(self.0.into())).into()
    }
}

/// Whom a program serves: one to three user types, each once, in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<UserType>", into = "Vec<UserType>")]
pub struct EligibleUserTypes(Vec<UserType>);

impl TryFrom<Vec<UserType>> for EligibleUserTypes {
    type Error = Invalid;

    fn try_from(mut types: Vec<UserType>) -> Result<Self, Invalid> {
        let given = types.len();
        types.sort_by_key(|user_type| u8::from(*user_type));
        types.dedup();
        if (1..=3).contains(&given) && types.len() == given {
            Ok(Self(types))
        } else {
            Err(Invalid("must hold one to three of 2, 3 and 5, each once"))
        }
    }
}

impl From<EligibleUserTypes> for Vec<UserType> {
    fn from(types: EligibleUserTypes) -> Self {
        types.0
    }
}

impl Default for EligibleUserTypes {
    fn default() -> Self {
        Self(vec![UserType::default()])
    }
}

impl EligibleUserTypes {
    /// Whether `user_type` is served.
    pub fn contains(&self, user_type: UserType) -> bool {
        self.0.contains(&user_type)
    }
}

/// Whether new codes may be made under a program. Codes made before stay under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProgramStatus {
    /// New codes may be made under it.
    #[default]
    Active,
    /// It takes no new codes.
    Archived,
}

/// What an organisation chooses about a program, and may change later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramTerms {
    /// What people call it.
    pub name: ProgramName,
    /// The currency of its rewards.
    pub currency: CurrencyId,
    /// Whom its codes serve.
    pub user_types: EligibleUserTypes,
    /// What a code is limited to that names no limit of its own, from the moment of a change on;
    /// `None` is unlimited.
    pub max_referrals_per_code: Option<ReferralLimit>,
    /// How long after the click a recruitment may be confirmed; `None` is for ever.
    pub attribution_window: Option<Days>,
    /// When a code expires that names no end of its own; `None` is never.
    pub code_ttl: Option<Days>,
    /// Codes are used from this point on.
    pub starts_at: Option<Timestamp>,
    /// Codes are used before this point.
    pub ends_at: Option<Timestamp>,
}

/// The phase of a program at a point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Before `starts_at`.
    NotStarted,
    /// Codes are used.
    Running,
    /// From `ends_at` on.
    Ended,
}

impl ProgramTerms {
    /// Passes if the program ends after it starts.
    ///
    /// # Errors
    /// [`ProgramRefusal::EndsBeforeStart`].
    pub fn check(&self) -> Result<(), ProgramRefusal> {
        match (self.starts_at, self.ends_at) {
            (Some(start), Some(end)) if end <= start => Err(ProgramRefusal::EndsBeforeStart),
            _ => Ok(()),
        }
    }

    /// Whether `now` is before, within or after the program's time.
    pub fn phase(&self, now: DateTime<Utc>) -> Phase {
        if self.starts_at.is_some_and(|start| now < start.instant()) {
            Phase::NotStarted
        } else if self.ends_at.is_some_and(|end| end.instant() <= now) {
            Phase::Ended
        } else {
            Phase::Running
        }
    }

    /// Whether a click at `clicked` may be confirmed as of `confirmed`.
    pub fn within_attribution_window(&self, clicked: Timestamp, confirmed: Timestamp) -> bool {
        self.attribution_window
            .is_none_or(|window| confirmed <= window.after(clicked))
    }
}

/// Why a program was not made or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramRefusal {
    /// The caller may not act for this organisation.
    OutOfScope,
    /// There is no such program, or no longer.
    NotFound,
    /// It would end before it starts.
    EndsBeforeStart,
}

/// What became of a program that was to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramRemoval {
    /// It is gone, as of then.
    Deleted(Timestamp),
    /// Codes refer to it: it stays for them, and takes no new ones, as of then.
    Archived(Timestamp),
}

/// A program of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its id, which holds when it was made.
    pub id: ProgramId,
    /// Whose it is.
    pub org: OrgId,
    /// What the organisation chose.
    pub terms: ProgramTerms,
    /// When it was archived; `None` while it is active.
    pub archived_at: Option<Timestamp>,
    /// Counts the changes, so that two of them cannot pass each other unseen.
    pub version: u64,
    /// Whether a code was ever made under it: then it is archived and never deleted.
    pub is_referred: bool,
}

impl Program {
    /// A new active program, made at `now`.
    pub fn new(org: OrgId, terms: ProgramTerms, now: DateTime<Utc>) -> Self {
        Self {
            id: ProgramId::new(now),
            org,
            terms,
            archived_at: None,
            version: 1,
            is_referred: false,
        }
    }

    /// When it was made.
    pub fn created_at(&self) -> Timestamp {
        self.id.made_at().into()
    }

    /// Active or archived.
    pub fn status(&self) -> ProgramStatus {
        match self.archived_at {
            None => ProgramStatus::Active,
            Some(_) => ProgramStatus::Archived,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn time(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    /// An active program without limits.
    pub(crate) fn program() -> Program {
        let terms = ProgramTerms {
            name: "Spring".parse().expect("a name"),
            currency: "NOK".parse().expect("an id"),
            user_types: EligibleUserTypes::default(),
            max_referrals_per_code: None,
            attribution_window: None,
            code_ttl: None,
            starts_at: None,
            ends_at: None,
        };
        let org = "org_002".parse().expect("an id");
        Program::new(org, terms, time("2026-01-01T00:00:00Z"))
    }

    #[test]
    fn a_program_ends_after_it_starts() {
        let mut terms = program().terms;
        let (start, end) = ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z");
        let rows = [
            (None, Some(start), Ok(())),
            (Some(start), None, Ok(())),
            (Some(start), Some(end), Ok(())),
            (
                Some(start),
                Some(start),
                Err(ProgramRefusal::EndsBeforeStart),
            ),
            (Some(end), Some(start), Err(ProgramRefusal::EndsBeforeStart)),
        ];
        for (starts, ends, expected) in rows {
            terms.starts_at = starts.map(|at| time(at).into());
            terms.ends_at = ends.map(|at| time(at).into());
            assert_eq!(terms.check(), expected, "{starts:?} {ends:?}");
        }
    }

    #[test]
    fn a_program_serves_each_user_type_once() {
        let read = |json: &str| serde_json::from_str::<EligibleUserTypes>(json).ok();
        assert_eq!(
            read("[5,2]").map(Vec::from),
            Some(vec![UserType::Customer, UserType::Agent])
        );
        for refused in ["[]", "[2,2]", "[4]", "[2,3,5,2]", "2"] {
            assert_eq!(read(refused), None, "{refused}");
        }
    }

    #[test]
    fn days_and_names_have_bounds() {
        for refused in [0, 3_651, 65_537, u64::MAX] {
            assert!(Days::try_from(refused).is_err(), "{refused}");
        }
        for refused in ["", "  ", "a\nb", &"x".repeat(121)] {
            assert!(refused.parse::<ProgramName>().is_err(), "{refused:?}");
        }
        assert!("Vår 2026".parse::<ProgramName>().is_ok());
    }
}
