//! `BatchGetItem`: its keys are throttled, charged and shown one by one.

use super::buckets::Kind;
use super::call::{Call, Response, metered, throttled};
use super::capacity::{read_units, size, table_partition};
use super::keys::{ItemKey, KeySchema};
use super::projection::{Projection, unprojected};
use super::reads::{is_strong, not_modelled, projected, taken};
use crate::wire::Answer;
use serde_json::{Value, json};
use std::collections::HashMap;

/// What a batch reads of one table.
struct Part<'b> {
    table: &'b str,
    /// The part of the request: its keys, consistency and projection.
    asked: &'b Value,
    keys: Vec<ItemKey>,
    put_off: Vec<ItemKey>,
    projection: Option<Projection>,
}

impl Call {
    pub(super) async fn batch_get(self) -> Response {
        let schema = &self.shared.options.schema;
        let mut parts = match parts(schema, &self.body) {
            Ok(Some(parts)) => parts,
            Ok(None) => return self.pass_on().await,
            Err(unknown) => return not_modelled(&unknown),
        };
        for part in &mut parts {
            self.put_off(part);
        }
        if parts.iter().all(|part| part.keys.is_empty()) {
            let refused = parts.iter().flat_map(|part| &part.put_off).next();
            return match refused {
                Some(key) => throttled(&table_partition(key), Kind::Reads),
                None => self.pass_on().await,
            };
        }
        let admitted = parts.iter().filter(|part| !part.keys.is_empty());
        let request = admitted.map(|part| {
            let mut asked = unprojected(part.asked);
            asked["Keys"] = wire_keys(schema, &part.keys);
            (part.table.to_owned(), asked)
        });
        let mut body = self.body.clone();
        body["RequestItems"] = Value::Object(request.collect());
        let mut answer = self.forward(&metered(body)).await?;
        if !answer.is_success() {
            return Ok(answer.unchanged());
        }
        let mut consumed = Vec::new();
        for part in &mut parts {
            let units = self.answer(part, &mut answer);
            consumed.push(json!({"TableName": part.table, "CapacityUnits": units}));
        }
        answer.body["ConsumedCapacity"] = consumed.into();
        Ok(answer.changed())
    }

    /// Puts off the keys whose partitions are out of capacity.
    fn put_off(&self, part: &mut Part<'_>) {
        let keys = std::mem::take(&mut part.keys);
        (part.keys, part.put_off) = keys
            .into_iter()
            .partition(|key| self.shared.admits_read(&table_partition(key)));
        self.shared
            .with(|state| state.count_throttles(part.put_off.iter()));
    }

    /// Writes the part's items and what is put off of it into `answer`; the units that it
    /// consumed.
    fn answer(&self, part: &mut Part<'_>, answer: &mut Answer) -> f64 {
        let schema = &self.shared.options.schema;
        let strong = is_strong(part.asked);
        let found = match answer.body["Responses"][part.table].take() {
            Value::Array(items) => items,
            _ => Vec::new(),
        };
        let mut found: HashMap<ItemKey, _> = found
            .into_iter()
            .filter_map(|mut item| taken(&mut item))
            .filter_map(|item| Some((schema.item_key(part.table, &item)?, item)))
            .collect();
        let left = answer.body["UnprocessedKeys"][part.table]["Keys"].take();
        let left: Vec<ItemKey> = read_keys(schema, part.table, &left).unwrap_or_default();
        let mut items = Vec::new();
        let mut sum = 0.0;
        for key in part.keys.iter().filter(|key| !left.contains(key)) {
            let partition = table_partition(key);
            let mut shown = found.remove(key);
            if !strong && self.shared.options.read_lag.is_some() {
                shown = self.shared.shown(key, &partition, shown);
            }
            let units = read_units(shown.as_ref().map_or(0, size), strong);
            self.shared.charge_read(&partition, units);
            sum += units;
            items.extend(shown.map(|item| projected(&part.projection, &item)));
        }
        answer.body["Responses"][part.table] = items.into();
        part.put_off.extend(left);
        if part.put_off.is_empty() {
            if let Some(unprocessed) = answer.body["UnprocessedKeys"].as_object_mut() {
                unprocessed.remove(part.table);
            }
        } else {
            let mut unprocessed = part.asked.clone();
            unprocessed["Keys"] = wire_keys(schema, &part.put_off);
            answer.body["UnprocessedKeys"][part.table] = unprocessed;
        }
        sum
    }
}

/// What the request reads of each table; `None` where it has other keys than the schema.
fn parts<'b>(schema: &KeySchema, body: &'b Value) -> Result<Option<Vec<Part<'b>>>, String> {
    let Some(tables) = body["RequestItems"].as_object() else {
        return Ok(None);
    };
    let mut parts = Vec::new();
    for (table, asked) in tables {
        let Some(keys) = read_keys(schema, table, &asked["Keys"]) else {
            return Ok(None);
        };
        parts.push(Part {
            table,
            asked,
            keys,
            put_off: Vec::new(),
            projection: Projection::read(asked)?,
        });
    }
    Ok(Some(parts))
}

fn read_keys(schema: &KeySchema, table: &str, keys: &Value) -> Option<Vec<ItemKey>> {
    let keys = keys.as_array()?.iter();
    keys.map(|key| schema.item_key(table, key.as_object()?))
        .collect()
}

fn wire_keys(schema: &KeySchema, keys: &[ItemKey]) -> Value {
    keys.iter().map(|key| schema.wire_key(key)).collect()
}
