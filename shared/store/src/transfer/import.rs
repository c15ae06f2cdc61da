//! Writes records, each where nothing is yet: repeating an import writes nothing twice, and what
//! is there is never changed.

use super::fields::Fields;
use super::record::{AttributionItems, CodeItems, Form, Record};
use crate::attribution_item::{AttributionChange, AttributionItem, CodeRemoval, MemberGuard};
use crate::code_count;
use crate::code_item::{ActiveCode, CanonicalCode, CodeLogItem};
use crate::dynamo::Dynamo;
use crate::entity::Entity;
use crate::error::{StoreError, TransactError};
use crate::keys::{self, Item, Keys};
use crate::program_item::ProgramItem;
use crate::store::UnscopedStore;
use crate::transaction::{Conflict, Transaction, until_settled};
use domain::{Code, FoldedCode, OrgId};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// An import of one organisation.
pub struct Import {
    dynamo: Dynamo,
    /// Whose records they are.
    from: OrgId,
    /// Whose they become.
    to: OrgId,
    /// Codes and attributions that were refused, on which other records depend.
    refused: Mutex<Refused>,
}

#[derive(Default)]
struct Refused {
    codes: HashSet<FoldedCode>,
    attributions: HashSet<String>,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// It was written.
    Written,
    /// A record of this id is in the organisation already, as it was or changed since: it stays.
    WasThere,
}

/// Why a record is not imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportRefusal {
    /// Its content is not what a record of its kind holds.
    #[error("is no valid record: {0}")]
    Invalid(String),
    /// It is of another organisation than the export.
    #[error("is not of the organisation of this export")]
    OtherOrg,
    /// The id is in use in another organisation of the table.
    #[error("is in the table already, in another organisation")]
    IdTaken,
    /// The code's string was issued already.
    #[error("has a code that was issued already, or that reads the same")]
    CodeTaken,
    /// The mentor has another active code in the organisation.
    #[error("is of a mentor who has another active code in the organisation")]
    PairHasActive,
    /// The member was recruited already.
    #[error("is of a member who is attributed already")]
    MemberTaken,
    /// What it is about was refused.
    #[error("is about a record that was refused")]
    AboutRefused,
}

/// An item as it is, whatever its kind.
#[derive(Serialize, Deserialize)]
struct RawItem {
    #[serde(skip)]
    item: Item,
}

/// What keeps an item from being written.
type Meaning = fn(Option<Item>, &OrgId) -> Obstacle;

/// What is in the way of a record.
enum Obstacle {
    Itself,
    Refusal(ImportRefusal),
}

/// The items of a record, each with what its being there means.
type Writes = Vec<(RawItem, Meaning)>;

impl UnscopedStore {
    /// Begins an import of the records of `from`, which become those of `to`.
    pub fn import(&self, from: OrgId, to: OrgId) -> Import {
        Import {
            dynamo: self.dynamo.clone(),
            from,
            to,
            refused: Mutex::default(),
        }
    }
}

impl Import {
    /// Writes `record`: all of its items, or none. No event tells of it. Records are put in the
    /// order of their export, those that are alike in any order.
    ///
    /// # Errors
    /// [`TransactError::Refused`] for a record that cannot be here; [`TransactError::Store`] when
    /// DynamoDB does not answer.
    pub async fn put(&self, record: Record) -> Result<Imported, TransactError<ImportRefusal>> {
        if self.is_about_refused(&record) {
            self.note_refusal(&record);
            return Err(TransactError::Refused(ImportRefusal::AboutRefused));
        }
        let put = match record.0.clone() {
            Form::Program(fields) => self.put_one::<ProgramItem>(fields).await,
            Form::Removal(fields) => self.put_one::<CodeRemoval>(fields).await,
            Form::Change(fields) => self.put_one::<AttributionChange>(fields).await,
            Form::Code(code) => self.put_code(code).await,
            Form::Attribution(attribution) => self.put_attribution(attribution).await,
        };
        if let Err(TransactError::Refused(_)) = &put {
            self.note_refusal(&record);
        }
        put
    }

