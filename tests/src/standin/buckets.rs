//! A token bucket for every partition key, and how much load each one saw.

use super::capacity::Charge;
use super::keys::Partition;
use super::time::Moment;
use std::collections::HashMap;

/// What one partition key takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Write units a second.
    pub writes: f64,
    /// Read units a second.
    pub reads: f64,
    /// Seconds of unused capacity that a partition key may take at once, beyond the one
    /// that it always has.
    pub burst: f64,
}

impl Default for Limits {
    /// DynamoDB's, without burst: it promises none.
    fn default() -> Self {
        Self {
            writes: 1000.0,
            reads: 3000.0,
            burst: 0.0,
        }
    }
}

/// What a partition key saw, in capacity units.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Load {
    /// All of it.
    pub total: f64,
    /// The most in one second of the clock.
    pub peak: f64,
}

/// One partition key in the report.
#[derive(Debug, Clone, PartialEq)]
pub struct HotKey {
    /// The partition key.
    pub partition: Partition,
    /// Write units.
    pub writes: Load,
    /// Read units.
    pub reads: Load,
    /// Calls that were refused for want of its capacity.
    pub throttles: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Reads,
    Writes,
}

/// The buckets of all partition keys; without limits they only count.
#[derive(Debug)]
pub(super) struct Buckets {
    limits: Option<Limits>,
    keys: HashMap<Partition, Account>,
}

#[derive(Debug, Default)]
struct Account {
    writes: Meter,
    reads: Meter,
    throttles: u64,
}

impl Buckets {
    pub(super) fn new(limits: Option<Limits>) -> Self {
        Self {
            limits,
            keys: HashMap::new(),
        }
    }

    /// Takes what a call's writes charge, or nothing of it.
    ///
    /// # Errors
    /// For each write the partition that has too little left for it.
    pub(super) fn admit(
        &mut self,
        now: Moment,
        writes: &[Vec<Charge>],
    ) -> Result<(), Vec<Option<Partition>>> {
        let mut taken = Vec::new();
        let mut short = Vec::new();
        for charges in writes {
            let over = charges.iter().find(|charge| !self.has(now, charge));
            short.push(over.map(|charge| charge.partition.clone()));
            if over.is_none() {
                for charge in charges {
                    self.meter(&charge.partition, Kind::Writes).tokens -= charge.units;
                    taken.push(charge);
                }
            }
        }
        let refused = short.iter().any(Option::is_some);
        for charge in taken {
            let meter = self.meter(&charge.partition, Kind::Writes);
            if refused {
                meter.tokens += charge.units;
            } else {
                meter.count(now, charge.units);
            }
        }
        for partition in short.iter().flatten() {
            self.account(partition).throttles += 1;
        }
        if refused { Err(short) } else { Ok(()) }
    }

    /// Whether a read of `partition` goes through: what it takes is known when it is done,
    /// so that any capacity left is enough.
    pub(super) fn admits_read(&mut self, now: Moment, partition: &Partition) -> bool {
        self.refill(now, partition, Kind::Reads);
        let admitted = self.limits.is_none() || self.meter(partition, Kind::Reads).tokens > 0.0;
        if !admitted {
            self.account(partition).throttles += 1;
        }
        admitted
    }

    /// Takes `units` that a call turned out to cost, or gives them back where negative. The
    /// bucket may end below zero, and is then out of capacity until that is made up for.
    pub(super) fn charge(&mut self, now: Moment, partition: &Partition, kind: Kind, units: f64) {
        self.refill(now, partition, kind);
        let meter = self.meter(partition, kind);
        meter.tokens -= units;
        meter.count(now, units);
    }

    /// The `most` partition keys that came nearest to their limits in one second, the
    /// nearest first.
    pub(super) fn hottest(&self, most: usize) -> Vec<HotKey> {
        let limits = self.limits.unwrap_or_default();
        let heat = |key: &HotKey| {
            f64::max(
                key.writes.peak / limits.writes,
                key.reads.peak / limits.reads,
            )
        };
        let mut keys: Vec<HotKey> = self
            .keys
            .iter()
            .map(|(partition, account)| HotKey {
                partition: partition.clone(),
                writes: account.writes.load,
                reads: account.reads.load,
                throttles: account.throttles,
            })
            .collect();
        keys.sort_by(|a, b| {
            let by_heat = heat(b).total_cmp(&heat(a));
            by_heat.then_with(|| a.partition.cmp(&b.partition))
        });
        keys.truncate(most);
        keys
    }

    /// Forgets what was counted; the buckets stay as full as they are.
    pub(super) fn forget_loads(&mut self) {
        for account in self.keys.values_mut() {
            account.throttles = 0;
            account.writes.load = Load::default();
            account.reads.load = Load::default();
        }
    }

    /// A charge that no bucket could ever hold takes a full one.
    fn has(&mut self, now: Moment, charge: &Charge) -> bool {
        self.refill(now, &charge.partition, Kind::Writes);
        let Some(limits) = self.limits else {
            return true;
        };
        let full = limits.writes * (1.0 + limits.burst);
        self.meter(&charge.partition, Kind::Writes).tokens >= charge.units.min(full)
    }

    fn refill(&mut self, now: Moment, partition: &Partition, kind: Kind) {
        let Some(limits) = self.limits else {
            return;
        };
        let rate = match kind {
            Kind::Writes => limits.writes,
            Kind::Reads => limits.reads,
        };
        let full = rate * (1.0 + limits.burst);
        self.meter(partition, kind).refill(now, rate, full);
    }

    fn meter(&mut self, partition: &Partition, kind: Kind) -> &mut Meter {
        let account = self.account(partition);
        match kind {
            Kind::Writes => &mut account.writes,
            Kind::Reads => &mut account.reads,
        }
    }

    fn account(&mut self, partition: &Partition) -> &mut Account {
        self.keys.entry(partition.clone()).or_default()
    }
}

/// One bucket and its load.
#[derive(Debug, Default)]
struct Meter {
    tokens: f64,
    /// `None` before the first call: the bucket is full.
    refilled: Option<Moment>,
    second: u64,
    in_second: f64,
    load: Load,
}

impl Meter {
    fn refill(&mut self, now: Moment, rate: f64, full: f64) {
        self.tokens = match self.refilled {
            None => full,
            Some(then) => full.min(self.tokens + now.saturating_sub(then).as_secs_f64() * rate),
        };
        self.refilled = self.refilled.max(Some(now));
    }

    fn count(&mut self, now: Moment, units: f64) {
        if self.second != now.as_secs() {
            self.second = now.as_secs();
            self.in_second = 0.0;
        }
        self.in_second = f64::max(self.in_second + units, 0.0);
        self.load.total += units;
        self.load.peak = self.load.peak.max(self.in_second);
    }
}

#[cfg(test)]
mod tests;
