//! The facts that wait, read once for both folds.

use crate::dynamo::{Dynamo, Read};
use crate::error::StoreError;
use crate::rollup::{FactItem, Logs, Slice, SliceReader, from_millis};
use chrono::{DateTime, Utc};
use domain::facts::Fact;

/// How many facts a process holds: some 15 MB.
const FACTS_AT_MOST: usize = 50_000;

/// All the facts from one moment to another, in the order of their ids. Held between runs,
/// so that a fact which the summary has folded need not be read again for the detail.
#[derive(Debug)]
pub(super) struct Window {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    facts: Vec<Fact>,
}

impl Default for Window {
    fn default() -> Self {
        Self::at(from_millis(0))
    }
}

impl Window {
    pub(super) fn at(from: DateTime<Utc>) -> Self {
        Self {
            from,
            to: from,
            facts: Vec::new(),
        }
    }

    /// Before when the facts are known.
    pub(super) fn to(&self) -> DateTime<Utc> {
        self.to
    }

    /// Whether no more facts fit in.
    pub(super) fn is_full(&self) -> bool {
        self.facts.len() >= FACTS_AT_MOST
    }

    /// The facts made from `from` on; `None` where the window does not reach back so far.
    pub(super) fn since(&self, from: DateTime<Utc>) -> Option<&[Fact]> {
        let first = self.facts.partition_point(|fact| fact.made_at() < from);
        (self.from <= from).then(|| &self.facts[first..])
    }

    /// Moves the window to begin at `from`, and reads on up to `until` as far as there is room.
    /// Leaves out what `is_wanted` does not want.
    pub(super) async fn move_to(
        &mut self,
        dynamo: &Dynamo,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
        is_wanted: impl Fn(&FactItem) -> bool,
    ) -> Result<(), StoreError> {
        if from < self.from || from > self.to {
            *self = Self::at(from);
        }
        let folded = self.facts.partition_point(|fact| fact.made_at() < from);
        self.facts.drain(..folded);
        self.from = from;
        if self.to >= until || self.is_full() {
            return Ok(());
        }
        let slice = Slice {
            from: self.to,
            to: Some(until),
        };
        let mut room = FACTS_AT_MOST - self.facts.len();
        // Only a millisecond that alone has more facts than fit needs more than one try.
        let (mut facts, complete_to) = loop {
            let reader = SliceReader::new(dynamo, &Logs::ALL, slice, Read::Strong);
            let read = reader.read_at_most(room, &is_wanted).await?;
            match read.complete_to {
                Some(to) if to <= slice.from => room *= 2,
                complete_to => break (read.facts, complete_to.unwrap_or(until)),
            }
        };
        facts.retain(|fact| fact.made_at() < complete_to);
        facts.sort_unstable_by_key(|fact| fact.id);
        self.facts.append(&mut facts);
        self.to = complete_to;
        Ok(())
    }
}
