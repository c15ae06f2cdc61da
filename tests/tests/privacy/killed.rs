//! Erasures that are killed before and after every call of DynamoDB, and repeated: the end is
//! the same.

use crate::bed::{ADDRESS, AGENT, KARI, MEMBER, ORG, assert_counts_equal_a_recount, fill};
use crate::traces::{assert_nowhere, shape};
use chrono::{DateTime, TimeDelta, Utc};
use domain::Scope;
use domain::privacy::Receipt;
use std::collections::BTreeMap;
use store::{Store, UnscopedStore};
use tests::Verv;
use tests::gate::{Gate, Stop};

/// Whom a test erases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Person {
    Member,
    Mentor,
}

/// Erases until nothing is left to do; when, on the clock of the erasure.
async fn drive(store: &Store, person: Person, mut now: DateTime<Utc>) -> Receipt {
    let org = Some(ORG.parse().expect("an id"));
    for _ in 0..20 {
        let receipt = match person {
            Person::Member => {
                let member = MEMBER.parse().expect("an id");
                store.erase_member(&member, org.clone(), now).await
            }
            Person::Mentor => {
                let mentor = KARI.parse().expect("an id");
                store.erase_mentor(&mentor, org.clone(), now, || false).await
            }
        };
        let receipt = receipt.expect("the engine answers");
        if receipt.is_complete() {
            return receipt;
        }
        now += TimeDelta::minutes(10);
    }
    panic!("it does not end");
}

struct Run {
    verv: Verv,
    store: Store,
    gate: Gate,
}

impl Run {
    async fn start() -> Self {
        let verv = Verv::start().await;
        fill(&verv).await;
        let gate = Gate::new();
        let client = gate.client(&verv.engine.endpoint());
        let store = UnscopedStore::new(client, verv.store.table_name());
        let store = store.scoped(Scope::unrestricted(), None);
        Self { verv, store, gate }
    }

    /// Erases with a kill at `stop`, and again. Says whether it was killed.
    async fn erase(&self, person: Person, stop: Stop) -> bool {
        self.gate.arm(stop);
        let now = self.verv.now();
        let is_killed = tokio::select! {
            biased;
            () = self.gate.stopped(), if stop != Stop::Never => true,
            _ = drive(&self.store, person, now) => false,
        };
        self.gate.arm(Stop::Never);
        drive(&self.store, person, now + TimeDelta::hours(5)).await;
        is_killed
    }

    /// What is left, apart from ids and times.
    async fn left(&self, person: Person) -> BTreeMap<String, i64> {
        match person {
            Person::Member => assert_nowhere(&self.verv, &[MEMBER.as_bytes(), &ADDRESS, AGENT.as_bytes()]).await,
            Person::Mentor => {
                let org: &[u8] = b"M#org_1#kari";
                let rows: &[u8] = b"#org_1#kari.nordmann";
                assert_nowhere(&self.verv, &[org, rows]).await;
            }
        }
        shape(&self.verv).await
    }
}

async fn is_the_same_wherever_it_is_killed(person: Person) {
    let undisturbed = Run::start().await;
    undisturbed.gate.arm(Stop::Never);
    drive(&undisturbed.store, person, undisturbed.verv.now()).await;
    let calls = undisturbed.gate.calls();
    let expected = undisturbed.left(person).await;
    assert!(calls > 4, "{calls}");
    for call in 0..calls {
        for stop in [Stop::Before(call), Stop::After(call)] {
            let run = Run::start().await;
            assert!(run.erase(person, stop).await, "{stop:?} of {calls}");
            assert_eq!(run.left(person).await, expected, "{stop:?} of {calls}");
        }
    }
    assert_counts_equal_a_recount(&undisturbed.verv).await;
}

#[tokio::test]
async fn a_members_erasure_ends_the_same_wherever_it_is_killed() {
    is_the_same_wherever_it_is_killed(Person::Member).await;
}

#[tokio::test]
async fn a_mentors_erasure_ends_the_same_wherever_it_is_killed() {
    is_the_same_wherever_it_is_killed(Person::Mentor).await;
}

#[tokio::test]
async fn two_erasures_side_by_side_count_what_was_done_once() {
    let alone = Run::start().await;
    let now = alone.verv.now();
    drive(&alone.store, Person::Mentor, now).await;
    let expected = alone.left(Person::Mentor).await;
    let run = Run::start().await;
    let now = run.verv.now();
    futures::join!(
        drive(&run.store, Person::Mentor, now),
        drive(&run.store, Person::Mentor, now)
    );
    assert_eq!(run.left(Person::Mentor).await, expected);
    assert_counts_equal_a_recount(&run.verv).await;
}
