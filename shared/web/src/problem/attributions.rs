//! What a refused click or confirmation is answered.

use super::{Problem, no_such_record};
use domain::click::ClickRefusal;
use domain::confirmation::ConfirmRefusal;
use domain::conversion::ConvertRefusal;
use domain::usage::UsageRefusal;

impl From<ClickRefusal> for Problem {
    fn from(refusal: ClickRefusal) -> Self {
        match refusal {
            ClickRefusal::UnknownCode => {
                Self::not_found("code_not_found", "There is no such code.")
            }
            ClickRefusal::InTheFuture => {
                Self::unprocessable("occurred_in_the_future", "A click cannot be in the future.")
                    .with_field("occurred_at", "is more than five minutes ahead")
            }
            ClickRefusal::TooLongAgo => Self::unprocessable(
                "occurred_too_long_ago",
                "A click can be recorded within 30 days.",
            )
            .with_field("occurred_at", "is more than 30 days ago"),
            ClickRefusal::Unusable(refusal) => refusal.into(),
        }
    }
}

impl From<ConvertRefusal> for Problem {
    fn from(refusal: ConvertRefusal) -> Self {
        match refusal {
            ConvertRefusal::UnknownCode => ClickRefusal::UnknownCode.into(),
            ConvertRefusal::Unusable(refusal) => refusal.into(),
            ConvertRefusal::Confirm(refusal) => refusal.into(),
        }
    }
}

impl From<UsageRefusal> for Problem {
    fn from(refusal: UsageRefusal) -> Self {
        let (code, detail) = match refusal {
            UsageRefusal::Inactive => ("code_inactive", "The code is no longer active."),
            UsageRefusal::Invalidated => ("code_invalidated", "The code is invalidated."),
            UsageRefusal::Expired => ("code_expired", "The code has expired."),
            UsageRefusal::ProgramNotStarted => {
                ("program_not_started", "The code's program has not begun.")
            }
            UsageRefusal::ProgramEnded => ("program_ended", "The code's program has ended."),
            UsageRefusal::LimitReached => return limit_reached(),
        };
        Self::conflict(code, detail)
    }
}

fn limit_reached() -> Problem {
    Problem::conflict(
        "limit_reached",
        "The code has confirmed as many referrals as it may.",
    )
}

impl From<ConfirmRefusal> for Problem {
    fn from(refusal: ConfirmRefusal) -> Self {
        match refusal {
            ConfirmRefusal::NotFound => no_such_record(),
            ConfirmRefusal::OtherCode => {
                Self::unprocessable("code_mismatch", "This attribution is of another code.")
                    .with_field("code", "is not the code of this attribution")
            }
            ConfirmRefusal::SelfReferral => {
                Self::unprocessable("self_referral", "A mentor cannot recruit themself.")
                    .with_field("new_member_id", "is the mentor")
            }
            ConfirmRefusal::BeforeClick => Self::unprocessable(
                "confirmed_before_click",
                "A recruitment cannot precede its click.",
            )
            .with_field("confirmed_at", "is before occurred_at"),
            ConfirmRefusal::InTheFuture => Self::unprocessable(
                "confirmed_in_the_future",
                "A recruitment cannot be in the future.",
            )
            .with_field("confirmed_at", "is more than five minutes ahead"),
            ConfirmRefusal::OutsideWindow => Self::unprocessable(
                "outside_attribution_window",
                "The program of this code no longer counts a recruitment so long after its click.",
            )
            .with_field("confirmed_at", "is past the attribution window"),
            ConfirmRefusal::AlreadyConfirmed => Self::conflict(
                "already_confirmed",
                "This attribution is confirmed, with another member.",
            ),
            ConfirmRefusal::MemberHeld(holder) => Self::conflict(
                "member_already_attributed",
                format!("This member is attributed in this organisation already, by {holder}."),
            )
            .with_member("attribution_id", holder),
            ConfirmRefusal::LimitReached => limit_reached(),
        }
    }
}
