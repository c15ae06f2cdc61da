//! Whether a click may become a recruitment.

use crate::attribution::{Attribution, Conversion};
use crate::clock::Timestamp;
use crate::code::FoldedCode;
use crate::ids::{AttributionId, MemberId};
use crate::program::Program;
use chrono::{DateTime, Utc};

/// A recruitment as it is to be confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// The code that the caller says led to it.
    pub code: FoldedCode,
    /// Who joined.
    pub member: MemberId,
    /// When; `None` is now.
    pub confirmed_at: Option<Timestamp>,
}

/// Why a recruitment was not confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmRefusal {
    /// There is no such attribution, or no longer.
    NotFound,
    /// The named code is not the attribution's.
    OtherCode,
    /// The mentor names themself.
    SelfReferral,
    /// `confirmed_at` is before the click, by more than two clocks may differ.
    BeforeClick,
    /// `confirmed_at` is further ahead than two clocks may differ.
    InTheFuture,
    /// `confirmed_at` is past the attribution window of the code's program.
    OutsideWindow,
    /// The attribution is confirmed with another member.
    AlreadyConfirmed,
    /// The member is attributed already, by this attribution.
    MemberHeld(AttributionId),
    /// The code has confirmed as many referrals as it may.
    LimitReached,
}

/// What a confirmation comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfirmDecision {
    /// The click becomes this conversion.
    Confirm(Conversion),
    /// It was confirmed so before: the first answer holds.
    Replay,
}

impl Confirmation {
    /// The conversion that is to be confirmed at `now`.
    ///
    /// # Errors
    /// [`ConfirmRefusal::InTheFuture`].
    pub fn conversion(&self, now: DateTime<Utc>) -> Result<Conversion, ConfirmRefusal> {
        let confirmed_at = self.confirmed_at.unwrap_or(now.into());
        if confirmed_at.is_ahead_of(now) {
            return Err(ConfirmRefusal::InTheFuture);
        }
        Ok(Conversion {
            member: self.member.clone(),
            confirmed_at,
        })
    }

    /// What the confirmation of `attribution`, whose code was made under `program`, comes to
    /// at `now`. That the member is free and the code below its limit, only the table knows.
    ///
    /// # Errors
    /// The first [`ConfirmRefusal`].
    pub fn decide(
        &self,
        attribution: &Attribution,
        program: Option<&Program>,
        now: DateTime<Utc>,
    ) -> Result<ConfirmDecision, ConfirmRefusal> {
        let mut conversion = self.conversion(now)?;
        if attribution.code.folded() != self.code {
            return Err(ConfirmRefusal::OtherCode);
        }
        match &attribution.conversion {
            Some(held) if held.member == self.member => return Ok(ConfirmDecision::Replay),
            Some(_) => return Err(ConfirmRefusal::AlreadyConfirmed),
            None => {}
        }
        if self.member.is(&attribution.mentor) {
            return Err(ConfirmRefusal::SelfReferral);
        }
        if attribution
            .occurred_at
            .is_ahead_of(conversion.confirmed_at.instant())
        {
            return Err(ConfirmRefusal::BeforeClick);
        }
        // A clock that is behind: nobody joins before they click.
        conversion.confirmed_at = conversion.confirmed_at.max(attribution.occurred_at);
        let (clicked, confirmed) = (attribution.occurred_at, conversion.confirmed_at);
        let within_window = program.is_none_or(|program| {
            let terms = &program.terms;
            terms.within_attribution_window(clicked, confirmed)
        });
        if !within_window {
            return Err(ConfirmRefusal::OutsideWindow);
        }
        Ok(ConfirmDecision::Confirm(conversion))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::attribution::{Source, Visitor};
    use crate::program::tests::{program, time};

    const NOW: &str = "2026-03-26T12:00:00Z";

    fn attribution() -> Attribution {
        Attribution {
            id: AttributionId::new(time("2026-03-20T14:22:01Z")),
            source: Source::Click,
            program: None,
            code: "JAN-VERV-8F3A".parse().expect("a code"),
            mentor: "usr_4491".parse().expect("an id"),
            org: "org_002".parse().expect("an id"),
            visitor: Visitor::default(),
            occurred_at: time("2026-03-20T14:22:00Z").into(),
            conversion: None,
            expires_at: None,
        }
    }

    pub(crate) fn confirmation() -> Confirmation {
        Confirmation {
            code: "janverv8f3a".parse().expect("a code"),
            member: "usr_5892".parse().expect("an id"),
            confirmed_at: Some(time("2026-03-25T10:00:00Z").into()),
        }
    }

    #[test]
    fn each_obstacle_has_its_refusal() {
        use ConfirmRefusal::{
            AlreadyConfirmed, BeforeClick, InTheFuture, OtherCode, OutsideWindow, SelfReferral,
        };
        type Change = fn(&mut Confirmation, &mut Attribution, &mut Program);
        let held = |member: &str| {
            Some(Conversion {
                member: member.parse().expect("an id"),
                confirmed_at: time("2026-03-25T10:00:00Z").into(),
            })
        };
        let rows: [(Change, ConfirmRefusal); 6] = [
            (
                |new, _, _| new.code = "OTHER1".parse().expect("a code"),
                OtherCode,
            ),
            (
                |new, _, _| new.member = "usr_4491".parse().expect("an id"),
                SelfReferral,
            ),
            (
                |new, _, _| new.confirmed_at = Some(time("2026-03-20T14:16:59Z").into()),
                BeforeClick,
            ),
            (
                |new, _, _| new.confirmed_at = Some(time("2026-03-26T12:05:01Z").into()),
                InTheFuture,
            ),
            (
                |_, _, program| program.terms.attribution_window = 4.try_into().ok(),
                OutsideWindow,
            ),
            (
                |_, found, _| {
                    found.conversion = Some(Conversion {
                        member: "usr_other".parse().expect("an id"),
                        confirmed_at: found.occurred_at,
                    })
                },
                AlreadyConfirmed,
            ),
        ];
        for (row, (change, refusal)) in rows.into_iter().enumerate() {
            let (mut new, mut found, mut program) = (confirmation(), attribution(), program());
            change(&mut new, &mut found, &mut program);
            let decided = new.decide(&found, Some(&program), time(NOW));
            assert_eq!(decided, Err(refusal), "row {row}");
        }
        let repeated = Attribution {
            conversion: held("usr_5892"),
            ..attribution()
        };
        let decided = confirmation().decide(&repeated, None, time(NOW));
        assert_eq!(decided, Ok(ConfirmDecision::Replay));
    }

    #[test]
    fn a_confirmation_a_moment_before_its_click_is_at_the_click() {
        let new = Confirmation {
            confirmed_at: Some(time("2026-03-20T14:17:00Z").into()),
            ..confirmation()
        };
        let expected = Conversion {
            member: new.member.clone(),
            confirmed_at: attribution().occurred_at,
        };
        let decided = new.decide(&attribution(), None, time(NOW));
        assert_eq!(decided, Ok(ConfirmDecision::Confirm(expected)));
    }

    #[test]
    fn a_confirmation_without_a_time_is_now() {
        let new = Confirmation {
            confirmed_at: None,
            ..confirmation()
        };
        let expected = Conversion {
            member: new.member.clone(),
            confirmed_at: time(NOW).into(),
        };
        assert_eq!(
            new.decide(&attribution(), None, time(NOW)),
            Ok(ConfirmDecision::Confirm(expected))
        );
    }
}
