//! An organisation whole, from one table into another: programs, codes, attributions and the facts
//! that change them, as records that keep every id, string and time.
//!
//! A record holds what its items hold, without their keys: these are derived anew from the items'
//! own content, so a record cannot be put where it does not belong. Deliberately absent is what
//! is derived or belongs to a deployment: statistics, which are folded from the facts, kept
//! answers, the outbox, and API keys.

mod export;
mod fields;
mod import;
mod record;
mod section;

pub use export::Export;
pub use import::{Import, ImportRefusal, Imported};
pub use record::{Counts, Record};
