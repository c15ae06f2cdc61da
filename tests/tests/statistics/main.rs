//! The invariant of statistics: after any history of clicks, confirmations, deletions and
//! aggregator runs, killed, repeated and overlapping ones included, every total, period,
//! series, ranking and list total equals a recount of the records that exist.
//!
//! `HISTORIES` sets how many histories are tried.

mod check;
mod play;

use local::engine::Engine;
use play::{Operation, World};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use std::sync::Arc;
use tests::gate::Stop;

/// A call of the aggregator to stop at, and on which side of it.
fn stop() -> impl Strategy<Value = Stop> {
    (0usize..60, any::<bool>()).prop_map(|(call, before)| {
        if before {
            Stop::Before(call)
        } else {
            Stop::After(call)
        }
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    let skew = -5_000i64..5_000;
    prop_oneof![
        2 => (0usize..3, 0usize..2).prop_map(|(mentor, org)| Operation::IssueCode { mentor, org }),
        1 => (0usize..1_000).prop_map(Operation::RotateCode),
        1 => (0usize..1_000).prop_map(Operation::DeleteCode),
        10 => (0usize..1_000, skew.clone(), prop_oneof![3 => Just(0i64), 1 => 0i64..100])
            .prop_map(|(code, skew, days_ago)| Operation::Click { code, skew, days_ago }),
        4 => (0usize..1_000, 0usize..8, skew.clone())
            .prop_map(|(click, member, skew)| Operation::Confirm { click, member, skew }),
        3 => (0usize..1_000, skew.clone())
            .prop_map(|(click, skew)| Operation::DeleteClick { click, skew }),
        5 => (0i64..90_000).prop_map(Operation::Wait),
        1 => (1i64..40).prop_map(|days| Operation::Wait(days * 86_400_000)),
        3 => skew.clone().prop_map(Operation::Aggregate),
        3 => (stop(), skew.clone()).prop_map(|(stop, skew)| Operation::KillAggregation { stop, skew }),
        2 => (stop(), skew).prop_map(|(stop, skew)| Operation::OverlapAggregations { stop, skew }),
        1 => Just(Operation::Check),
    ]
}

fn histories() -> u32 {
    let asked = std::env::var("HISTORIES")
        .ok()
        .and_then(|number| number.parse().ok());
    asked.unwrap_or(100)
}

/// Tries random histories on one engine, each in a table of its own.
fn try_histories(cases: u32, thread: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let engine = Arc::new(
        runtime
            .block_on(Engine::in_memory())
            .expect("the engine starts"),
    );
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let number = std::cell::Cell::new(0);
    let strategy = (prop::collection::vec(operation(), 5..40), any::<u64>());
    runner
        .run(&strategy, |(operations, seed)| {
            number.set(number.get() + 1);
            let table = format!("history-{thread}-{}", number.get());
            runtime.block_on(async {
                let mut world = World::new(engine.clone(), &table, seed).await;
                for operation in &operations {
                    world.play(operation).await.map_err(TestCaseError::fail)?;
                }
                world
                    .play(&Operation::Check)
                    .await
                    .map_err(TestCaseError::fail)?;
                world
                    .play(&Operation::Wait(70_000))
                    .await
                    .map_err(TestCaseError::fail)?;
                world
                    .play(&Operation::Aggregate(0))
                    .await
                    .map_err(TestCaseError::fail)?;
                // All of them at the end of one history in four: the time is better spent on
                // more histories, with a few after every run.
                if seed.is_multiple_of(4) {
                    world
                        .check_everything()
                        .await
                        .map_err(TestCaseError::fail)?;
                }
                world.drop_table().await;
                Ok(())
            })
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn statistics_equal_a_recount_after_any_history() {
    let cases = histories();
    std::thread::scope(|scope| {
        for thread in 0..2 {
            scope.spawn(move || try_histories(cases.div_ceil(2), thread));
        }
    });
}

#[tokio::test]
async fn a_run_killed_at_any_call_and_repeated_counts_everything_once() {
    let engine = Arc::new(Engine::in_memory().await.expect("the engine starts"));
    let mut calls = 1;
    let mut call = 0;
    while call < calls {
        for stop in [Stop::Before(call), Stop::After(call)] {
            let table = format!("killed-{call}-{}", matches!(stop, Stop::Before(_)));
            let mut world = World::new(engine.clone(), &table, 7).await;
            world.fill().await;
            world
                .play(&Operation::KillAggregation { stop, skew: 0 })
                .await
                .expect("statistics are exact");
            calls = calls.max(world.calls_of_a_run());
            world
                .play(&Operation::Check)
                .await
                .expect("statistics are exact");
            world
                .play(&Operation::Aggregate(0))
                .await
                .expect("statistics are exact");
            world
                .check_everything()
                .await
                .expect("statistics are exact");
            world.drop_table().await;
        }
        call += 1;
    }
    assert!(
        call > 35,
        "a run makes at least two calls a lane, and was stopped at {call}"
    );
}
