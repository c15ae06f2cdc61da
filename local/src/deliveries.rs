//! Deliveries to webhooks on this machine: there is no queue, so what the table has as due is
//! attempted in this process.

use domain::Clock;
use domain::delivery::{DeliveryKey, DueDelivery};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use store::UnscopedStore;
use tokio::task::JoinSet;
use web::settings::Settings;
use webhooks::Deliverer;
use webhooks::connect::SystemResolver;
use webhooks::receiver::Receivers;

/// How often the table is asked what is due.
const PERIOD: Duration = Duration::from_millis(500);

/// How many attempts are under way to one webhook: a receiver that hangs holds up no other.
const TO_ONE: usize = 16;

/// What makes attempts on this machine.
pub fn deliverer(settings: &Settings, store: &UnscopedStore, clock: &Clock) -> Deliverer {
    Deliverer {
        receivers: Receivers::new(settings.webhook_targets, Arc::new(SystemResolver)),
        store: store.clone(),
        clock: clock.clone(),
        queue: None,
    }
}

/// Attempts that are under way.
#[derive(Default)]
struct UnderWay {
    tasks: JoinSet<DeliveryKey>,
    keys: HashSet<DeliveryKey>,
}

/// Makes the attempts that are due, for ever.
pub async fn deliver_regularly(deliverer: Deliverer) {
    let mut under_way = UnderWay::default();
    loop {
        under_way.reap();
        match deliverer.due().await {
            Ok(due) => under_way.begin(&deliverer, due),
            Err(error) => tracing::error!(%error, "what is due cannot be read"),
        }
        tokio::time::sleep(PERIOD).await;
    }
}

impl UnderWay {
    fn begin(&mut self, deliverer: &Deliverer, due: Vec<DueDelivery>) {
        let mut of_webhook = HashMap::new();
        for key in &self.keys {
            *of_webhook.entry(key.webhook).or_insert(0) += 1;
        }
        for due in due {
            let number = of_webhook.entry(due.key.webhook).or_insert(0);
            if *number >= TO_ONE || !self.keys.insert(due.key) {
                continue;
            }
            *number += 1;
            let deliverer = deliverer.clone();
            self.tasks.spawn(async move {
                if let Err(error) = deliverer.attempt(due.into()).await {
                    tracing::error!(%error, "no attempt could be made");
                }
                due.key
            });
        }
    }

    /// Forgets those that are over.
    fn reap(&mut self) {
        while let Some(ended) = self.tasks.try_join_next() {
            match ended {
                Ok(key) => {
                    self.keys.remove(&key);
                }
                Err(error) => tracing::error!(%error, "an attempt has failed"),
            }
        }
        if self.tasks.is_empty() {
            self.keys.clear();
        }
    }
}
