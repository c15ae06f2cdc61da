//! Time as the stand-in sees it: tokio's, or a clock that a test moves.

use super::keys::{ItemKey, Partition};
use chrono::{DateTime, Utc};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What the stand-in's latencies, holds, lags and token buckets go by.
#[derive(Clone, Default)]
pub enum Time {
    /// Tokio's clock. Calls take their time.
    #[default]
    Real,
    /// A clock that the test moves. Calls do not wait: transactions conflict where they are
    /// under way at once, lags end and buckets fill as the clock advances.
    Virtual(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>),
}

impl Time {
    /// The time that `now` tells, as in `Time::of(move || clock.now())`.
    pub fn of(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self::Virtual(Arc::new(now))
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Real => "Real",
            Self::Virtual(_) => "Virtual",
        })
    }
}

/// Since the stand-in began in real time, since 1970 in virtual time.
pub(super) type Moment = Duration;

/// A [`Time`] with its origin.
pub(super) struct Watch {
    time: Time,
    began: Instant,
}

impl Watch {
    pub(super) fn new(time: Time) -> Self {
        Self {
            time,
            began: Instant::now(),
        }
    }

    pub(super) fn now(&self) -> Moment {
        match &self.time {
            Time::Real => self.began.elapsed(),
            Time::Virtual(now) => {
                Duration::from_micros(u64::try_from(now().timestamp_micros()).unwrap_or(0))
            }
        }
    }

    /// Waits until `moment`; in virtual time only lets the other tasks go on.
    pub(super) async fn wait_until(&self, moment: Moment) {
        match self.time {
            Time::Real => tokio::time::sleep_until(self.began + moment).await,
            Time::Virtual(_) => tokio::task::yield_now().await,
        }
    }
}

/// When a write of `now` is visible in `partition`: drawn from `lag` by `seed`, for each
/// partition on its own. The same write at the same time draws the same.
pub(super) fn visible_at(
    seed: u64,
    lag: &RangeInclusive<Duration>,
    partition: &Partition,
    item: &ItemKey,
    now: Moment,
) -> Moment {
    let mut hasher = DefaultHasher::new();
    (seed, partition, item, now).hash(&mut hasher);
    let span = lag.end().saturating_sub(*lag.start()).as_micros() as u64;
    now + *lag.start() + Duration::from_micros(hasher.finish() % (span + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(key: &str) -> Partition {
        Partition {
            table: "t".to_owned(),
            index: Some("gsi1"),
            key: key.to_owned(),
        }
    }

    #[test]
    fn lags_are_drawn_from_the_whole_range_for_each_partition_and_repeat_with_the_seed() {
        let lag = Duration::from_millis(10)..=Duration::from_millis(40);
        let item = ItemKey {
            table: "t".to_owned(),
            pk: "p".to_owned(),
            sk: "s".to_owned(),
        };
        let draw = |seed| {
            (0..200)
                .map(|at| visible_at(seed, &lag, &partition(&at.to_string()), &item, Moment::ZERO))
                .collect::<Vec<_>>()
        };
        let drawn = draw(1);
        assert!(drawn.iter().all(|moment| lag.contains(moment)));
        assert!(drawn.iter().min() < Some(&Duration::from_millis(13)));
        assert!(drawn.iter().max() > Some(&Duration::from_millis(37)));
        assert_eq!(drawn, draw(1));
        assert_ne!(drawn, draw(2));
    }
}
