//! One request in a process of its own: what it costs, and by how much it makes the process
//! grow.

use crate::bed::{TABLE, own_runtime};
use ::tests::Verv;
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use local::engine::{self, Engine};
use std::fs;
use std::process::Command;
use std::sync::Arc;

/// What the process is asked.
#[derive(Debug, Clone, Args)]
pub(crate) struct Question {
    #[arg(long)]
    endpoint: String,
    #[arg(long)]
    now: DateTime<Utc>,
    path: String,
}

/// What a request came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) trips: f64,
    pub(crate) read_units: f64,
    /// By how much the process grew at most, in MB.
    pub(crate) megabytes: f64,
}

/// Asks another process for `path` of the table at `endpoint`.
pub(crate) fn ask(endpoint: &str, now: DateTime<Utc>, path: &str) -> Answer {
    let now = now.to_rfc3339();
    let text = again(&["ask", "--endpoint", endpoint, "--now", &now, path], &[]);
    let figures: Vec<f64> = text
        .split_whitespace()
        .filter_map(|it| it.parse().ok())
        .collect();
    let [trips, read_units, megabytes] = figures[..] else {
        panic!("{path}: {text}");
    };
    Answer {
        trips,
        read_units,
        megabytes,
    }
}

/// Runs this program again, and gives what it prints.
pub(crate) fn again(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let own = std::env::current_exe().expect("this program's path");
    let output = Command::new(own)
        .args(arguments)
        .envs(variables.iter().copied())
        .output()
        .expect("this program runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {text}{errors}");
    text
}

/// Makes the request, and prints what it came to.
pub(crate) fn answer(question: &Question) {
    own_runtime().block_on(async {
        // Beside the platform, which wants one, this process needs no engine.
        let engine = Arc::new(Engine::in_memory().await.expect("the engine starts"));
        let client = engine::client(&question.endpoint);
        let verv = Verv::unwatched(engine, client, TABLE, &[]).await;
        verv.clock.set(question.now);
        // Connections are open, and what a first request sets up is there.
        verv.get("/api/v1/referral-attributions/mentor/nobody/total")
            .await
            .expect(200);
        verv.get("/api/v1/referral-codes?mentor_id=nobody")
            .await
            .expect(200);
        verv.clock.advance(TimeDelta::seconds(3));
        let before = resident("VmRSS");
        fs::write("/proc/self/clear_refs", "5").expect("Linux forgets the peak");
        let reply = verv.get(&question.path).await.expect(200);
        let grown = resident("VmHWM") - before;
        println!("{} {} {grown}", reply.usage.trips, reply.usage.read_units);
    });
}

/// A figure of this process's memory, in MB.
fn resident(name: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux says what is used");
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kilobytes.expect("a number of kB") / 1024.0
}
