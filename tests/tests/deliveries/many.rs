//! Many deliveries through receivers that fail half the time.

use crate::bed::{Receiver, deliverer, register, status};
use chrono::TimeDelta;
use domain::delivery::NextAttempt;
use domain::event::Change;
use domain::event_data::Erasure;
use domain::{OutboxEntry, Pseudonym};
use events::stream::Told;
use futures::StreamExt;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use tests::Verv;

const ORGS: [&str; 3] = ["org_1", "org_2", "org_3"];

/// How many are delivered: `DELIVERIES`, or a thousand.
fn number() -> usize {
    std::env::var("DELIVERIES").map_or(1_000, |number| number.parse().expect("a number"))
}

/// An event of each organisation in turn, and the ids of each one's.
fn events(verv: &Verv, number: usize) -> (Vec<Told>, BTreeMap<&'static str, BTreeSet<String>>) {
    let mut ids: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let told = (0..number).map(|at| {
        let org = ORGS[at % ORGS.len()];
        let change = Change::MemberErased(Erasure {
            pseudonym: Pseudonym::random(),
            attribution_id: None,
        });
        let entry = OutboxEntry::new(&org.parse().expect("an id"), change, verv.now());
        let event = entry.into_events().next().expect("an event");
        ids.entry(org).or_default().insert(event.id.to_string());
        let place = at.to_string();
        Told { place, event }
    });
    let told = told.collect();
    (told, ids)
}

/// How often a receiver fails one delivery: attempts end after ten.
const FAILURES_AT_MOST: usize = 6;

/// What a receiver has taken, and how often it has failed each delivery.
#[derive(Default)]
struct Log {
    taken: Vec<String>,
    failures: BTreeMap<String, usize>,
}

impl Log {
    /// Every second request fails, whichever delivery it is of.
    fn answer(&mut self, id: &str, before: usize) -> u16 {
        let failures = self.failures.entry(id.to_owned()).or_default();
        if before % 2 == 1 && *failures < FAILURES_AT_MOST {
            *failures += 1;
            return 500;
        }
        self.taken.push(id.to_owned());
        204
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_delivered_at_least_once_under_its_id_and_to_its_organisation_alone() {
    // Without a stream of the table, which the engine searches whole for each write.
    let verv = Verv::start().await.as_platform();
    let mut receivers = Vec::new();
    for org in ORGS {
        let log: Arc<Mutex<Log>> = Arc::default();
        let written = Arc::clone(&log);
        let receiver = Receiver::start(move |got, before| {
            let mut log = written.lock().expect("a lock");
            status(log.answer(got.id(), before), "")
        });
        let receiver = receiver.await;
        register(&verv, org, &receiver.url).await;
        receivers.push((org, receiver, log));
    }
    let (told, ids) = events(&verv, number());
    let next = NextAttempt::at(verv.now());
    // The stream shows some of them twice.
    for told in [&told[..], &told[..number() / 3]] {
        let begun = events::deliveries::begin(&verv.store, told, next, verv.now()).await;
        assert_eq!((begun.due.len(), begun.failed.len()), (told.len(), 0));
    }
    let deliverer = deliverer(&verv);
    let mut rounds = 0;
    loop {
        let due = deliverer.due().await.expect("what is due");
        let attempts = due.into_iter().map(|due| deliverer.attempt(due.into()));
        let attempts = futures::stream::iter(attempts).buffer_unordered(32);
        let outcomes: Vec<_> = attempts.collect().await;
        assert!(outcomes.iter().all(Result::is_ok));
        rounds += 1;
        verv.clock.advance(TimeDelta::minutes(10));
        let taken = |log: &Mutex<Log>| log.lock().expect("a lock").taken.len();
        let received: usize = receivers.iter().map(|(_, _, log)| taken(log)).sum();
        let is_over = received >= number() && outcomes.is_empty();
        assert!(
            is_over || rounds < 1_000,
            "{received} after {rounds} rounds"
        );
        if is_over {
            break;
        }
    }
    for (org, receiver, log) in &receivers {
        for got in receiver.got() {
            assert_eq!(got.json()["data"]["org_id"], *org);
        }
        let log = log.lock().expect("a lock");
        let taken: BTreeSet<String> = log.taken.iter().cloned().collect();
        assert_eq!(taken, ids[org], "{org}");
        // None that was taken is sent again.
        assert_eq!(log.taken.len(), taken.len(), "{org}");
        let failures: usize = log.failures.values().sum();
        assert!(failures > taken.len() / 2, "{org}: {failures}");
    }
}
