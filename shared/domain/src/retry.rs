//! When a delivery is tried again, and how many of a receiver at once.

use crate::delivery::MOST_ATTEMPTS;
use crate::ids::random_bytes;
use crate::webhook::ReceiverState;
use chrono::{DateTime, TimeDelta, Utc};

/// How long after an attempt the next one is, in seconds: ten attempts in 3 days.
const PAUSES: [i64; MOST_ATTEMPTS - 1] =
    [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// The longest pause that a receiver can ask for with `Retry-After`.
pub const LONGEST_WAIT: TimeDelta = TimeDelta::days(1);

/// After so long without a success a receiver gets one delivery at a time.
const SLOWED_AFTER: TimeDelta = TimeDelta::minutes(1);

/// How far a pause is stretched, so that deliveries which failed together do not come back
/// together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jitter(pub u8);

impl Jitter {
    /// From the operating system's random source.
    pub fn random() -> Self {
        let [byte] = random_bytes();
        Self(byte)
    }

    /// `pause`, and up to a tenth of it more.
    fn stretch(self, pause: TimeDelta) -> TimeDelta {
        pause + pause * i32::from(self.0) / 2_560
    }
}

/// What an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Answered with a status of success.
    Delivered,
    /// Answered 410: the receiver wants nothing more.
    Gone,
    /// Anything else.
    Failed {
        /// How long the receiver asks to wait.
        retry_after: Option<TimeDelta>,
    },
}

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextStep {
    /// It is done.
    Done,
    /// It is tried again.
    RetryAt(DateTime<Utc>),
    /// It is tried no more.
    GiveUp,
}

impl From<Outcome> for ReceiverState {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Delivered => Self::Answering,
            Outcome::Gone => Self::Gone,
            Outcome::Failed { .. } => Self::Failing,
        }
    }
}

impl Outcome {
    /// What it comes to that the receiver has answered with `status`, and asks to wait.
    pub fn of_status(status: u16, retry_after: Option<TimeDelta>) -> Self {
        match status {
            200..300 => Self::Delivered,
            410 => Self::Gone,
            // A redirect leads where nobody has registered a webhook.
            _ => Self::Failed { retry_after },
        }
    }

    /// What becomes of a delivery after its attempt number `attempts`, from 1 on, which ended at
    /// `now`.
    pub fn next_step(self, attempts: usize, now: DateTime<Utc>, jitter: Jitter) -> NextStep {
        let retry_after = match self {
            Self::Delivered => return NextStep::Done,
            Self::Gone => return NextStep::GiveUp,
            Self::Failed { retry_after } => retry_after,
        };
        let Some(pause) = attempts.checked_sub(1).and_then(|past| PAUSES.get(past)) else {
            return NextStep::GiveUp;
        };
        let own = jitter.stretch(TimeDelta::seconds(*pause));
        let asked = retry_after.map(|wait| wait.min(LONGEST_WAIT));
        NextStep::RetryAt(now + asked.map_or(own, |asked| asked.max(own)))
    }
}

/// Whether a receiver that has failed since `failing_since` gets one delivery at a time at `now`:
/// one that hangs would hold up a place for each of its deliveries otherwise.
pub fn is_one_at_a_time(failing_since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    failing_since.is_some_and(|since| now - since >= SLOWED_AFTER)
}

