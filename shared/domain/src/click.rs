//! A click as it is to be recorded.

use crate::attribution::{Attribution, Visitor};
use crate::clock::Timestamp;
use crate::code::FoldedCode;
use crate::code_record::CodeRecord;
use crate::ids::AttributionId;
use crate::usage::UsageRefusal;
use chrono::{DateTime, TimeDelta, Utc};

/// A click on a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Click {
    /// The code as it was typed or followed.
    pub code: FoldedCode,
    /// Who clicked, as far as it is kept.
    pub visitor: Visitor,
    /// When; `None` is now.
    pub occurred_at: Option<Timestamp>,
    /// How long the click is kept unless it is confirmed; `None` is for ever.
    pub retention: Option<TimeDelta>,
}

/// Why a click was not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClickRefusal {
    /// There is no such code.
    UnknownCode,
    /// `occurred_at` is further ahead than two clocks may differ.
    InTheFuture,
    /// The code exists and cannot be used.
    Unusable(UsageRefusal),
}

impl Click {
    /// When the click occurred.
    ///
    /// # Errors
    /// [`ClickRefusal::InTheFuture`].
    pub fn occurred_at(&self, now: DateTime<Utc>) -> Result<Timestamp, ClickRefusal> {
        let at = self.occurred_at.unwrap_or(now.into());
        if at.is_ahead_of(now) {
            return Err(ClickRefusal::InTheFuture);
        }
        Ok(at)
    }

    /// The attribution that this click on `code` leaves.
    pub fn attribution(
        self,
        code: CodeRecord,
        occurred_at: Timestamp,
        now: DateTime<Utc>,
    ) -> Attribution {
        Attribution {
            id: AttributionId::new(now),
            code: code.code,
            mentor: code.mentor,
            org: code.org,
            visitor: self.visitor,
            occurred_at,
            conversion: None,
            expires_at: self.retention.map(|retention| (now + retention).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::tests::time;

    #[test]
    fn a_click_occurs_at_most_five_minutes_ahead() {
        let now = time("2026-03-26T12:00:00Z");
        let rows = [
            (None, Ok(now.into())),
            (
                Some("2020-01-01T00:00:00Z"),
                Ok(time("2020-01-01T00:00:00Z").into()),
            ),
            (
                Some("2026-03-26T12:05:00Z"),
                Ok(time("2026-03-26T12:05:00Z").into()),
            ),
            (Some("2026-03-26T12:05:01Z"), Err(ClickRefusal::InTheFuture)),
        ];
        for (given, expected) in rows {
            let click = Click {
                code: "JANVERV".parse().expect("a code"),
                visitor: Visitor::default(),
                occurred_at: given.map(|at| time(at).into()),
                retention: None,
            };
            assert_eq!(click.occurred_at(now), expected, "{given:?}");
        }
    }
}
