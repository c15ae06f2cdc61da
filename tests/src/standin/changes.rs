//! What the writes of a call change: what they take from the buckets, and when who sees it.

use super::buckets::Kind;
use super::capacity::{Charge, difference, read_units, size, table_partition, write_charges};
use super::keys::{Image, IndexSchema, ItemKey, KeySchema, Partition};
use super::shared::{Shared, State};
use super::time::{Moment, visible_at};
use crate::wire::Answer;
use serde_json::Value;
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

/// One write of a call.
pub(super) struct Write {
    pub(super) key: ItemKey,
    pub(super) effect: Effect,
    /// Whether its condition lets it through only where nothing is: what it takes is known
    /// without reading the item before it.
    pub(super) creates: bool,
}

pub(super) enum Effect {
    Put(Image),
    Update,
    Delete,
    /// A transaction's condition on an item that it does not write.
    Check,
}

/// Whether writes are let through.
pub(super) enum Admission {
    Open(Admitted),
    /// For each write the partition that is over its limit.
    Short(Vec<Option<Partition>>),
    /// The engine does not read such items, and will say why.
    Unreadable,
}

/// Writes that are let through and under way.
pub(super) struct Admitted {
    pub(super) writes: Vec<Write>,
    pub(super) before: HashMap<ItemKey, Arc<Image>>,
    /// What each write took from the buckets.
    charges: Vec<Vec<Charge>>,
    /// The number of each write's change in the journal.
    changes: Vec<Option<u64>>,
    factor: f64,
}

impl Write {
    /// The writes of a call; `None` where it has other keys than the schema.
    pub(super) fn all_of(schema: &KeySchema, operation: &str, body: &Value) -> Option<Vec<Self>> {
        let one = |kind: &str, part: &Value| Self::read(schema, kind, part);
        match operation {
            "PutItem" => Some(vec![one("Put", body)?]),
            "UpdateItem" => Some(vec![one("Update", body)?]),
            "DeleteItem" => Some(vec![one("Delete", body)?]),
            "TransactWriteItems" => {
                let writes = body["TransactItems"].as_array()?.iter();
                writes
                    .map(|write| {
                        let (kind, part) = write.as_object()?.iter().next()?;
                        one(kind, part)
                    })
                    .collect()
            }
            "BatchWriteItem" => {
                let mut writes = Vec::new();
                for (table, parts) in body["RequestItems"].as_object()? {
                    for part in parts.as_array()? {
                        let (kind, part) = part.as_object()?.iter().next()?;
                        let mut part = part.clone();
                        part["TableName"] = table.as_str().into();
                        writes.push(one(kind.strip_suffix("Request")?, &part)?);
                    }
                }
                Some(writes)
            }
            _ => None,
        }
    }

    fn read(schema: &KeySchema, kind: &str, part: &Value) -> Option<Self> {
        let (place, effect) = match kind {
            "Put" => ("Item", Effect::Put(part["Item"].as_object()?.clone())),
            "Update" => ("Key", Effect::Update),
            "Delete" => ("Key", Effect::Delete),
            "ConditionCheck" => ("Key", Effect::Check),
            _ => return None,
        };
        let condition = part["ConditionExpression"].as_str().unwrap_or("");
        let absent = format!("attribute_not_exists({})", schema.pk);
        let may_be_met_otherwise = condition
            .split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .any(|word| word.eq_ignore_ascii_case("or") || word.eq_ignore_ascii_case("not"));
        Some(Self {
            key: schema.item_key(part["TableName"].as_str()?, part[place].as_object()?)?,
            creates: condition.contains(&absent) && !may_be_met_otherwise,
            effect,
        })
    }

    /// The item after the write, where it is known without an answer.
    fn after<'w>(&'w self, updated: Option<&'w Image>) -> Option<&'w Image> {
        match &self.effect {
            Effect::Put(item) => Some(item),
            Effect::Update => updated,
            Effect::Delete | Effect::Check => None,
        }
    }

    /// What the write takes. That of an update whose outcome is not known counts the item
    /// as it was.
    fn charges(
        &self,
        schema: &KeySchema,
        before: Option<&Image>,
        updated: Option<&Image>,
        factor: f64,
    ) -> Vec<Charge> {
        let after = self.after(updated);
        let mut charges = write_charges(schema, &self.key, before, after, factor);
        if matches!(self.effect, Effect::Check) {
            charges.truncate(1);
        }
        charges
    }
}

impl Shared {
    /// Takes what `writes` cost and begins their changes.
    pub(super) fn admit(
        &self,
        writes: Vec<Write>,
        before: HashMap<ItemKey, Arc<Image>>,
        factor: f64,
    ) -> Admission {
        let schema = &self.options.schema;
        let charges: Vec<_> = writes
            .iter()
            .map(|write| {
                let before = before.get(&write.key).map(|image| &**image);
                write.charges(schema, before, None, factor)
            })
            .collect();
        let now = self.watch.now();
        self.with(|state| {
            if let Err(short) = state.buckets.admit(now, &charges) {
                let over = writes
                    .iter()
                    .zip(&short)
                    .filter(|(_, short)| short.is_some());
                state.count_throttles(over.map(|(write, _)| &write.key));
                return Admission::Short(short);
            }
            let changes = writes
                .iter()
                .map(|write| self.begin(state, write, before.get(&write.key)))
                .collect();
            Admission::Open(Admitted {
                writes,
                before,
                charges,
                changes,
                factor,
            })
        })
    }