/// When a delivery comes up again that is not tried at `now`, as its receiver gets one at a time:
/// the later, the longer the receiver has failed. No attempt is counted for it.
pub fn put_off_until(
    failing_since: DateTime<Utc>,
    now: DateTime<Utc>,
    jitter: Jitter,
) -> DateTime<Utc> {
    let longest = TimeDelta::minutes(30);
    let pause = (now - failing_since).clamp(SLOWED_AFTER, longest);
    now + pause / 2 + pause / 2 * i32::from(jitter.0) / 255
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::FAILING_FOR;

    const PLAIN: Outcome = Outcome::Failed { retry_after: None };

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_774_526_400, 0).expect("in range")
    }

    fn asks(wait: TimeDelta) -> Outcome {
        let retry_after = Some(wait);
        Outcome::Failed { retry_after }
    }

    #[test]
    fn each_outcome_of_each_attempt_has_its_next_step() {
        use TimeDelta as D;
        let second = D::seconds(1);
        for (outcome, attempts, expected) in [
            (Outcome::Delivered, 1, None),
            (Outcome::Delivered, 10, None),
            (PLAIN, 1, Some(D::seconds(5))),
            (PLAIN, 2, Some(D::minutes(5))),
            (PLAIN, 3, Some(D::minutes(30))),
            (PLAIN, 4, Some(D::hours(2))),
            (PLAIN, 5, Some(D::hours(5))),
            (PLAIN, 6, Some(D::hours(10))),
            (PLAIN, 7, Some(D::hours(14))),
            (PLAIN, 8, Some(D::hours(20))),
            (PLAIN, 9, Some(D::hours(24))),
            // What a receiver requests only ever makes it later, and by a day at most.
            (asks(D::zero()), 1, Some(D::seconds(5))),
            (asks(second * 5), 1, Some(D::seconds(5))),
            (asks(second * 6), 1, Some(D::seconds(6))),
            (asks(D::hours(1)), 3, Some(D::hours(1))),
            (asks(D::minutes(1)), 3, Some(D::minutes(30))),
            (asks(D::days(1)), 1, Some(D::days(1))),
            (asks(D::days(400)), 1, Some(D::days(1))),
            (asks(D::seconds(-1)), 1, Some(D::seconds(5))),
        ] {
            let expected =
                expected.map_or(NextStep::Done, |pause| NextStep::RetryAt(now() + pause));
            let next = outcome.next_step(attempts, now(), Jitter(0));
            assert_eq!(next, expected, "{outcome:?} {attempts}");
        }
        for (outcome, attempts) in [
            (PLAIN, MOST_ATTEMPTS),
            (PLAIN, MOST_ATTEMPTS + 1),
            (asks(TimeDelta::hours(1)), MOST_ATTEMPTS),
            (Outcome::Gone, 1),
            (Outcome::Gone, MOST_ATTEMPTS),
        ] {
            let next = outcome.next_step(attempts, now(), Jitter(0));
            assert_eq!(next, NextStep::GiveUp, "{outcome:?} {attempts}");
        }
    }

    #[test]
    fn a_status_is_a_success_the_end_or_a_failure() {
        let wait = Some(TimeDelta::seconds(9));
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(Outcome::of_status(status, wait), Outcome::Delivered);
        }
        assert_eq!(Outcome::of_status(410, wait), Outcome::Gone);
        for status in [
            100, 199, 300, 301, 302, 307, 308, 400, 404, 429, 500, 503, 999,
        ] {
            let failed = Outcome::Failed { retry_after: wait };
            assert_eq!(Outcome::of_status(status, wait), failed, "{status}");
        }
    }

    #[test]
    fn jitter_stretches_a_pause_by_a_tenth_at_most() {
        let due = |jitter| match PLAIN.next_step(5, now(), Jitter(jitter)) {
            NextStep::RetryAt(due) => due - now(),
            other => panic!("{other:?}"),
        };
        let pause = TimeDelta::hours(5);
        assert_eq!(due(0), pause);
        assert_eq!(due(128), pause + pause / 20);
        assert!(due(255) > due(254) && due(255) < pause + pause / 10);
    }

    #[test]
    fn ten_attempts_end_before_a_webhook_is_disabled() {
        let all: i64 = PAUSES.iter().sum();
        let longest = Jitter(255).stretch(TimeDelta::seconds(all));
        assert!(longest < FAILING_FOR, "{longest}");
    }

    #[test]
    fn a_receiver_that_fails_for_a_minute_gets_one_at_a_time_and_the_rest_waits() {
        let ago = |seconds| now() - TimeDelta::seconds(seconds);
        assert!(!is_one_at_a_time(None, now()));
        assert!(!is_one_at_a_time(Some(ago(59)), now()));
        assert!(is_one_at_a_time(Some(ago(60)), now()));
        for (seconds, jitter, expected) in [
            (60, 0, 30),
            (60, 255, 60),
            (600, 0, 300),
            (600, 255, 600),
            (86_400, 0, 900),
            (86_400, 255, 1_800),
        ] {
            let due = put_off_until(ago(seconds), now(), Jitter(jitter));
            assert_eq!((due - now()).num_seconds(), expected, "{seconds} {jitter}");
        }
    }
}
