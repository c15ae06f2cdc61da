//! A referral code with its owner and its life: active, then inactive, then perhaps invalidated.

use crate::clock::Timestamp;
use crate::code::Code;
use crate::ids::{CodeId, MentorId, OrgId, ProgramId};
use crate::text::Invalid;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Whom a code serves, in the payments company's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum UserType {
    /// 2.
    #[default]
    Customer,
    /// 3.
    Merchant,
    /// 5.
    Agent,
}

impl TryFrom<u8> for UserType {
    type Error = Invalid;

    fn try_from(number: u8) -> Result<Self, Invalid> {
        match number {
            2 => Ok(Self::Customer),
            3 => Ok(Self::Merchant),
            5 => Ok(Self::Agent),
            _ => Err(Invalid("must be 2 (customer), 3 (merchant) or 5 (agent)")),
        }
    }
}

impl From<UserType> for u8 {
    fn from(user_type: UserType) -> u8 {
        match user_type {
            UserType::Customer => 2,
            UserType::Merchant => 3,
            UserType::Agent => 5,
        }
    }
}

/// What a reader is told of a code at a point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeStatus {
    /// It may be used.
    Active,
    /// Deactivated or rotated.
    Inactive,
    /// Invalid for good.
    Invalidated,
    /// Neither deactivated nor invalidated, but past `expires_at`.
    Expired,
}

/// The greatest number of referrals that a code may be limited to.
pub const MAX_REFERRALS: u32 = 1_000_000_000;

/// How many referrals a code may confirm: 1 to [`MAX_REFERRALS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u32")]
pub struct ReferralLimit(u32);

impl TryFrom<u64> for ReferralLimit {
    type Error = Invalid;

    fn try_from(number: u64) -> Result<Self, Invalid> {
        match u32::try_from(number) {
            Ok(limit @ 1..=MAX_REFERRALS) => Ok(Self(limit)),
            _ => Err(Invalid("must be a whole number from 1 to 1000000000")),
        }
    }
}

impl From<ReferralLimit> for u32 {
    fn from(limit: ReferralLimit) -> u32 {
        limit.0
    }
}

impl ReferralLimit {
    /// Whether `confirmed` referrals use the limit up.
    pub fn is_reached_by(self, confirmed: i64) -> bool {
        confirmed >= i64::from(self.0)
    }

    /// Whether the referral after `confirmed` ones is the last that it allows.
    pub fn is_next_the_last(self, confirmed: i64) -> bool {
        confirmed + 1 == i64::from(self.0)
    }
}

/// What a caller may choose about a new code besides its owner and its text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CodeTerms {
    /// Whom it serves.
    pub user_type: UserType,
    /// The program that it was made under.
    pub program: Option<ProgramId>,
    /// Its own limit; `None` leaves it to its program.
    pub max_referrals: Option<ReferralLimit>,
    /// `None` is never.
    pub expires_at: Option<Timestamp>,
}

/// A referral code with its owner, its terms and its life so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeRecord {
    /// Its id, which does not give the code away.
    pub id: CodeId,
    /// Who recruits with it.
    pub mentor: MentorId,
    /// Where they recruit.
    pub org: OrgId,
    /// The code itself.
    pub code: Code,
    /// Its terms.
    pub terms: CodeTerms,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stopped being active, by deactivation, rotation or invalidation.
    pub deactivated_at: Option<Timestamp>,
    /// When it became invalid for good.
    pub invalidated_at: Option<Timestamp>,
}

impl CodeTerms {
    /// Whether the code has a limit, or may get one from its program: only then are its confirmed
    /// referrals counted on it.
    pub fn may_limit(&self) -> bool {
        self.max_referrals.is_some() || self.program.is_some()
    }
}

impl CodeRecord {
    /// A new active code, made at `now`.
    pub fn new(
        mentor: MentorId,
        org: OrgId,
        code: Code,
        terms: CodeTerms,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id: CodeId::new(now),
            mentor,
            org,
            code,
            terms,
            created_at: now.into(),
            deactivated_at: None,
            invalidated_at: None,
        }
    }

    /// The status that a reader is told at `now`.
    pub fn status(&self, now: DateTime<Utc>) -> CodeStatus {
        if self.invalidated_at.is_some() {
            CodeStatus::Invalidated
        } else if self.deactivated_at.is_some() {
            CodeStatus::Inactive
        } else if self
            .terms
            .expires_at
            .is_some_and(|end| end.instant() <= now)
        {
            CodeStatus::Expired
        } else {
            CodeStatus::Active
        }
    }
}
