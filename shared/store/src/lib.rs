//! The single DynamoDB table and every access to it.
//!
//! From the bottom up: `keys` is the only place that spells a key, `entity` and the `…_item`
//! modules say what the items hold, `dynamo` makes metered calls, `transaction` commits writes
//! whose refusals are values, `log` reads the sharded, time-ordered lists, [`stats`] and
//! [`fold`] count. On these, one module per access-pattern group adds operations to [`Store`]:
//! `programs`, `api_keys`, [`codes`], [`attributions`], [`events`], [`webhooks`] and [`privacy`].
//!
//! Deliberately absent: a storage trait with an in-memory twin. Tests run against an
//! embedded engine that speaks DynamoDB's own protocol.

mod api_key_item;
mod api_keys;
mod attribution_item;
pub mod attributions;
mod cache;
mod code_count;
mod code_item;
pub mod codes;
mod delivery_item;
mod dynamo;
mod entity;
mod error;
mod event_item;
pub mod events;
mod expression;
pub mod fold;
mod idempotency;
pub mod items;
pub mod keys;
mod log;
mod log_item;
mod merge;
mod meter;
mod misses;
mod page;
pub mod privacy;
mod program_item;
mod programs;
mod put;
mod rollup;
mod schema;
mod short_list;
pub mod stats;
mod store;
mod totals;
mod transaction;
mod webhook_item;
pub mod webhooks;

pub use api_keys::IssuedKey;
pub use error::{ListOfOrgError, ScopedError, StoreError, TransactError};
pub use idempotency::{IdempotencyKey, IdempotentReply};
pub use meter::{Usage, metered};
pub use misses::{MissCounter, MissSource};
pub use page::{Cursor, ListRequest, Page, Start, Total};
pub use store::{Store, UnscopedStore};
