//! Webhooks and the deliveries to them.
//!
//! Staff register webhooks; the stream's function reads those of an organisation, which it
//! holds in memory for ten seconds, and begins deliveries; an attempt notes what it says of the
//! receiver. A webhook is written when one of these changes it, and not by each delivery.

mod deliveries;
mod list;
mod receiver;
mod registry;
mod turn;

pub use registry::IssuedWebhook;