    fn note_refusal(&self, record: &Record) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        match &record.0 {
            Form::Code(code) => refused.codes.extend(folded(&code.entry)),
            Form::Attribution(_) => drop(refused.attributions.insert(record.id().to_owned())),
            Form::Program(_) | Form::Removal(_) | Form::Change(_) => {}
        }
    }

    fn is_about_refused(&self, record: &Record) -> bool {
        let fields = match &record.0 {
            Form::Attribution(attribution) => &attribution.fact,
            Form::Change(fields) => fields,
            Form::Program(_) | Form::Code(_) | Form::Removal(_) => return false,
        };
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let confirmed = fields.text("attribution");
        folded(fields).is_some_and(|code| refused.codes.contains(&code))
            || confirmed.is_some_and(|id| refused.attributions.contains(id))
    }

    async fn put_one<E: Entity>(
        &self,
        fields: Fields,
    ) -> Result<Imported, TransactError<ImportRefusal>> {
        let item = self.item::<E>(fields)?;
        self.write(vec![(item, itself)]).await
    }

    /// A deleted code's string only has to stay taken, by whomever.
    async fn put_code(&self, code: CodeItems) -> Result<Imported, TransactError<ImportRefusal>> {
        let is_deleted = code.entry.has("deleted_at");
        let entry = self.item::<CodeLogItem>(code.entry.clone())?;
        let id = code.entry.read::<CodeLogItem>().map_err(invalid)?.id();
        let mut writes: Writes = vec![(entry, itself)];
        let shared = ["id", "mentor", "org", "code"];
        for own in [&code.canonical, &code.active].into_iter().flatten() {
            if !code.entry.agrees_with(own, &shared) {
                return Err(unlike());
            }
        }
        if let Some(fields) = code.canonical {
            let canonical = self.item::<CanonicalCode>(fields)?;
            if is_deleted {
                self.write(vec![(canonical, itself)])
                    .await
                    .or_else(refused_is_taken)?;
            } else {
                writes.push((canonical, |_, _| {
                    Obstacle::Refusal(ImportRefusal::CodeTaken)
                }));
            }
        }
        if let Some(fields) = code.active {
            let active = self.item::<ActiveCode>(fields)?;
            writes.push((active, |_, _| {
                Obstacle::Refusal(ImportRefusal::PairHasActive)
            }));
        }
        if let Some(fields) = code.count {
            let count = fields.item(code_count::KIND, &keys::code_count(id).into())?;
            writes.push((RawItem { item: count }, |_, _| {
                Obstacle::Refusal(ImportRefusal::IdTaken)
            }));
        }
        self.write(writes).await
    }

    async fn put_attribution(
        &self,
        attribution: AttributionItems,
    ) -> Result<Imported, TransactError<ImportRefusal>> {
        let AttributionItems { fact, guard } = attribution;
        let mut writes: Writes = vec![(self.item::<AttributionItem>(fact.clone())?, itself)];
        if let Some(guard) = guard {
            let is_own = guard.text("attribution") == fact.text("sk")
                && guard.text("member") == fact.text("new_member");
            if !is_own {
                return Err(unlike());
            }
            writes.push((self.item::<MemberGuard>(guard)?, |_, _| {
                Obstacle::Refusal(ImportRefusal::MemberTaken)
            }));
        }
        self.write(writes).await
    }

    /// The item that `fields` describe, in the new organisation and at its own keys.
    fn item<E: Entity>(&self, fields: Fields) -> Result<RawItem, TransactError<ImportRefusal>> {
        if fields.text("org") != Some(self.from.as_str()) {
            return Err(TransactError::Refused(ImportRefusal::OtherOrg));
        }
        let fields = fields.in_org(&self.to);
        let entity: E = fields.read().map_err(invalid)?;
        Ok(RawItem {
            item: fields.item(E::KIND, &entity.keys())?,
        })
    }

    async fn write(&self, writes: Writes) -> Result<Imported, TransactError<ImportRefusal>> {
        let obstacle = match writes.as_slice() {
            [(RawItem { item }, meaning)] => {
                let held = self.dynamo.put_absent(item.clone()).await?;
                held.map(|held| meaning(Some(held), &self.to))
            }
            _ => self.commit(&writes).await?,
        };
        match obstacle {
            None => Ok(Imported::Written),
            Some(Obstacle::Itself) => Ok(Imported::WasThere),
            Some(Obstacle::Refusal(refusal)) => Err(TransactError::Refused(refusal)),
        }
    }

    /// Writes all of them; what is in the way of the first that is refused.
    async fn commit(&self, writes: &Writes) -> Result<Option<Obstacle>, StoreError> {
        let org = &self.to;
        let committed = until_settled("the items of a record", || async {
            let mut transaction = Transaction::new(&self.dynamo);
            for (item, meaning) in writes {
                transaction = transaction.create(item, move |held: Option<RawItem>| {
                    Conflict::Refused(meaning(held.map(|raw| raw.item), org))
                });
            }
            transaction.commit().await
        });
        match committed.await {
            Ok(()) => Ok(None),
            Err(TransactError::Refused(obstacle)) => Ok(Some(obstacle)),
            Err(TransactError::Store(error)) => Err(error),
            Err(TransactError::KeyReused) => Err(StoreError::corrupt("an import has no key")),
        }
    }
}

/// A record of this id is there: it may be this one.
fn itself(held: Option<Item>, org: &OrgId) -> Obstacle {
    let held = held.as_ref().and_then(|held| held.get("org"));
    match held.and_then(|org| org.as_s().ok()) {
        Some(held) if held == org.as_str() => Obstacle::Itself,
        _ => Obstacle::Refusal(ImportRefusal::IdTaken),
    }
}

/// Whoever has the string, it is taken.
fn refused_is_taken(
    error: TransactError<ImportRefusal>,
) -> Result<Imported, TransactError<ImportRefusal>> {
    match error {
        TransactError::Refused(_) => Ok(Imported::WasThere),
        error => Err(error),
    }
}

fn invalid(error: serde_json::Error) -> TransactError<ImportRefusal> {
    TransactError::Refused(ImportRefusal::Invalid(error.to_string()))
}

fn unlike() -> TransactError<ImportRefusal> {
    let what = "its items are not of one record";
    TransactError::Refused(ImportRefusal::Invalid(what.to_owned()))
}

/// The code that the fields are of.
fn folded(fields: &Fields) -> Option<FoldedCode> {
    let code: Code = fields.text("code")?.parse().ok()?;
    Some(code.folded())
}

impl Entity for RawItem {
    const KIND: &'static str = "any";

    fn keys(&self) -> Keys {
        keys::nothing().into()
    }

    fn to_item(&self) -> Result<Item, StoreError> {
        Ok(self.item.clone())
    }

    fn from_item(item: Item) -> Result<Option<Self>, StoreError> {
        Ok(Some(Self { item }))
    }
}
