//! A query whose partition may show older images, answered from the engine's page and the
//! journal.

use super::keys::{Image, IndexSchema, ItemKey, KeySchema, Partition, Position};
use super::projection::{Projection, name_of};
use serde_json::{Map, Value};
use std::ops::{Bound, RangeBounds};

/// A range of sort keys.
type Sorts = (Bound<String>, Bound<String>);

/// A query, as far as the layer must understand it.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) index: Option<IndexSchema>,
    pub(super) partition: Partition,
    sorts: Sorts,
    forward: bool,
    limit: Option<usize>,
    /// The key after which it goes on.
    start: Option<Position>,
}

/// What a query answers.
#[derive(Debug, PartialEq)]
pub(super) struct Page {
    /// Whole items.
    pub(super) items: Vec<Image>,
    pub(super) last_key: Option<Value>,
}

impl Query {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// What its key condition has that no query of this project has, in words.
    pub(super) fn read(schema: &KeySchema, body: &Value) -> Result<Self, String> {
        let index = match body["IndexName"].as_str() {
            Some(name) => Some(schema.index(name).ok_or("an unknown index")?),
            None => None,
        };
        let (key, sorts) = conditions(schema, index, body)?;
        let start = body["ExclusiveStartKey"].as_object();
        Ok(Self {
            index,
            partition: Partition {
                table: body["TableName"].as_str().unwrap_or("").to_owned(),
                index: index.map(|index| index.name),
                key,
            },
            sorts,
            forward: body["ScanIndexForward"].as_bool().unwrap_or(true),
            limit: body["Limit"]
                .as_u64()
                .and_then(|limit| limit.try_into().ok()),
            start: start.and_then(|start| schema.position(index, start)),
        })
    }

    /// What a query that may show older images answers of each item.
    ///
    /// # Errors
    /// What the layer would have to evaluate and cannot, in words.
    pub(super) fn projection(body: &Value) -> Result<Option<Projection>, String> {
        let unknown = ["FilterExpression", "Select", "AttributesToGet"];
        match unknown.iter().find(|name| body.get(**name).is_some()) {
            Some(name) => Err(format!("{name} of a query that may show older images")),
            None => Projection::read(body),
        }
    }

    /// The same query of whole items, and of as many more as the layer may leave out.
    pub(super) fn forwarded(&self, body: &Value, left_out: usize) -> Value {
        let mut body = body.clone();
        let conditions = body["KeyConditionExpression"]
            .as_str()
            .unwrap_or("")
            .to_owned();
        if let Some(fields) = body.as_object_mut() {
            fields.remove("ProjectionExpression");
            if let Some(limit) = self.limit {
                fields.insert("Limit".to_owned(), (limit + left_out).into());
            }
        }
        // DynamoDB refuses names that no expression uses, and an empty map of them.
        let names = &mut body["ExpressionAttributeNames"];
        if let Some(names) = names.as_object_mut() {
            names.retain(|name, _| words(&conditions).any(|word| word == name));
        }
        if names.as_object().is_none_or(Map::is_empty)
            && let Some(fields) = body.as_object_mut()
        {
            fields.remove("ExpressionAttributeNames");
        }
        body
    }

    /// The page that the query answers, from the engine's page of whole items:
    /// `is_current` says of which items the partition shows the current image, and `older`
    /// are the other images that it shows.
    ///
    /// Where the engine's page ends before the partition does, older images beyond its end
    /// are left to the next page, so that paging neither skips nor repeats an item.
    pub(super) fn page(
        &self,
        schema: &KeySchema,
        engine: Page,
        is_current: impl Fn(&ItemKey) -> bool,
        older: Vec<Image>,
    ) -> Page {
        let position = |item: &Image| schema.position(self.index, item);
        let end = engine
            .last_key
            .as_ref()
            .and_then(Value::as_object)
            .and_then(position);
        let current = engine.items.into_iter().filter(|item| {
            let key = schema.item_key(&self.partition.table, item);
            key.as_ref().is_none_or(&is_current)
        });
        let older = older.into_iter().filter(|item| {
            position(item).is_some_and(|at| {
                self.sorts.contains(&at.sort)
                    && (self.start.as_ref()).is_none_or(|start| self.is_before(start, &at))
                    && end.as_ref().is_none_or(|end| !self.is_before(end, &at))
            })
        });
        let mut items: Vec<Image> = current.chain(older).collect();
        items.sort_by_cached_key(position);
        if !self.forward {
            items.reverse();
        }
        let mut last_key = engine.last_key;
        if let Some(limit) = self.limit
            && items.len() > limit
        {
            items.truncate(limit);
            last_key = items.last().map(|it| schema.start_key(self.index, it));
        }
        Page { items, last_key }
    }

    fn is_before(&self, one: &Position, other: &Position) -> bool {
        if self.forward {
            one < other
        } else {
            one > other
        }
    }
}

/// The partition key and the sort keys of a query.
fn conditions(
    schema: &KeySchema,
    index: Option<IndexSchema>,
    body: &Value,
) -> Result<(String, Sorts), String> {
    let (pk, sk) = index.map_or((schema.pk, schema.sk), |index| (index.pk, index.sk));
    let expression = body["KeyConditionExpression"].as_str().unwrap_or("");
    let words: Vec<&str> = words(expression).collect();
    let is = |word: &str, name: &str| name_of(body, word) == name;
    let value = |word: &str| {
        let value = body["ExpressionAttributeValues"][word]["S"].as_str();
        value
            .map(str::to_owned)
            .ok_or_else(|| format!("no string {word}"))
    };
    let (partition, rest) = match &*words {
        [name, "=", partition] if is(name, pk) => (partition, &[][..]),
        [name, "=", partition, "AND", rest @ ..] if is(name, pk) => (partition, rest),
        _ => return Err(format!("the key condition {expression}")),
    };
    let sorts = match rest {
        [] => (Bound::Unbounded, Bound::Unbounded),
        [name, ">=", from] if is(name, sk) => (Bound::Included(value(from)?), Bound::Unbounded),
        [name, ">", from] if is(name, sk) => (Bound::Excluded(value(from)?), Bound::Unbounded),
        [name, "<=", to] if is(name, sk) => (Bound::Unbounded, Bound::Included(value(to)?)),
        [name, "<", to] if is(name, sk) => (Bound::Unbounded, Bound::Excluded(value(to)?)),
        [name, "=", at] if is(name, sk) => {
            (Bound::Included(value(at)?), Bound::Included(value(at)?))
        }
        [name, "BETWEEN", from, "AND", to] if is(name, sk) => {
            (Bound::Included(value(from)?), Bound::Included(value(to)?))
        }
        ["begins_with", name, prefix] if is(name, sk) => {
            let prefix = value(prefix)?;
            let end = format!("{prefix}{}", char::MAX);
            (Bound::Included(prefix), Bound::Excluded(end))
        }
        _ => return Err(format!("the key condition {expression}")),
    };
    Ok((value(partition)?, sorts))
}

fn words(expression: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',');
    expression.split(ends).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests;
