//! The commands themselves, killed with SIGKILL again and again, with a thousand records and more.

use chrono::TimeDelta;
use domain::attribution::Conversion;
use domain::code_record::CodeTerms;
use domain::{Attribution, CodeRecord, MentorId};
use local::engine::Engine;
use reqwest::Client;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use store::{UnscopedStore, items};
use tests::seed;
use tokio::net::TcpListener;

const ORG: &str = "org_moving";
const MENTORS: usize = 4;
const CLICKS: usize = 400;

/// `org` with its mentors, codes and clicks, kept in `data`.
async fn fill(data: &Path) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let engine = Engine::in_directory(data, listener).expect("an engine");
    let client = local::engine::client(&engine.endpoint());
    let store = UnscopedStore::new(client.clone(), "verv");
    store.create_table_if_absent().await.expect("a table");
    let org: domain::OrgId = ORG.parse().expect("an id");
    let last = domain::Clock::system().now() - TimeDelta::hours(2);
    for number in 0..MENTORS {
        let mentor: MentorId = format!("usr_{number}").parse().expect("an id");
        let code: domain::Code = format!("MOVING-{number}").parse().expect("a code");
        let made = last - TimeDelta::days(200);
        let terms = CodeTerms::default();
        let record = CodeRecord::new(mentor.clone(), org.clone(), code.clone(), terms, made);
        let code_items = items::of_code(&record).expect("items");
        seed::write(&client, "verv", code_items.into_iter()).await;
        let clicks = seed::clicks(&mentor, &org, &code, CLICKS, last, TimeDelta::minutes(97));
        seed::write(&client, "verv", clicks).await;
        // Some recruit: a typed recruitment is one fact.
        let typed = (0..=number).map(|at| {
            let confirmed = last - TimeDelta::days(i64::try_from(at).expect("a few"));
            items::of_attribution(&Attribution {
                source: domain::Source::Typed,
                conversion: Some(Conversion {
                    member: format!("new_{number}_{at}").parse().expect("an id"),
                    confirmed_at: confirmed.into(),
                }),
                ..seed::click(&mentor, &org, &code, confirmed)
            })
            .expect("an item")
        });
        seed::write(&client, "verv", typed).await;
    }
    engine.stop().await;
}

fn command(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local-under-test"));
    command
        .args(arguments)
        .arg("--data")
        .arg(data)
        .env_remove("AWS_ENDPOINT_URL_DYNAMODB")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs the command again and again, killed after a time that doubles until it is done. How often
/// it was killed, and what it said at the end.
fn insist(data: &Path, arguments: &[&str], step: Duration) -> (usize, Output) {
    for kills in 0.. {
        let mut child = command(data, arguments).spawn().expect("it starts");
        let patience = step * (1 << kills);
        let begun = std::time::Instant::now();
        while begun.elapsed() < patience {
            if child.try_wait().expect("it runs").is_some() {
                return (kills, child.wait_with_output().expect("its output"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        child.kill().expect("it is killed");
        child.wait().expect("it is gone");
    }
    unreachable!("the numbers do not end")
}

/// A running platform. It is killed when it is dropped.
struct Served {
    child: Child,
    api: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(data: &Path) -> Served {
    let arguments = ["--port", "0", "--dynamodb-port", "0"];
    let mut child = command(data, &arguments)
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut lines = lines.map(|line| line.expect("text"));
    let line = lines.find(|line| line.trim_start().starts_with("API"));
    let api = line
        .expect("where it is")
        .split_whitespace()
        .last()
        .expect("a URL")
        .to_owned();
    std::thread::spawn(move || lines.for_each(drop));
    Served { child, api }
}

/// What the platform on `data` says of the organisation once everything is folded.
async fn numbers(data: &Path) -> Vec<Value> {
    let served = serve(data);
    let attributions = "/api/v1/referral-attributions";
    let mut paths = vec![
        format!("{attributions}/total?org_id={ORG}"),
        format!("{attributions}/timeseries?org_id={ORG}&period=90d"),
        format!("{attributions}/leaderboard?org_id={ORG}"),
        format!("{attributions}?org_id={ORG}&limit=100"),
        format!("/api/v1/referral-codes?org_id={ORG}"),
    ];
    paths.extend((0..MENTORS).map(|n| format!("{attributions}/mentor/usr_{n}/total")));
    let client = Client::new();
    let get = async |path: &str| -> Value {
        let answer = client.get(format!("{}{path}", served.api)).send().await;
        answer.expect("an answer").json().await.expect("JSON")
    };
    // The aggregation begins with the platform.
    for _ in 0..600 {
        let ranked = get(&paths[2]).await;
        if ranked["data"]
            .as_array()
            .is_some_and(|data| data.len() == MENTORS)
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut numbers = Vec::new();
    for path in &paths {
        let mut answer = get(path).await;
        answer.as_object_mut().expect("an object").remove("as_of");
        numbers.push(answer);
    }
    assert_eq!(numbers[0]["total_clicks"], MENTORS * CLICKS);
    assert_eq!(numbers[0]["total_conversions"], 10);
    assert_eq!(numbers[2]["data"].as_array().map(Vec::len), Some(MENTORS));
    numbers
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_moves_although_every_command_is_killed_again_and_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let [from, to] = ["from", "to"].map(|name| directory.path().join(name));
    fill(&from).await;
    let path = from.to_str().expect("text");
    let export = ["export", "--org", ORG, "--to", path];
    let (kills, output) = insist(&from, &export, Duration::from_millis(40));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && said.contains("1610 attributions"),
        "{said}"
    );
    assert!(kills >= 2, "{kills}");
    let file = from.join(format!("{ORG}.jsonl"));
    let lines = fs::read_to_string(&file).expect("the file");
    assert_eq!(lines.lines().count(), MENTORS * (CLICKS + 1) + 10 + 2);

    let import = ["import", "--from", file.to_str().expect("text")];
    let (kills, output) = insist(&to, &import, Duration::from_millis(200));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && said.contains(" 0 refused"),
        "{said}"
    );
    assert!(kills >= 2, "{kills}");
    assert_eq!(numbers(&to).await, numbers(&from).await);
}
