//! Capacity units by the sizes of items, as the embedded engine counts them and DynamoDB
//! bills them; here for each partition key, which the engine does not tell.

use super::keys::{Image, ItemKey, KeySchema, Partition};
use dynoxide::types::{
    item_size, read_capacity_units_with_consistency, table_write_capacity_units,
    write_capacity_units,
};
use serde_json::Value;
use std::collections::HashMap;

/// Units that a call takes from one partition key.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Charge {
    pub(super) partition: Partition,
    pub(super) units: f64,
}

/// The bytes of an item.
pub(super) fn size(image: &Image) -> usize {
    serde_json::from_value(Value::Object(image.clone())).map_or(0, |item| item_size(&item))
}

/// What it takes to read `bytes` in one go.
pub(super) fn read_units(bytes: usize, strong: bool) -> f64 {
    read_capacity_units_with_consistency(bytes, strong)
}

/// What one write takes: the table's unit per KB, twice that in a transaction (`factor`),
/// and as much in each index where the item appears, changes or leaves; both where its key
/// in the index moves. A check of a condition has the item on neither side.
pub(super) fn write_charges(
    schema: &KeySchema,
    key: &ItemKey,
    before: Option<&Image>,
    after: Option<&Image>,
    factor: f64,
) -> Vec<Charge> {
    let sizes = (before.map(size), after.map(size));
    let table = Charge {
        partition: table_partition(key),
        units: factor * table_write_capacity_units(sizes.0, sizes.1),
    };
    let mut charges = vec![table];
    for index in &schema.indexes {
        let entry = |image: Option<&Image>, size: Option<usize>| {
            let image = image?;
            Some((
                schema.partition(&key.table, Some(*index), image)?,
                schema.position(Some(*index), image)?,
                write_capacity_units(size?),
            ))
        };
        let charge = |partition, units| Charge { partition, units };
        match (entry(before, sizes.0), entry(after, sizes.1)) {
            (None, None) => {}
            (Some((partition, _, units)), None) | (None, Some((partition, _, units))) => {
                charges.push(charge(partition, units));
            }
            (Some(old), Some(new)) if (&old.0, &old.1) != (&new.0, &new.1) => {
                charges.push(charge(old.0, old.2));
                charges.push(charge(new.0, new.2));
            }
            (Some(_), Some(_)) if before == after => {}
            (Some(old), Some(new)) => charges.push(charge(new.0, old.2.max(new.2))),
        }
    }
    charges
}

/// What is due beyond what was taken, or negative where too much was.
pub(super) fn difference(taken: Vec<Charge>, due: Vec<Charge>) -> HashMap<Partition, f64> {
    let mut difference = HashMap::new();
    let taken = taken.into_iter().map(|it| (it.partition, -it.units));
    let due = due.into_iter().map(|it| (it.partition, it.units));
    for (partition, units) in taken.chain(due) {
        *difference.entry(partition).or_default() += units;
    }
    difference.retain(|_, units| *units != 0.0);
    difference
}

/// The partition of the table that holds the item at `key`.
pub(super) fn table_partition(key: &ItemKey) -> Partition {
    Partition {
        table: key.table.clone(),
        index: None,
        key: key.pk.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn key() -> ItemKey {
        ItemKey {
            table: "t".to_owned(),
            pk: "p".to_owned(),
            sk: "s".to_owned(),
        }
    }

    /// An item of some `kb` KB in the partition `partition` of the first index.
    fn item(partition: &str, kb: usize) -> Image {
        let item = json!({
            "pk": {"S": "p"}, "sk": {"S": "s"},
            "gsi1pk": {"S": partition}, "gsi1sk": {"S": "s"},
            "filler": {"S": "x".repeat(kb * 1024 - 100)},
        });
        item.as_object().expect("an object").clone()
    }

    fn charges(before: Option<&Image>, after: Option<&Image>) -> Vec<(String, f64)> {
        write_charges(&KeySchema::default(), &key(), before, after, 1.0)
            .into_iter()
            .map(|charge| (charge.partition.key, charge.units))
            .collect()
    }

    fn of(key: &str, units: f64) -> (String, f64) {
        (key.to_owned(), units)
    }

    #[test]
    fn a_write_is_charged_by_the_larger_image_in_the_table_and_in_each_index() {
        let (small, large) = (item("a", 1), item("a", 3));
        assert_eq!(charges(None, None), [of("p", 1.0)]);
        assert_eq!(charges(None, Some(&large)), [of("p", 3.0), of("a", 3.0)]);
        assert_eq!(charges(Some(&small), None), [of("p", 1.0), of("a", 1.0)]);
        assert_eq!(
            charges(Some(&large), Some(&small)),
            [of("p", 3.0), of("a", 3.0)]
        );
    }

    #[test]
    fn an_item_that_moves_in_an_index_is_charged_at_both_places() {
        let (old, new) = (item("a", 2), item("b", 1));
        assert_eq!(
            charges(Some(&old), Some(&new)),
            [of("p", 2.0), of("a", 2.0), of("b", 1.0)]
        );
    }

    #[test]
    fn an_unchanged_item_is_charged_in_the_table_alone() {
        let item = item("a", 2);
        assert_eq!(charges(Some(&item), Some(&item)), [of("p", 2.0)]);
    }

    #[test]
    fn a_difference_is_what_is_still_due_or_was_too_much() {
        let charge = |key: &str, units| Charge {
            partition: Partition {
                table: "t".to_owned(),
                index: None,
                key: key.to_owned(),
            },
            units,
        };
        let taken = vec![
            charge("same", 1.0),
            charge("more", 1.0),
            charge("left", 2.0),
        ];
        let due = vec![charge("same", 1.0), charge("more", 3.0), charge("new", 1.0)];
        let mut found: Vec<_> = difference(taken, due)
            .into_iter()
            .map(|(partition, units)| (partition.key, units))
            .collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(found, [of("left", -2.0), of("more", 2.0), of("new", 1.0)]);
    }

    #[test]
    fn a_transaction_doubles_the_charge_of_the_table() {
        let charges = write_charges(
            &KeySchema::default(),
            &key(),
            None,
            Some(&item("a", 2)),
            2.0,
        );
        let units: Vec<f64> = charges.iter().map(|charge| charge.units).collect();
        assert_eq!(units, [4.0, 2.0]);
    }
}
