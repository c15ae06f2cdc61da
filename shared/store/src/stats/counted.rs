//! A figure of the statistics with its time.

use chrono::{DateTime, Utc};

/// A count, and up to when everything is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted<T> {
    /// What is counted.
    pub value: T,
    /// When the count was taken; or earlier, where too much is waiting to be folded. Then some
    /// of what came after may be counted, too.
    pub as_of: DateTime<Utc>,
}

impl<T> Counted<T> {
    /// The same with another value.
    pub fn map<U>(self, value: impl FnOnce(T) -> U) -> Counted<U> {
        Counted {
            value: value(self.value),
            as_of: self.as_of,
        }
    }
}
