//! Deliveries of events to webhooks.

pub mod connect;
pub mod receiver;
