//! Deliveries to webhooks, from the event to the receiver, whatever that does.

mod attempts;
mod bed;
mod costs;
mod killed;
mod many;
mod receivers;
mod turns;
