//! The command as it starts: what it refuses it names, and what it says to try works.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local-under-test"));
    command
        .args(["--in-memory", "--port", "0", "--dynamodb-port", "0"])
        .env_remove("AWS_ENDPOINT_URL_DYNAMODB")
        .env_remove("RUST_LOG")
        .stdin(Stdio::null());
    command
}

#[test]
fn a_variable_at_fault_is_named_before_anything_is_served() {
    for (variable, value, also) in [
        ("TABLE_NAME", "my table", ""),
        ("RUST_LOG", "loud", "debug"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "localhost:8000", "http"),
        // Nothing listens there.
        (
            "AWS_ENDPOINT_URL_DYNAMODB",
            "http://127.0.0.1:9",
            "TABLE_NAME",
        ),
        ("CORS_ORIGINS", "app.org.no", "https"),
        ("MISS_LIMIT", "many", ""),
    ] {
        let ended = command().env(variable, value).output();
        let ended = ended.expect("the command starts");
        let said = String::from_utf8(ended.stderr).expect("text");
        assert_eq!(ended.status.code(), Some(1), "{variable}={value}: {said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
        assert!(said.starts_with("local: "), "{said}");
        assert!(said.contains(variable) && said.contains(also), "{said}");
        assert!(ended.stdout.is_empty(), "{variable}={value}");
    }
}

/// A running command. It is killed when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the command, and the calls that it says to try.
fn calls(command: &mut Command) -> (Running, Vec<String>) {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut running = Running(child.expect("the command starts"));
    let lines = BufReader::new(running.0.stdout.take().expect("its output")).lines();
    let lines: Vec<_> = lines
        .map_while(Result::ok)
        .take_while(|line| !line.starts_with("Ctrl-C"))
        .collect();
    let all = lines.join("\n").replace("\\\n", "");
    let calls = all.lines().map(str::trim);
    let calls = calls.filter(|line| line.starts_with("curl "));
    (running, calls.map(ToOwned::to_owned).collect())
}

/// What a call prints.
fn run(call: &str) -> String {
    let ran = Command::new("sh").args(["-c", call]).output();
    let ran = ran.expect("a shell with curl");
    assert!(ran.status.success(), "{call}: {ran:?}");
    String::from_utf8(ran.stdout).expect("text")
}

#[test]
fn what_it_says_to_try_works() {
    let (_running, calls) = calls(&mut command());
    assert_eq!(calls.len(), 3, "{calls:?}");
    for (call, expected) in calls
        .iter()
        .zip(["JAN-VERV-", "\"total\":1", "\"total_clicks\":0"])
    {
        let answer = run(call);
        assert!(answer.contains(expected), "{call}: {answer}");
    }
}

#[test]
fn what_the_demonstration_says_to_try_shows_its_own_data() {
    let (_running, calls) = calls(command().arg("--demo"));
    let expected = [
        "\"total\":8",
        "\"total_conversions\":",
        "\"mentor_id\":\"usr_jan\"",
        "date,clicks,conversions\r\n",
        "\"mentor_id\":\"usr_",
        ",usr_jan,conversion,confirmed,",
        "\"status\":\"confirmed\"",
        "location: https://app.org.no/join?ref=JAN-VERV-",
    ];
    assert_eq!(calls.len(), expected.len(), "{calls:?}");
    for (call, expected) in calls.iter().zip(expected) {
        let answer = run(call);
        // Rankings are as of the last aggregation, which begins with the process.
        let is_early = call.contains("leaderboard") && answer.contains("\"data\":[]");
        assert!(answer.contains(expected) || is_early, "{call}: {answer}");
    }
}
