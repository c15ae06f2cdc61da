//! Records as the table holds them, under their own ids: for imports, and for tests that fill a
//! table without the operations.

use crate::attribution_item::AttributionItem;
use crate::code_item::{ActiveCode, CanonicalCode, CodeLogItem};
use crate::entity::Entity;
use crate::error::StoreError;
use crate::keys::Item;
use crate::program_item::ProgramItem;
use domain::{Attribution, CodeRecord, Program};

/// The items of a code: the canonical one, its log item, and the pair's active code where it
/// has not ended.
///
/// # Errors
/// [`StoreError::Corrupt`] when the record has no form in DynamoDB's types.
pub fn of_code(record: &CodeRecord) -> Result<Vec<Item>, StoreError> {
    let mut items = vec![
        CanonicalCode::from(record).to_item()?,
        CodeLogItem::from(record).to_item()?,
    ];
    if record.deactivated_at.is_none() && record.invalidated_at.is_none() {
        items.push(ActiveCode::from(record).to_item()?);
    }
    Ok(items)
}

/// The item of a click, confirmed or not; a confirmed one's member is not guarded by it.
///
/// # Errors
/// [`StoreError::Corrupt`] when the record has no form in DynamoDB's types.
pub fn of_attribution(attribution: &Attribution) -> Result<Item, StoreError> {
    AttributionItem::from(attribution).to_item()
}

/// The item of a program.
///
/// # Errors
/// [`StoreError::Corrupt`] when the record has no form in DynamoDB's types.
pub fn of_program(program: &Program) -> Result<Item, StoreError> {
    ProgramItem::from(program).to_item()
}
