//! Where an item is: its key, and the partitions of the table and its indexes that show it.

use serde_json::{Map, Value, json};

/// An item on the wire: `{"pk": {"S": "…"}, …}`.
pub(super) type Image = Map<String, Value>;

/// The names of a table's key attributes, all of them strings.
#[derive(Debug, Clone)]
pub struct KeySchema {
    /// The partition key of the table.
    pub pk: &'static str,
    /// The sort key of the table.
    pub sk: &'static str,
    /// Its global indexes.
    pub indexes: Vec<IndexSchema>,
}

/// The names of the key attributes of a global index that projects whole items.
#[derive(Debug, Clone, Copy)]
pub struct IndexSchema {
    /// The index's own name, such as `gsi1`.
    pub name: &'static str,
    /// The partition key of the index.
    pub pk: &'static str,
    /// The sort key of the index.
    pub sk: &'static str,
}

impl Default for KeySchema {
    /// The one table of Verv.
    fn default() -> Self {
        let index = |name, pk, sk| IndexSchema { name, pk, sk };
        Self {
            pk: "pk",
            sk: "sk",
            indexes: vec![
                index("gsi1", "gsi1pk", "gsi1sk"),
                index("gsi2", "gsi2pk", "gsi2sk"),
            ],
        }
    }
}

/// The primary key of one item.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemKey {
    /// The table's name.
    pub table: String,
    /// The value of the partition key.
    pub pk: String,
    /// The value of the sort key.
    pub sk: String,
}

/// A partition key of a table or of one of its indexes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Partition {
    /// The table's name.
    pub table: String,
    /// `None` is the table itself.
    pub index: Option<&'static str>,
    /// The value of the partition key.
    pub key: String,
}

/// The order of the items of a partition: by sort key, in an index then by primary key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) sort: String,
    primary: (String, String),
}

impl KeySchema {
    /// The key in `item`, an item or a key of `table`; `None` where it has other keys.
    pub(super) fn item_key(&self, table: &str, item: &Image) -> Option<ItemKey> {
        Some(ItemKey {
            table: table.to_owned(),
            pk: text(item, self.pk)?.to_owned(),
            sk: text(item, self.sk)?.to_owned(),
        })
    }

    /// The key as a request has it.
    pub(super) fn wire_key(&self, key: &ItemKey) -> Value {
        json!({self.pk: {"S": key.pk}, self.sk: {"S": key.sk}})
    }

    pub(super) fn index(&self, name: &str) -> Option<IndexSchema> {
        self.indexes
            .iter()
            .copied()
            .find(|index| index.name == name)
    }

    /// The partition of `index` that shows `item`, if one does.
    pub(super) fn partition(
        &self,
        table: &str,
        index: Option<IndexSchema>,
        item: &Image,
    ) -> Option<Partition> {
        let (pk, sk) = index.map_or((self.pk, self.sk), |index| (index.pk, index.sk));
        text(item, sk)?;
        Some(Partition {
            table: table.to_owned(),
            index: index.map(|index| index.name),
            key: text(item, pk)?.to_owned(),
        })
    }

    pub(super) fn position(&self, index: Option<IndexSchema>, item: &Image) -> Option<Position> {
        let sort = text(item, index.map_or(self.sk, |index| index.sk))?;
        Some(Position {
            sort: sort.to_owned(),
            primary: (
                text(item, self.pk)?.to_owned(),
                text(item, self.sk)?.to_owned(),
            ),
        })
    }

    /// The key after which a query goes on from `item`.
    pub(super) fn start_key(&self, index: Option<IndexSchema>, item: &Image) -> Value {
        let of_index = index.into_iter().flat_map(|index| [index.pk, index.sk]);
        let names = [self.pk, self.sk].into_iter().chain(of_index);
        let parts = names.filter_map(|name| Some((name.to_owned(), item.get(name)?.clone())));
        Value::Object(parts.collect())
    }
}

/// The string `name` of an item.
pub(super) fn text<'i>(item: &'i Image, name: &str) -> Option<&'i str> {
    item.get(name)?.get("S")?.as_str()
}
