//! How often something may be done: a token bucket.

use std::num::NonZeroU32;

/// A bucket that holds `burst` and gets `per_minute` more each minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many a minute, in the long run.
    pub per_minute: NonZeroU32,
    /// How many at once.
    pub burst: NonZeroU32,
}

/// The level of a bucket: the moment at which it is full again, in microseconds since 1970. A
/// full bucket is any that is past its moment; there is nothing to remember of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Level(i64);

/// What is left in a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// How many may be done at once from now on.
    pub remaining: u32,
    /// Seconds until the bucket is full again, rounded up.
    pub full_after: u32,
}

/// The bucket is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Empty {
    /// Seconds until there is one again, rounded up: at least 1.
    pub retry_after: u32,
    /// Seconds until the bucket is full again, rounded up.
    pub full_after: u32,
}

const SECOND: i64 = 1_000_000;

impl Rate {
    /// Microseconds until there is one more.
    fn interval(self) -> i64 {
        (60 * SECOND / i64::from(self.per_minute.get())).max(1)
    }

    /// Seconds in which an empty bucket fills, rounded up.
    pub fn window(self) -> u32 {
        seconds(self.interval() * i64::from(self.burst.get()))
    }

    /// Takes one out of the bucket at `now`, in microseconds since 1970: the level after it,
    /// and what is left.
    ///
    /// # Errors
    /// [`Empty`], which leaves the level as it is.
    pub fn take(self, level: Level, now: i64) -> Result<(Level, Left), Empty> {
        let interval = self.interval();
        let capacity = interval * i64::from(self.burst.get());
        let full_at = level.0.max(now);
        let after = full_at + interval;
        let free = now + capacity - after;
        if free < 0 {
            return Err(Empty {
                retry_after: seconds(-free).max(1),
                full_after: seconds(full_at - now),
            });
        }
        let left = Left {
            remaining: u32::try_from(free / interval).unwrap_or(u32::MAX),
            full_after: seconds(after - now),
        };
        Ok((Level(after), left))
    }

    /// Whether a bucket at `level` lacks more than half of what it can hold at `now`.
    pub fn is_mostly_used(self, level: Level, now: i64) -> bool {
        let capacity = self.interval() * i64::from(self.burst.get());
        level.0 - now > capacity / 2
    }
}

impl Level {
    /// Whether the bucket is full at `now`, in microseconds since 1970.
    pub fn is_full(self, now: i64) -> bool {
        self.0 <= now
    }
}

fn seconds(microseconds: i64) -> u32 {
    let rounded = microseconds.max(0) + (SECOND - 1);
    u32::try_from(rounded / SECOND).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(per_minute: u32, burst: u32) -> Rate {
        let number = |n| NonZeroU32::new(n).expect("not 0");
        Rate {
            per_minute: number(per_minute),
            burst: number(burst),
        }
    }

    /// The largest time that a clock shows.
    const NOW: i64 = 1_774_526_400 * SECOND;

    /// How many of `tries` are let through, one each `pause` microseconds.
    fn admitted(rate: Rate, tries: i64, pause: i64) -> usize {
        let mut level = Level::default();
        (0..tries)
            .filter(|n| match rate.take(level, NOW + n * pause) {
                Ok((next, _)) => {
                    level = next;
                    true
                }
                Err(_) => false,
            })
            .count()
    }

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        for (rate, tries, pause, expected) in [
            (rate(600, 300), 11_000, 0, 300),
            // Nine seconds at ten a second, after the burst.
            (rate(600, 300), 9_000, SECOND / 1_000, 389),
            (rate(60, 1), 10, SECOND, 10),
            (rate(60, 1), 20, SECOND / 2, 10),
            (rate(1, 5), 6, 0, 5),
            (rate(u32::MAX, 1), 3, SECOND, 3),
        ] {
            assert_eq!(admitted(rate, tries, pause), expected, "{rate:?} {tries}");
        }
    }

    #[test]
    fn what_is_left_and_when_it_is_back_is_told() {
        let rate = rate(60, 2);
        let (level, left) = rate.take(Level::default(), NOW).expect("full");
        let expected = Left {
            remaining: 1,
            full_after: 1,
        };
        assert_eq!(left, expected);
        let (level, left) = rate.take(level, NOW).expect("one is left");
        assert_eq!((left.remaining, left.full_after), (0, 2));
        let empty = Empty {
            retry_after: 1,
            full_after: 2,
        };
        assert_eq!(rate.take(level, NOW), Err(empty));
        assert!(rate.take(level, NOW + SECOND).is_ok());
        assert!(rate.is_mostly_used(level, NOW) && !rate.is_mostly_used(level, NOW + SECOND));
        assert!(!level.is_full(NOW + SECOND) && level.is_full(NOW + 2 * SECOND));
        assert_eq!(rate.window(), 2);
    }
}
