//! Reads of one partition key: throttled, charged and, where they may be, of older images.

use super::buckets::Kind;
use super::call::{Call, Response, metered, refuse, throttled};
use super::capacity::{read_units, size, table_partition};
use super::journal::Shown;
use super::keys::{Image, ItemKey, Partition};
use super::projection::{Projection, unprojected};
use super::query::{Page, Query};
use super::shared::{Shared, State};
use crate::wire::Answer;
use serde_json::Value;

impl Call {
    pub(super) async fn get(self) -> Response {
        let table = self.body["TableName"].as_str().unwrap_or("");
        let key = self.body["Key"].as_object();
        let Some(key) = key.and_then(|key| self.shared.options.schema.item_key(table, key)) else {
            return self.pass_on().await;
        };
        let partition = table_partition(&key);
        if !self.shared.admits_read(&partition) {
            self.shared
                .with(|state| state.tally.at(&key).throttles += 1);
            return throttled(&partition, Kind::Reads);
        }
        if self.shared.options.read_lag.is_none() || is_strong(&self.body) {
            return self.read_current(&partition).await;
        }
        let projection = match Projection::read(&self.body) {
            Ok(projection) => projection,
            Err(unknown) => return not_modelled(&unknown),
        };
        let mut answer = self.forward(&metered(unprojected(&self.body))).await?;
        if !answer.is_success() {
            return Ok(answer.unchanged());
        }
        let shown = self
            .shared
            .shown(&key, &partition, taken(&mut answer.body["Item"]));
        let units = read_units(shown.as_ref().map_or(0, size), false);
        self.shared.charge_read(&partition, units);
        set_units(&mut answer.body["ConsumedCapacity"], units);
        if let Some(item) = shown {
            answer.body["Item"] = projected(&projection, &item);
        } else if let Some(body) = answer.body.as_object_mut() {
            body.remove("Item");
        }
        Ok(answer.changed())
    }

    pub(super) async fn query(self) -> Response {
        let query = match Query::read(&self.shared.options.schema, &self.body) {
            Ok(query) => query,
            Err(unknown) => return not_modelled(&unknown),
        };
        let partition = &query.partition;
        if !self.shared.admits_read(partition) {
            return throttled(partition, Kind::Reads);
        }
        let lag = match query.index {
            Some(_) => &self.shared.options.index_lag,
            None => &self.shared.options.read_lag,
        };
        if lag.is_none() || is_strong(&self.body) {
            return self.read_current(partition).await;
        }
        let projection = match Query::projection(&self.body) {
            Ok(projection) => projection,
            Err(unknown) => return not_modelled(&unknown),
        };
        let may_be_hidden = self
            .shared
            .with(|state| state.journal.waiting(partition).count());
        let body = metered(query.forwarded(&self.body, may_be_hidden));
        let mut answer = self.forward(&body).await?;
        if !answer.is_success() {
            return Ok(answer.unchanged());
        }
        let page = self.shared.page(&query, &mut answer);
        let units = read_units(page.items.iter().map(size).sum(), false);
        self.shared.charge_read(partition, units);
        set_units(&mut answer.body["ConsumedCapacity"], units);
        set_page(&mut answer.body, page, &projection);
        Ok(answer.changed())
    }

    /// Answers as the engine does, which shows everything.
    async fn read_current(&self, partition: &Partition) -> Response {
        let answer = self.forward(&metered(self.body.clone())).await?;
        let units = answer.body["ConsumedCapacity"]["CapacityUnits"].as_f64();
        self.shared.charge_read(partition, units.unwrap_or(0.0));
        Ok(answer.unchanged())
    }
}

impl Shared {
    pub(super) fn admits_read(&self, partition: &Partition) -> bool {
        let now = self.watch.now();
        self.with(|state| state.buckets.admits_read(now, partition))
    }

    pub(super) fn charge_read(&self, partition: &Partition, units: f64) {
        let now = self.watch.now();
        self.with(|state| state.buckets.charge(now, partition, Kind::Reads, units));
    }

    /// What `partition` shows of an item that is `current` by now.
    pub(super) fn shown(
        &self,
        key: &ItemKey,
        partition: &Partition,
        current: Option<Image>,
    ) -> Option<Image> {
        let now = self.watch.now();
        match self.with(|state| state.journal.shown(key, partition, now)) {
            Shown::Current => current,
            Shown::Older(image) => image.map(|image| (*image).clone()),
        }
    }

    /// What the query's partition shows, where the engine answered `answer`.
    fn page(&self, query: &Query, answer: &mut Answer) -> Page {
        let items = match answer.body["Items"].take() {
            Value::Array(mut items) => items.iter_mut().filter_map(taken).collect(),
            _ => Vec::new(),
        };
        let engine = Page {
            items,
            last_key: answer.body.get("LastEvaluatedKey").cloned(),
        };
        let now = self.watch.now();
        self.with(|State { journal, .. }| {
            let shown = |key: &ItemKey| journal.shown(key, &query.partition, now);
            let older = journal
                .waiting(&query.partition)
                .filter_map(|key| match shown(key) {
                    Shown::Older(Some(image)) => Some((*image).clone()),
                    Shown::Older(None) | Shown::Current => None,
                })
                .collect();
            let is_current = |key: &ItemKey| shown(key) == Shown::Current;
            query.page(&self.options.schema, engine, is_current, older)
        })
    }
}

pub(super) fn is_strong(body: &Value) -> bool {
    body["ConsistentRead"].as_bool() == Some(true)
}

/// DynamoDB can do this, the layer cannot: a test is to notice.
pub(super) fn not_modelled(what: &str) -> Response {
    refuse(
        "ValidationException",
        &format!("The stand-in does not know {what}"),
    )
}

/// The item that `value` is.
pub(super) fn taken(value: &mut Value) -> Option<Image> {
    match value.take() {
        Value::Object(item) => Some(item),
        _ => None,
    }
}

pub(super) fn projected(projection: &Option<Projection>, item: &Image) -> Value {
    match projection {
        Some(projection) => projection.apply(item).into(),
        None => item.clone().into(),
    }
}

/// Writes `units` over those of a read of one partition key, which are all in one place.
fn set_units(consumed: &mut Value, units: f64) {
    let Some(fields) = consumed.as_object_mut() else {
        return;
    };
    for (name, value) in fields {
        match value {
            Value::Number(was) if name == "CapacityUnits" && was.as_f64() != Some(0.0) => {
                *value = units.into();
            }
            _ => set_units(value, units),
        }
    }
}

fn set_page(body: &mut Value, page: Page, projection: &Option<Projection>) {
    body["Count"] = page.items.len().into();
    body["ScannedCount"] = page.items.len().into();
    let items = page.items.iter().map(|item| projected(projection, item));
    body["Items"] = items.collect();
    match (page.last_key, body.as_object_mut()) {
        (Some(key), _) => body["LastEvaluatedKey"] = key,
        (None, Some(fields)) => {
            fields.remove("LastEvaluatedKey");
        }
        (None, None) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn units_are_written_where_the_engine_told_them() {
        let mut consumed = json!({
            "TableName": "t", "CapacityUnits": 2.5, "Table": {"CapacityUnits": 0.0},
            "GlobalSecondaryIndexes": {"gsi1": {"CapacityUnits": 2.5}},
        });
        set_units(&mut consumed, 1.0);
        let expected = json!({
            "TableName": "t", "CapacityUnits": 1.0, "Table": {"CapacityUnits": 0.0},
            "GlobalSecondaryIndexes": {"gsi1": {"CapacityUnits": 1.0}},
        });
        assert_eq!(consumed, expected);
    }
}
