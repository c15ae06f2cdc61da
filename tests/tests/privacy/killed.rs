//! Erasures that are killed before and after every call of DynamoDB, and repeated: the end is
//! the same.

use crate::bed::{
    ADDRESS, AGENT, KARI, MEMBER, ORG, assert_counts_equal_a_recount, code_once, fill_a_little,
};
use crate::traces::{assert_nowhere, shape};
use chrono::{DateTime, TimeDelta, Utc};
use domain::Scope;
use domain::privacy::Receipt;
use futures::stream::{self, StreamExt};
use serde_json::json;
use std::collections::BTreeMap;
use store::{Store, UnscopedStore};
use tests::flows::{CODES, RECORDS};
use tests::gate::{Gate, Stop};
use tests::{EVERY_RUN, Verv};

/// How many tables are in use at once.
const AT_ONCE: usize = 8;

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
                store
                    .erase_mentor(&mentor, org.clone(), now, || false)
                    .await
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
        let verv = Verv::start().await.as_platform();
        fill_a_little(&verv).await;
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
            Person::Member => {
                assert_nowhere(&self.verv, &[MEMBER.as_bytes(), &ADDRESS, AGENT.as_bytes()]).await
            }
            Person::Mentor => assert_nowhere(&self.verv, &[KARI.as_bytes()]).await,
        }
        shape(&self.verv).await
    }
}

async fn is_the_same_wherever_it_is_killed(person: Person) {
    let undisturbed = Run::start().await;
    undisturbed.gate.arm(Stop::Never);
    drive(&undisturbed.store, person, undisturbed.verv.now()).await;
    // Which shards hold what is by chance: so is the number of calls, a little.
    let calls = undisturbed.gate.calls();
    let expected = undisturbed.left(person).await;
    let stops = (0..calls).flat_map(|call| [Stop::Before(call), Stop::After(call)]);
    let runs = stream::iter(stops).map(async |stop| {
        let run = Run::start().await;
        let is_killed = run.erase(person, stop).await;
        assert_eq!(run.left(person).await, expected, "{stop:?} of {calls}");
        is_killed
    });
    let killed: Vec<bool> = runs.buffer_unordered(AT_ONCE).collect().await;
    let killed = killed.into_iter().filter(|is_killed| *is_killed).count();
    assert!(
        calls >= 4 && killed >= 2 * (calls - calls / 8),
        "{killed} of {calls}"
    );
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

/// A run of the schedule is killed in the middle of folding, the mentor's erasure begins, and
/// the next runs complete the round: each fact counts once, under one name.
#[tokio::test]
async fn a_round_that_was_killed_counts_once_though_its_mentor_is_erased_meanwhile() {
    let mut killed = 0;
    for call in (2..).step_by(3) {
        let run = Run::start().await;
        let verv = &run.verv;
        let late = code_once(verv, KARI, ORG, "late").await.string("/code");
        let click = verv.click(&late).await;
        verv.confirm(&click, &late, "late-member").await.expect(200);
        verv.clock.advance(TimeDelta::minutes(1));
        let client = run.gate.client(&verv.engine.endpoint());
        let gated = UnscopedStore::new(client, verv.store.table_name()).aggregator();
        run.gate.arm(Stop::Before(call));
        let is_killed = tokio::select! {
            biased;
            () = run.gate.stopped() => true,
            folded = gated.run(verv.now(), &EVERY_RUN, || false) => folded.is_err(),
        };
        run.gate.arm(Stop::Never);
        // What can be erased now is; the rest waits for the round.
        let mentor = KARI.parse().expect("an id");
        let org = Some(ORG.parse().expect("an id"));
        let begun = run.store.erase_mentor(&mentor, org, verv.now(), || false);
        begun.await.expect("the engine answers");
        for _ in 0..4 {
            verv.aggregate().await;
            verv.clock.advance(TimeDelta::minutes(10));
        }
        assert_nowhere(verv, &[KARI.as_bytes()]).await;
        assert_counts_equal_a_recount(verv).await;
        killed += u32::from(is_killed);
        if !is_killed {
            break;
        }
    }
    assert!(killed > 5, "{killed}");
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

/// Staff make a code active again while the erasure has read it as inactive, at any of its calls:
/// the code ends all the same, and no pair keeps the mentor's name.
#[tokio::test]
async fn a_code_that_is_made_active_again_meanwhile_ends_with_its_mentor() {
    let (mut activated, mut call) = (0, 0);
    loop {
        let run = Run::start().await;
        let verv = &run.verv;
        let id = code_once(verv, KARI, ORG, "again").await.string("/id");
        let inactive = json!({"status": "inactive"});
        let record = format!("{RECORDS}/{id}");
        verv.put(&record, inactive).await.expect(200);
        run.gate.arm(Stop::After(call));
        let meanwhile = async {
            run.gate.stopped().await;
            let active = json!({"status": "active"});
            let changed = verv.patch(&format!("{CODES}/{id}"), active).await;
            run.gate.release();
            changed.status == 200
        };
        let (mentor, org) = (KARI.parse().expect("an id"), ORG.parse().ok());
        let erasure = run.store.erase_mentor(&mentor, org, verv.now(), || false);
        tokio::pin!(erasure, meanwhile);
        let is_over = tokio::select! {
            biased;
            is_active = &mut meanwhile => {
                activated += u32::from(is_active);
                erasure.await.expect("the engine answers");
                false
            }
            erased = &mut erasure => erased.map(|_| true).expect("the engine answers"),
        };
        run.gate.arm(Stop::Never);
        let later = verv.now() + TimeDelta::hours(5);
        drive(&run.store, Person::Mentor, later).await;
        run.left(Person::Mentor).await;
        if is_over {
            break;
        }
        call += 1;
    }
    assert!(activated >= 2, "{activated} of {call}");
}
