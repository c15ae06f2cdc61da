//! What the stand-in does.

use super::buckets::Limits;
use super::keys::KeySchema;
use super::time::Time;
use std::ops::RangeInclusive;
use std::time::Duration;

/// What the stand-in does, each part on its own.
#[derive(Debug, Clone)]
pub struct Options {
    /// The clock of holds, lags and buckets.
    pub time: Time,
    /// How long a transaction takes and holds its items; `None` is neither.
    pub hold: Option<Duration>,
    /// How long a read takes at least.
    pub reads: Duration,
    /// How long any other write takes at least.
    pub writes: Duration,
    /// When the partitions of an index show a write, drawn for each on its own; `None` is
    /// at once.
    pub index_lag: Option<RangeInclusive<Duration>>,
    /// The same for eventually consistent reads of the table.
    pub read_lag: Option<RangeInclusive<Duration>>,
    /// What a partition key takes; `None` is any load, which is counted all the same.
    pub limits: Option<Limits>,
    /// From what the lags are drawn.
    pub seed: u64,
    /// The keys of the table and of its indexes.
    pub schema: KeySchema,
}

impl Default for Options {
    /// Like a DynamoDB with little to do.
    fn default() -> Self {
        let ms = Duration::from_millis;
        Self {
            hold: Some(ms(40)),
            reads: ms(4),
            writes: ms(6),
            index_lag: Some(ms(5)..=ms(50)),
            read_lag: Some(ms(0)..=ms(20)),
            limits: Some(Limits::default()),
            ..Self::off()
        }
    }
}

impl Options {
    /// Everything off: the stand-in only counts.
    pub fn off() -> Self {
        Self {
            time: Time::Real,
            hold: None,
            reads: Duration::ZERO,
            writes: Duration::ZERO,
            index_lag: None,
            read_lag: None,
            limits: None,
            seed: 0,
            schema: KeySchema::default(),
        }
    }
}