    /// Begins the change of a write that somebody may see late.
    fn begin(&self, state: &mut State, write: &Write, before: Option<&Arc<Image>>) -> Option<u64> {
        if matches!(write.effect, Effect::Check) || self.lags().next().is_none() {
            return None;
        }
        let partitions = self.lagging(&write.key, before.map(|image| &**image));
        let shown_in = partitions.map(|(partition, _)| partition).collect();
        Some(state.journal.begin(&write.key, before.cloned(), shown_in))
    }

    /// The engine refused the writes with `refusal`. What they took is not given back.
    pub(super) fn abandon(&self, admitted: &Admitted, refusal: &Value) {
        self.with(|State { journal, tally, .. }| {
            for (write, change) in admitted.writes.iter().zip(&admitted.changes) {
                if let Some(number) = *change {
                    journal.abandon(&write.key, number);
                }
            }
            let Some(reasons) = refusal["CancellationReasons"].as_array() else {
                return;
            };
            tally.cancelled += 1;
            for (write, reason) in admitted.writes.iter().zip(reasons) {
                if reason["Code"] == "ConditionalCheckFailed" {
                    tally.at(&write.key).failed_conditions += 1;
                }
            }
        });
    }

    /// The writes are made, with the outcomes `updated` of the updates among them.
    pub(super) fn settle(
        &self,
        admitted: Admitted,
        updated: &HashMap<ItemKey, Arc<Image>>,
        answer: Option<&Answer>,
    ) {
        let replayed = answer.is_some_and(is_replay);
        let schema = &self.options.schema;
        let now = self.watch.now();
        self.with(|state| {
            let taken = admitted.charges.into_iter().zip(admitted.changes);
            for (write, (charges, change)) in admitted.writes.iter().zip(taken) {
                let before = admitted.before.get(&write.key).map(|image| &**image);
                let outcome = updated.get(&write.key).map(|image| &**image);
                let due = if replayed {
                    let units = 2.0 * read_units(before.map_or(0, size), true);
                    let partition = table_partition(&write.key);
                    state.buckets.charge(now, &partition, Kind::Reads, units);
                    Vec::new()
                } else {
                    write.charges(schema, before, outcome, admitted.factor)
                };
                for (partition, units) in difference(charges, due) {
                    state.buckets.charge(now, &partition, Kind::Writes, units);
                }
                match change {
                    Some(number) if replayed => state.journal.abandon(&write.key, number),
                    Some(number) => {
                        let after = write.after(outcome);
                        let visible = self.visible(&write.key, before, after, now);
                        state.journal.settle(&write.key, number, visible);
                    }
                    None => {}
                }
            }
            state.journal.prune(now);
            if answer.is_some_and(|it| it.is_success()) && admitted.factor > 1.0 && !replayed {
                state.tally.committed += 1;
            }
        });
    }

    /// When the partitions that a change touches show it.
    fn visible(
        &self,
        key: &ItemKey,
        before: Option<&Image>,
        after: Option<&Image>,
        now: Moment,
    ) -> HashMap<Partition, Moment> {
        let touched = self.lagging(key, before).chain(self.lagging(key, after));
        touched
            .map(|(partition, lag)| {
                let moment = visible_at(self.options.seed, lag, &partition, key, now);
                (partition, moment)
            })
            .collect()
    }

    /// The partitions that show `image` late, and how late.
    fn lagging<'s>(
        &'s self,
        key: &ItemKey,
        image: Option<&Image>,
    ) -> impl Iterator<Item = (Partition, &'s RangeInclusive<Duration>)> {
        let schema = &self.options.schema;
        self.lags().filter_map(move |(index, lag)| {
            let partition = schema.partition(&key.table, index, image?)?;
            Some((partition, lag))
        })
    }

    /// What is late: the table, for eventually consistent reads, and its indexes.
    pub(super) fn lags(
        &self,
    ) -> impl Iterator<Item = (Option<IndexSchema>, &RangeInclusive<Duration>)> {
        let Self { options, .. } = self;
        let table = options.read_lag.iter().map(|lag| (None, lag));
        let indexes = options.index_lag.iter().flat_map(|lag| {
            let indexes = options.schema.indexes.iter();
            indexes.map(move |index| (Some(*index), lag))
        });
        table.chain(indexes)
    }
}

/// Whether a transaction was one that had been carried out before: DynamoDB then bills the
/// reading of its items.
fn is_replay(answer: &Answer) -> bool {
    let consumed = answer.body["ConsumedCapacity"].as_array();
    consumed
        .into_iter()
        .flatten()
        .any(|table| table.get("ReadCapacityUnits").is_some())
}
