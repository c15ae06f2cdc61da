//! Reads an organisation, a page at a time.

use super::fields::Fields;
use super::record::{AttributionItems, CodeItems, Form, Record};
use super::section::Section;
use crate::attribution_item::{AttributionChange, AttributionItem, CodeRemoval};
use crate::code_item::CodeLogItem;
use crate::dynamo::{Dynamo, Order, Query, Read};
use crate::entity::{Entity, is_tombstone};
use crate::error::StoreError;
use crate::keys::{self, Item, KIND, Key, PK, SK};
use crate::program_item::ProgramItem;
use crate::rollup::FactItem;
use crate::store::UnscopedStore;
use chrono::DateTime;
use domain::OrgId;
use std::collections::HashMap;

/// Items read at once.
const PAGE: usize = 200;

/// Sorts before whatever a key may hold, so that a key with it follows the key itself.
const NEXT: char = ' ';

/// An organisation's records, from a place on.
pub struct Export {
    dynamo: Dynamo,
    org: OrgId,
    sections: Vec<Section>,
    /// After this sort key of the first section; `None` is from the first.
    after: Option<String>,
}

impl UnscopedStore {
    /// The records of `org`: all of them, or those that follow `last`.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when `last` has no id.
    pub fn export(&self, org: &OrgId, last: Option<&Record>) -> Result<Export, StoreError> {
        let mut sections = Section::all();
        let mut after = None;
        if let Some(last) = last {
            let reached = last.section()?;
            sections.retain(|section| *section >= reached);
            after = Some(last.id().to_owned());
        }
        Ok(Export {
            dynamo: self.dynamo.clone(),
            org: org.clone(),
            sections,
            after,
        })
    }
}

impl Export {
    /// The next records, in order; `None` at the end. A page may be empty. Memory is for a page,
    /// however many records there are.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer; the same call goes on.
    pub async fn page(&mut self) -> Result<Option<Vec<Record>>, StoreError> {
        let Some(section) = self.sections.first().copied() else {
            return Ok(None);
        };
        let (index, pk) = section.partition(&self.org);
        let query = Query {
            index,
            pk,
            from: self.after.as_ref().map(|after| format!("{after}{NEXT}")),
            to: None,
            order: Order::Ascending,
            limit: PAGE,
            read: Read::Eventual,
        };
        let page = self.dynamo.query_page(&query, None, None).await?;
        let last = page.items.last().and_then(|item| text(item, SK));
        let after = page.next.and(last.map(ToOwned::to_owned));
        let wanted: Vec<Key> = page
            .items
            .iter()
            .filter(|item| text(item, KIND) == Some(kind_of(section)))
            .filter_map(key_of)
            .collect();
        let records = self.records(section, wanted).await?;
        if after.is_none() {
            self.sections.remove(0);
        }
        self.after = after;
        Ok(Some(records))
    }

    /// What the table holds at `keys`: an index may still show what has been erased since.
    async fn records(&self, section: Section, keys: Vec<Key>) -> Result<Vec<Record>, StoreError> {
        let mut found = self.found(&keys).await?;
        let items: Vec<Item> = keys.iter().filter_map(|key| found.remove(key)).collect();
        let forms = match section {
            Section::Programs => each(items, Form::Program)?,
            Section::Codes(_) => self.codes(items).await?,
            Section::Removals(_) => each(items, Form::Removal)?,
            Section::Attributions(_) => self.attributions(items).await?,
            Section::Changes(_) => each(lasting(items)?, Form::Change)?,
        };
        Ok(forms.into_iter().map(Record).collect())
    }

    async fn found(&self, keys: &[Key]) -> Result<HashMap<Key, Item>, StoreError> {
        let items = self.dynamo.batch_get(keys, Read::Strong).await?;
        let keyed = items
            .into_iter()
            .filter_map(|item| Some((key_of(&item)?, item)));
        Ok(keyed.collect())
    }

    async fn codes(&self, entries: Vec<Item>) -> Result<Vec<Form>, StoreError> {
        let mut wanted = Vec::new();
        let mut codes = Vec::new();
        for item in entries {
            let code: CodeLogItem = serde_dynamo::from_item(item.clone())?;
            let (mentor, org) = code.owner();
            let own = [
                keys::code(&code.folded()),
                keys::active_code(mentor, org),
                keys::code_count(code.id()),
            ];
            wanted.extend(own.clone());
            codes.push((Fields::of(item)?, own));
        }
        // A mentor's codes share the key of the pair, and a batch names each key once.
        wanted.sort_by(|one, other| (&one.pk, &one.sk).cmp(&(&other.pk, &other.sk)));
        wanted.dedup();
        let found = self.found(&wanted).await?;
        let fields = |key: &Key| found.get(key).cloned().map(Fields::of).transpose();
        let with_own = |(entry, [canonical, active, count]): (Fields, [Key; 3])| {
            let is_own = |other: &Fields| entry.agrees_with(other, &["id"]);
            Ok(Form::Code(CodeItems {
                canonical: fields(&canonical)?.filter(is_own),
                active: fields(&active)?.filter(is_own),
                count: fields(&count)?,
                entry,
            }))
        };
        codes.into_iter().map(with_own).collect()
    }

    async fn attributions(&self, facts: Vec<Item>) -> Result<Vec<Form>, StoreError> {
        let mut attributions = Vec::new();
        for item in lasting(facts)? {
            let guard = match is_tombstone(&item) {
                true => None,
                false => serde_dynamo::from_item::<_, AttributionItem>(item.clone())?.guard_key(),
            };
            attributions.push((Fields::of(item)?, guard));
        }
        let wanted: Vec<Key> = attributions
            .iter()
            .filter_map(|(_, guard)| guard.clone())
            .collect();
        let found = self.found(&wanted).await?;
        let with_guard = |(fact, guard): (Fields, Option<Key>)| {
            let guard = guard.and_then(|key| found.get(&key)).cloned();
            let guard = guard.map(Fields::of).transpose()?;
            let guard = guard.filter(|guard| guard.text("attribution") == fact.text("sk"));
            Ok(Form::Attribution(AttributionItems { fact, guard }))
        };
        attributions.into_iter().map(with_guard).collect()
    }
}

/// What the items of a section are.
fn kind_of(section: Section) -> &'static str {
    match section {
        Section::Programs => ProgramItem::KIND,
        Section::Codes(_) => CodeLogItem::KIND,
        Section::Removals(_) => CodeRemoval::KIND,
        Section::Attributions(_) => AttributionItem::KIND,
        Section::Changes(_) => AttributionChange::KIND,
    }
}

fn each(items: Vec<Item>, form: impl Fn(Fields) -> Form) -> Result<Vec<Form>, StoreError> {
    let items = items.into_iter();
    items.map(|item| Fields::of(item).map(&form)).collect()
}

/// `items` without those that go together, a deleted click and its deletion: they add to nothing,
/// and one of them may have expired before the other.
fn lasting(items: Vec<Item>) -> Result<Vec<Item>, StoreError> {
    let mut lasting = Vec::new();
    for item in items {
        if !FactItem::read(item.clone())?.cancels_out(DateTime::<chrono::Utc>::MAX_UTC) {
            lasting.push(item);
        }
    }
    Ok(lasting)
}

fn key_of(item: &Item) -> Option<Key> {
    Some(Key {
        pk: text(item, PK)?.to_owned(),
        sk: text(item, SK)?.to_owned(),
    })
}

fn text<'i>(item: &'i Item, name: &str) -> Option<&'i str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}
