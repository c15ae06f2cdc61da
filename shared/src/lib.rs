//! What Verv's functions share, in three layers whose arrows point down only:
//!
//! - [`http`]: problems, extractors, pages, start-up. Knows axum and Lambda.
//! - [`store`]: the single DynamoDB table: keys, entities, transactions, sharded logs.
//! - [`domain`]: codes, attributions, statistics, ids. Knows neither AWS nor HTTP, and
//!   takes the time as an argument.

pub mod domain;
pub mod http;

pub mod store;
