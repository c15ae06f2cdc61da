//! What measurements run on: an embedded engine with a thread of its own, a platform over it,
//! and clicks that fill its table.

use ::tests::{Verv, seed};
use chrono::{DateTime, Utc};
use domain::{Attribution, Code, MentorId, OrgId};
use local::engine::Engine;
use std::sync::Arc;
use store::items;
use store::keys::Item;
use tokio::runtime::{Builder, Runtime};

/// The table of every measurement.
pub(crate) const TABLE: &str = "verv";

/// A virtual CPU is a Lambda function with this much memory; it gets less of one with less.
const MEMORY_OF_A_CPU: f64 = 1769.0;

/// Measures on this thread, beside an empty engine on another: its time and ours can be told
/// apart.
pub(crate) fn on_engine<T>(measure: impl AsyncFnOnce(Arc<Engine>) -> T) -> T {
    let engines = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let engine = engines.block_on(Engine::in_memory());
    own_runtime().block_on(measure(Arc::new(engine.expect("the engine starts"))))
}

/// One thread, as a function on Lambda has.
pub(crate) fn own_runtime() -> Runtime {
    let built = Builder::new_current_thread().enable_all().build();
    built.expect("a runtime")
}

/// A platform without the tests' watchers over `engine`, reached through `client`.
pub(crate) async fn platform(engine: &Arc<Engine>, client: aws_sdk_dynamodb::Client) -> Verv {
    Verv::unwatched(Arc::clone(engine), client, TABLE, &[]).await
}

/// Writes `items` past the platform and everything in front of the engine.
pub(crate) async fn fill(engine: &Engine, items: impl Iterator<Item = Item>) {
    let client = local::engine::client(&engine.endpoint());
    seed::write(&client, TABLE, items).await;
}

/// A mentor with one code.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    pub(crate) mentor: MentorId,
    pub(crate) org: OrgId,
    pub(crate) code: Code,
}

impl Owner {
    /// The mentor of this number, in one of so many organisations.
    pub(crate) fn new(number: usize, orgs: usize) -> Self {
        let valid = "a valid id";
        Self {
            mentor: format!("usr_{number:05}").parse().expect(valid),
            org: format!("org_{:03}", number % orgs).parse().expect(valid),
            code: format!("JAN-VERV-{number:05}").parse().expect(valid),
        }
    }

    /// The first `mentors`, spread over so many organisations.
    pub(crate) fn first(mentors: usize, orgs: usize) -> Vec<Self> {
        (0..mentors).map(|number| Self::new(number, orgs)).collect()
    }

    /// A click of common length.
    pub(crate) fn click(&self, at: DateTime<Utc>) -> Attribution {
        seed::click(&self.mentor, &self.org, &self.code, at)
    }
}

/// The item of a click.
pub(crate) fn item(click: &Attribution) -> Item {
    items::of_attribution(click).expect("an item")
}

/// A random sequence that is the same in every run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new() -> Self {
        Self(0x5eed)
    }

    pub(crate) fn below(&mut self, sides: usize) -> usize {
        let step = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = step.wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 33) * sides as u64) >> 31) as usize
    }
}

/// Seconds that this thread has run on a processor, as Linux counts them.
pub(crate) fn own_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|n| n.parse::<f64>().ok());
    nanoseconds.unwrap_or(0.0) / 1e9
}

/// Seconds that all threads of this process have run on processors.
pub(crate) fn all_seconds() -> f64 {
    let threads = std::fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten();
    let text = |thread: std::fs::DirEntry| std::fs::read_to_string(thread.path().join("schedstat"));
    let texts = threads.filter_map(|thread| text(thread).ok());
    let nanoseconds = texts.filter_map(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.sum::<f64>() / 1e9
}

/// What `seconds`, of which this thread was running for `own_seconds`, are on Lambda with so
/// much memory.
pub(crate) fn on_lambda(seconds: f64, own_seconds: f64, memory_mb: f64) -> f64 {
    seconds + own_seconds * (MEMORY_OF_A_CPU / memory_mb - 1.0)
}

/// The middle one of some figures.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_fall_evenly() {
        let mut dice = Dice::new();
        let mut fallen = [0; 10];
        for _ in 0..10_000 {
            fallen[dice.below(10)] += 1;
        }
        assert!(
            fallen.iter().all(|count| (850..1150).contains(count)),
            "{fallen:?}"
        );
    }
}
