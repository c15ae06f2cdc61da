//! What a refused click or confirmation is answered.

use super::Problem;
use super::extract::no_such_record;
use crate::store::TransactError;
use crate::store::attributions::{ClickRefusal, ConfirmRefusal, Unusable};

impl From<TransactError<ClickRefusal>> for Problem {
    fn from(error: TransactError<ClickRefusal>) -> Self {
        match error {
            TransactError::Store(error) => error.into(),
            TransactError::Refused(ClickRefusal::UnknownCode) => {
                Problem::not_found("code_not_found", "There is no such code.")
            }
            TransactError::Refused(ClickRefusal::Unusable(reason)) => unusable(reason),
            TransactError::Refused(ClickRefusal::KeyReused) => Problem::key_reused(),
        }
    }
}

fn unusable(reason: Unusable) -> Problem {
    match reason {
        Unusable::Inactive => Problem::conflict("code_inactive", "The code is no longer active."),
        Unusable::Invalidated => Problem::conflict("code_invalidated", "The code is invalidated."),
        Unusable::Expired => Problem::conflict("code_expired", "The code has expired."),
        Unusable::ProgramNotStarted => {
            Problem::conflict("program_not_started", "The code's program has not begun.")
        }
        Unusable::ProgramEnded => {
            Problem::conflict("program_ended", "The code's program has ended.")
        }
        Unusable::LimitReached => limit_reached(),
    }
}

fn limit_reached() -> Problem {
    Problem::conflict(
        "limit_reached",
        "The code has confirmed as many referrals as it may.",
    )
}

impl From<TransactError<ConfirmRefusal>> for Problem {
    fn from(error: TransactError<ConfirmRefusal>) -> Self {
        let refusal = match error {
            TransactError::Store(error) => return error.into(),
            TransactError::Refused(refusal) => refusal,
        };
        match refusal {
            ConfirmRefusal::NotFound => no_such_record(),
            ConfirmRefusal::OtherCode => {
                Problem::refused("code_mismatch", "This attribution is of another code.")
                    .with_field("code", "is not the code of this attribution")
            }
            ConfirmRefusal::SelfReferral => {
                Problem::refused("self_referral", "A mentor cannot recruit themself.")
                    .with_field("new_member_id", "is the mentor")
            }
            ConfirmRefusal::BeforeClick => Problem::refused(
                "confirmed_before_click",
                "A recruitment cannot precede its click.",
            )
            .with_field("confirmed_at", "lies before occurred_at"),
            ConfirmRefusal::OutsideWindow => Problem::refused(
                "outside_attribution_window",
                "The program of this code no longer counts a recruitment so long after its click.",
            )
            .with_field("confirmed_at", "lies past the attribution window"),
            ConfirmRefusal::AlreadyConfirmed => Problem::conflict(
                "already_confirmed",
                "This attribution is confirmed, with another member.",
            ),
            ConfirmRefusal::MemberHeld(holder) => Problem::conflict(
                "member_already_attributed",
                format!("This member is attributed in this organisation already, by {holder}."),
            ),
            ConfirmRefusal::LimitReached => limit_reached(),
        }
    }
}
