//! The single DynamoDB table and every access to it.
//!
//! [`Table`] is the client with its metering, [`keys`] the only place that spells a key,
//! [`entities`] what the items hold, [`transaction`] writes whose refusals are values, and
//! [`log`] the sharded, time-ordered lists. On these stand one file per access-pattern
//! group: [`codes`], [`attributions`], [`programs`], [`misses`], [`stats`] and [`aggregate`].
//!
//! Deliberately absent: a storage trait with an in-memory twin. Tests run against an
//! embedded engine that speaks DynamoDB's own protocol.

pub mod aggregate;
pub mod attributions;
pub mod codes;
pub mod entities;
pub mod error;
pub mod idempotency;
pub mod keys;
pub mod log;
pub mod meter;
pub mod misses;
pub mod program_item;
pub mod programs;
pub mod schema;
pub mod stats;
pub mod table;
pub mod transaction;

pub use error::{StoreError, TransactError};
pub use idempotency::{Answer, IdempotencyKey};
pub use log::{Cursor, ListRequest, Page};
pub use meter::{Usage, metered};
pub use table::Table;
