//! The invariant of statistics: after any history of clicks, confirmations, deletions and
//! aggregator runs, killed, repeated and overlapping ones included, every total, period,
//! series, ranking and list total equals a recount of the records that exist.
//!
//! `HISTORIES` sets how many histories are tried; half of them with conflicts, throttles, lost
//! answers and stale indexes.

mod bed;
mod check;
mod operation;
mod play;
mod scheduled;
mod whose;

use bed::Bed;
use local::engine::Engine;
use operation::{Operation, operation};
use play::World;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use std::sync::Arc;
use tests::gate::Stop;

fn histories() -> u32 {
    let asked = std::env::var("HISTORIES")
        .ok()
        .and_then(|number| number.parse().ok());
    asked.unwrap_or(100)
}

/// Tries random histories on one engine, each in a table of its own.
fn try_histories(cases: u32, bed: impl Fn(&Arc<Engine>, u64) -> Bed, name: &str) {
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
            let table = format!("{name}-{}", number.get());
            let played = play(bed(&engine, seed), &table, seed, &operations);
            runtime.block_on(played).map_err(TestCaseError::fail)
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

/// Plays a history, and lets it come to rest.
async fn play(bed: Bed, table: &str, seed: u64, operations: &[Operation]) -> Result<(), String> {
    let mut world = World::on(bed, table, seed).await;
    for operation in operations {
        world.play(operation).await?;
    }
    world.play(&Operation::Check).await?;
    world.come_to_rest().await?;
    // All of them at the end of one history in four: the time is better spent on more
    // histories, with a few after every run.
    if seed.is_multiple_of(4) {
        world.check_everything().await?;
    }
    world.drop_table().await;
    Ok(())
}

#[test]
fn statistics_equal_a_recount_after_any_history() {
    try_histories(
        histories().div_ceil(2),
        |engine, _| Bed::plain(Arc::clone(engine)),
        "plain",
    );
}

/// How many histories with trouble are played side by side: most of their time is spent waiting
/// to try again.
const AT_ONCE: u32 = 4;

#[test]
fn statistics_equal_a_recount_after_any_history_with_trouble() {
    let troubled = |engine: &Arc<Engine>, seed| Bed::troubled(Arc::clone(engine), seed);
    let cases = histories().div_ceil(2).div_ceil(AT_ONCE);
    std::thread::scope(|scope| {
        for part in 0..AT_ONCE {
            scope.spawn(move || try_histories(cases, troubled, &format!("troubled-{part}")));
        }
    });
}

/// Kills a run at a call, and lets the history come to rest. Says whether the run made that
/// call.
async fn kill_a_run(engine: &Arc<Engine>, stop: Stop, table: &str) -> Result<bool, String> {
    let mut world = World::on(Bed::plain(Arc::clone(engine)), table, 7).await;
    world.fill().await;
    let killed = Operation::KillAggregation { stop, skew: 0 };
    world.play(&killed).await?;
    let is_killed = world.is_killed();
    world.play(&Operation::Check).await?;
    world.come_to_rest().await?;
    world.check_everything().await?;
    world.drop_table().await;
    Ok(is_killed)
}

#[tokio::test]
async fn a_run_killed_at_any_call_and_repeated_counts_everything_once() {
    let engine = Arc::new(Engine::in_memory().await.expect("the engine starts"));
    let mut call = 0;
    loop {
        let mut is_killed = false;
        for stop in [Stop::Before(call), Stop::After(call)] {
            let table = format!("killed-{call}-{}", matches!(stop, Stop::Before(_)));
            let killed = kill_a_run(&engine, stop, &table).await;
            is_killed = killed.expect("statistics are exact");
        }
        if !is_killed {
            break;
        }
        call += 1;
    }
    assert!(
        call > 35,
        "a run reads every shard of both logs, and was stopped at {call}"
    );
}
