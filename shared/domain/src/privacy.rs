//! What becomes of a person's records when the person is erased.
//!
//! Whoever is erased is replaced by a pseudonym, which is random: nothing leads from the id to
//! it or back. Counts and taken strings stay as they are. A mentor's facts are counted in rows
//! under their id, so these are renamed in an order that counts each of them once: facts that
//! are folded, then, once nobody can still be folding them, the rows.

use crate::ids::{MemberId, MentorId, OrgId, random_bytes};
use crate::text::{Invalid, string_newtype};
use crate::{CodeRecord, Timestamp};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// How long after the last change of a mentor's facts their rows are moved: longer than any
/// function runs, so that no run is left which read a fact under the old id.
pub const SETTLING: TimeDelta = TimeDelta::minutes(15);

/// After what time facts that were not folded yet are looked at again.
pub const FOLDING: TimeDelta = TimeDelta::seconds(20);

/// How long the receipt of an erasure is kept.
pub const RECEIPT_RETENTION: TimeDelta = TimeDelta::days(90);

string_newtype!(
    /// What takes the place of an erased person's id: `erased_` and 32 random hex digits.
    Pseudonym,
    |text| {
        let hex = text.strip_prefix("erased_").unwrap_or("");
        let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if hex.len() == 32 && hex.bytes().all(is_hex) {
            Ok(text.to_owned())
        } else {
            Err(Invalid("must be erased_ and 32 hex digits"))
        }
    }
);

impl Pseudonym {
    /// A new one.
    pub fn random() -> Self {
        let hex: String = random_bytes::<16>()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self(format!("erased_{hex}"))
    }

    /// In the place of a mentor.
    ///
    /// # Panics
    /// Never: a pseudonym is a valid id.
    pub fn mentor(&self) -> MentorId {
        self.0.parse().expect("a pseudonym is a valid id")
    }

    /// In the place of a member.
    ///
    /// # Panics
    /// Never: a pseudonym is a valid id.
    pub fn member(&self) -> MemberId {
        self.0.parse().expect("a pseudonym is a valid id")
    }
}

/// How many items of each kind are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Codes, each with all of its items.
    pub codes: u64,
    /// Clicks and what became of them.
    pub attributions: u64,
    /// Facts of conversions and deletions.
    pub changes: u64,
    /// What keeps a member at one referrer.
    pub guards: u64,
    /// Answers that are kept for repeated requests.
    pub kept_answers: u64,
    /// Rows of statistics.
    pub statistics: u64,
}

impl Tally {
    /// Whether nothing is concerned.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.codes += other.codes;
        self.attributions += other.attributions;
        self.changes += other.changes;
        self.guards += other.guards;
        self.kept_answers += other.kept_answers;
        self.statistics += other.statistics;
    }
}

/// What an erasure has done, and whether something is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// What the person is called now; `None` where there was nobody to erase.
    pub pseudonym: Option<Pseudonym>,
    /// In which organisation.
    pub org: OrgId,
    /// What was erased or renamed until now.
    pub erased: Tally,
    /// When the erasure goes on, if it has not ended: repeat the request then, or leave it to
    /// the schedule.
    pub continues_at: Option<Timestamp>,
}

impl Receipt {
    /// There was nothing of the person in `org`.
    pub fn nothing(org: OrgId) -> Self {
        Self {
            pseudonym: None,
            org,
            erased: Tally::default(),
            continues_at: None,
        }
    }

    /// Whether nothing is left to do.
    pub fn is_complete(&self) -> bool {
        self.continues_at.is_none()
    }
}

/// Whether a fact may be renamed: it is in the rows already, so no round reads it again. One
/// that is not would be counted under both names by a round that is resumed in between.
pub fn may_rename_fact(made_at: DateTime<Utc>, folded_to: DateTime<Utc>) -> bool {
    made_at < folded_to
}

/// What follows a pass over all of a mentor's facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterPass {
    /// Nothing is left, and nobody can still be folding under the old id.
    MoveRows,
    /// Another pass, from then on.
    Again(DateTime<Utc>),
}

/// What follows a pass that began at `began_at` or later and ends at `now`; the last change of
/// a fact was at `changed_at`. `has_waiting` says that facts are left which are not folded.
pub fn after_pass(
    began_at: DateTime<Utc>,
    changed_at: DateTime<Utc>,
    has_waiting: bool,
    now: DateTime<Utc>,
) -> AfterPass {
    let settled_at = changed_at + SETTLING;
    if has_waiting {
        AfterPass::Again(now + FOLDING)
    } else if began_at >= settled_at {
        AfterPass::MoveRows
    } else {
        AfterPass::Again(settled_at)
    }
}

/// Whether a code of an erased mentor must be ended: nobody recruits with it any more, and
/// nobody makes it active again.
pub fn must_end(code: &CodeRecord) -> bool {
    code.invalidated_at.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).expect("in range")
    }

    #[test]
    fn a_pseudonym_is_random_and_a_valid_id() {
        let (one, other) = (Pseudonym::random(), Pseudonym::random());
        assert_ne!(one, other);
        assert_eq!(one.as_str().parse(), Ok(one.clone()));
        assert_eq!(one.mentor().as_str(), one.as_str());
        assert_eq!(one.member().as_str(), one.as_str());
        for refused in [
            "usr_1",
            "erased_",
            "erased_0123",
            &one.as_str().to_uppercase(),
        ] {
            assert!(refused.parse::<Pseudonym>().is_err(), "{refused}");
        }
    }

    #[test]
    fn a_fact_is_renamed_once_it_is_folded() {
        assert!(may_rename_fact(at(9), at(10)));
        assert!(!may_rename_fact(at(10), at(10)));
        assert!(!may_rename_fact(at(11), at(10)));
    }

    #[test]
    fn rows_move_after_a_pass_that_began_when_all_was_settled() {
        let settled = at(100) + SETTLING;
        for (began, has_waiting, expected) in [
            (settled, false, AfterPass::MoveRows),
            (settled + FOLDING, false, AfterPass::MoveRows),
            (at(101), false, AfterPass::Again(settled)),
            (
                settled - TimeDelta::milliseconds(1),
                false,
                AfterPass::Again(settled),
            ),
            (settled, true, AfterPass::Again(at(5_000) + FOLDING)),
        ] {
            let after = after_pass(began, at(100), has_waiting, at(5_000));
            assert_eq!(after, expected, "{began} {has_waiting}");
        }
    }
}
