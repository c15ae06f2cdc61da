//! What a history is played on: the engine alone, or behind the stand-in with faults in front.

use aws_sdk_dynamodb::Client;
use chrono::TimeDelta;
use domain::Clock;
use local::engine::Engine;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tests::Verv;
use tests::faults::{Fault, Faults};
use tests::gate::Gate;
use tests::policy::enforced;
use tests::standin::{Limits, Options, StandIn, Time};
use tests::wire;

/// After this time every index and every replica shows a write.
const LONGEST_LAG: Duration = Duration::from_millis(50);

/// Of so many writes one is refused or its answer lost.
const ONE_FAULT_IN: u64 = 40;

/// See the module.
pub(crate) struct Bed {
    engine: Arc<Engine>,
    trouble: Option<Trouble>,
}

/// A DynamoDB that behaves as the real one does on a bad day.
struct Trouble {
    stand_in: StandIn,
    faults: Faults,
    /// The platform's clock, once there is one.
    clock: Arc<OnceLock<Clock>>,
}

impl Bed {
    pub(crate) fn plain(engine: Arc<Engine>) -> Self {
        Self {
            engine,
            trouble: None,
        }
    }

    /// Transactions that hold their items, indexes and replicas that lag, token buckets, lost
    /// answers: in virtual time.
    pub(crate) fn troubled(engine: Arc<Engine>, seed: u64) -> Self {
        let clock: Arc<OnceLock<Clock>> = Arc::default();
        let seen = Arc::clone(&clock);
        let stand_in = StandIn::new(Options {
            time: Time::of(move || seen.get().map(Clock::now).unwrap_or_default()),
            index_lag: Some(Duration::ZERO..=LONGEST_LAG),
            read_lag: Some(Duration::ZERO..=LONGEST_LAG),
            limits: Some(Limits::default()),
            seed,
            ..Options::default()
        });
        Self {
            engine,
            trouble: Some(Trouble {
                stand_in,
                faults: Faults::none(),
                clock,
            }),
        }
    }

    /// A gate in front of all trouble.
    pub(crate) fn gate(&self) -> Gate {
        match &self.trouble {
            None => Gate::new(),
            Some(trouble) => {
                Gate::before(trouble.faults.in_front_of(trouble.stand_in.http_client()))
            }
        }
    }

    /// A client behind the gate.
    pub(crate) fn gated_client(&self, gate: &Gate) -> Client {
        enforced(&gate.client(&self.engine.endpoint()))
    }

    /// A platform in the table `table`, whose calls meet the trouble.
    pub(crate) async fn platform(&self, table: &str) -> Verv {
        let endpoint = self.engine.endpoint();
        let client = match &self.trouble {
            None => local::engine::client(&endpoint),
            Some(trouble) => {
                let http = trouble.faults.in_front_of(trouble.stand_in.http_client());
                wire::client(&endpoint, http)
            }
        };
        let verv = Verv::on(Arc::clone(&self.engine), client, table, &[]).await;
        if let Some(trouble) = &self.trouble {
            let _ = trouble.clock.set(verv.clock.clone());
        }
        verv
    }

    /// From now on, some calls fail, as `seed` has it.
    pub(crate) fn be_faulty(&self, seed: u64) {
        let Some(trouble) = &self.trouble else {
            return;
        };
        trouble.faults.set(move |operation, number| {
            let mut hasher = DefaultHasher::new();
            (seed, operation, number).hash(&mut hasher);
            let drawn = hasher.finish();
            let is_write = operation != "Query" && operation != "GetItem";
            match (drawn % ONE_FAULT_IN, drawn >> 32 & 3) {
                (0, 0) => Some(Fault::Throttled),
                (0, 1) => Some(Fault::InternalError),
                (0, _) if is_write => Some(Fault::LostAnswer),
                _ => None,
            }
        });
    }

    /// Ends the trouble for a moment: nothing fails, and everything written is visible.
    pub(crate) fn settle(&self, clock: &Clock) {
        if let Some(trouble) = &self.trouble {
            trouble.faults.clear();
            let lag = TimeDelta::from_std(LONGEST_LAG).unwrap_or_default();
            clock.advance(lag + TimeDelta::milliseconds(1));
        }
    }
}
