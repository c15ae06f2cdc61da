//! Random histories of every operation against a plain model of the design: each answer is
//! the model's, and so is everything that lists, totals and lookups show in between.
//!
//! `PROPTEST_CASES` sets how many histories are played.

mod attributions;
mod changes;
mod codes;
mod lists;
mod model;
mod operation;
mod play;
mod recruitments;

use operation::{Operation, history};
use play::Play;
use proptest::test_runner::{Config, TestError, TestRunner};

/// Histories played unless `PROPTEST_CASES` says otherwise.
const CASES: u32 = 48;

#[test]
fn every_answer_is_the_models() {
    let mut config = Config {
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let played = TestRunner::new(config).run(&history(), |operations| {
        runtime.block_on(play(&operations));
        Ok(())
    });
    if let Err(TestError::Fail(reason, shortest)) = played {
        for (number, operation) in shortest.iter().enumerate() {
            eprintln!("{number}: {operation:?}");
        }
        panic!("{reason}");
    }
    played.expect("histories can be made");
}

async fn play(operations: &[Operation]) {
    let mut play = Play::start().await;
    for operation in operations {
        play.perform(operation).await;
    }
    play.inspect_everything().await;
}
