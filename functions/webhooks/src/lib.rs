//! Deliveries of events to webhooks: attempts that the queue has messages for, and what a schedule
//! finds overdue.
//!
//! When a delivery is due is in the table; a message of the queue only says that it is. An attempt
//! begins by changing the delivery's version, so that of two messages for one attempt one goes on,
//! and with a moment from which on it is taken for lost, so that one which was killed is
//! made again. A delivery is thus sent at least once, every time under the id of its event.
//!
//! A receiver that hangs holds up nobody else: every message is a task of its own, it has 15
//! seconds, the queue serves the webhooks of others first, and a receiver that has failed for a
//! minute gets one delivery at a time.

pub mod attempt;
pub mod batch;
pub mod connect;
mod payload;
pub mod pick_up;
pub mod receiver;

use domain::Clock;
use queue::Queue;
use receiver::Receivers;
use store::UnscopedStore;

/// Makes attempts at deliveries. Clones share what they hold.
#[derive(Clone)]
pub struct Deliverer {
    /// The table that holds the deliveries.
    pub store: UnscopedStore,
    /// What time it is.
    pub clock: Clock,
    /// How receivers are called.
    pub receivers: Receivers,
    /// Where attempts wait; `None` where whoever picks up what is due makes the attempts.
    pub queue: Option<Queue>,
}
