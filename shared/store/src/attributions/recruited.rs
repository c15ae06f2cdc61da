//! What every confirmation leaves, by a click or by a code alone: the guard of its member, and
//! the reply that is kept.
//!
//! A kept reply names the attribution and nobody: what it shows is read again, so that an erasure
//! need not look for it. An attribution does not change once it is confirmed.

use crate::attribution_item::MemberGuard;
use crate::error::StoreError;
use crate::transaction::{Conflict, Transaction};
use domain::confirmation::ConfirmRefusal;
use domain::{Attribution, AttributionId, Recruitment};
use serde::{Deserialize, Serialize};

/// What is kept of a report under its idempotency key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct KeptConversion {
    pub(super) id: AttributionId,
    pub(super) is_new: bool,
}

impl KeptConversion {
    /// The attribution was confirmed by this report.
    pub(super) fn made(id: AttributionId) -> Self {
        Self { id, is_new: true }
    }

    /// It had been confirmed before.
    pub(super) fn repeated(id: AttributionId) -> Self {
        Self { id, is_new: false }
    }
}

/// What a confirmed attribution has become.
pub(super) fn recruitment_of(confirmed: &Attribution) -> Result<Recruitment, StoreError> {
    let recruitment = Recruitment::of(confirmed);
    recruitment.ok_or_else(|| StoreError::corrupt("a confirmed attribution without a conversion"))
}

impl<R: From<ConfirmRefusal>> Transaction<'_, Conflict<R>> {
    /// Writes the guard that keeps the member at one referrer, unless another has them.
    pub(super) fn guard(self, recruitment: &Recruitment) -> Self {
        let guard = MemberGuard::from(recruitment);
        self.create(&guard, |held: Option<MemberGuard>| {
            held.map_or(Conflict::Overtaken, |held| {
                Conflict::Refused(ConfirmRefusal::MemberHeld(held.attribution).into())
            })
        })
    }
}
