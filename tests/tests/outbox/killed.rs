//! An event exists if and only if its change does: with the process killed before and after
//! every call of DynamoDB, and when DynamoDB conflicts, throttles or loses its answers.

use crate::bed::{ORG, Request, changes, polled, table, types};
use serde_json::Value;
use tests::Verv;
use tests::faults::{Fault, Faults};
use tests::gate::{Gate, Stop};

/// What the request left: as many events as its change has where there is a change, else none.
async fn assert_told_as_done(verv: &Verv, before: &(Told, State), expected: &[&str], what: &str) {
    let after = table(verv).await;
    let is_changed = after.1 != before.1;
    let told = after.0.len() - before.0.len();
    assert_eq!(told, usize::from(is_changed), "{what}: {expected:?}");
}

type Told = std::collections::BTreeSet<String>;
type State = std::collections::BTreeSet<String>;

/// Sends the request, killed at `stop`; whether it was.
async fn killed(verv: &Verv, gate: &Gate, request: &Request, stop: Stop) -> bool {
    gate.arm(stop);
    let is_killed = tokio::select! {
        biased;
        () = gate.stopped(), if stop != Stop::Never => true,
        _ = request.send(verv) => false,
    };
    gate.arm(Stop::Never);
    is_killed
}

/// Each change on a platform of its own: sent, and killed at every call, until it is done and
/// told.
#[tokio::test]
async fn a_killed_request_has_told_what_it_has_done() {
    let (mut stops, mut number) = (0, 0);
    loop {
        let gate = Gate::new();
        let verv = Verv::with_client(&[], |endpoint| gate.client(endpoint)).await;
        let all = changes(&verv).await;
        let Some((request, expected)) = all.get(number) else {
            break;
        };
        let begun = table(&verv).await;
        for call in 0.. {
            let mut is_killed = false;
            for stop in [Stop::Before(call), Stop::After(call)] {
                let before = table(&verv).await;
                is_killed |= killed(&verv, &gate, request, stop).await;
                let what = format!("{request:?} {stop:?}");
                assert_told_as_done(&verv, &before, expected, &what).await;
            }
            if !is_killed {
                break;
            }
            stops += 1;
        }
        let told = table(&verv).await.0.len() - begun.0.len();
        // What every repetition makes anew is made, and told, every time.
        assert!(told >= 1, "{request:?}");
        number += 1;
    }
    assert!(number > 15 && stops > 2 * number - 5, "{stops} of {number}");
}

#[tokio::test]
async fn a_request_that_meets_faults_tells_what_it_does() {
    for fault in [
        Fault::Conflict,
        Fault::LostAnswer,
        Fault::LateAnswer,
        Fault::Throttled,
    ] {
        for lasts in [1, 2, usize::MAX] {
            let faults = Faults::none();
            let verv = Verv::through(&faults).await;
            let mut done: Vec<&str> = Vec::new();
            let all = changes(&verv).await;
            let prepared = polled(&verv, ORG, 100).await.len();
            for (request, expected) in &all {
                let before = table(&verv).await;
                faults.set(move |operation, number| {
                    (operation == "TransactWriteItems" && number <= lasts).then_some(fault)
                });
                request.send(&verv).await;
                faults.clear();
                let what = format!("{request:?} {fault:?} {lasts}");
                assert_told_as_done(&verv, &before, expected, &what).await;
                let after = table(&verv).await;
                if after.1 != before.1 {
                    done.extend(expected);
                }
                verv.clock.advance(chrono::TimeDelta::milliseconds(5));
            }
            let events: Vec<Value> = polled(&verv, ORG, 100).await;
            assert_eq!(types(&events)[prepared..], done, "{fault:?} {lasts}");
            let is_for_good =
                lasts == usize::MAX && matches!(fault, Fault::Conflict | Fault::Throttled);
            assert_eq!(done.is_empty(), is_for_good, "{fault:?} {lasts}");
        }
    }
}
