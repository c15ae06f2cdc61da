//! The command itself, as a process: killed in the middle of writes it loses nothing that
//! it acknowledged, asked to stop it stops, and a port in use is told apart from a fault.

use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tests::{logs, outbox::Told};

const RECORDS: &str = "/api/v1/referral-code-records";
const ATTRIBUTIONS: &str = "/api/v1/referral-attributions";

/// How often the process is killed on the same data.
const ROUNDS: usize = 4;
/// Tasks that write side by side.
const WRITERS: usize = 6;
/// Codes acknowledged before a kill, each with a click and a confirmation.
const BEFORE_A_KILL: usize = 40;

/// A running command. It is killed when it is dropped.
struct Process {
    child: Child,
    api: String,
    dynamodb: String,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(data: &Path, port: &str, dynamodb_port: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local-under-test"));
    command
        .args(["--port", port, "--dynamodb-port", dynamodb_port, "--data"])
        .arg(data)
        .env_remove("AWS_ENDPOINT_URL_DYNAMODB")
        .env("RUST_LOG", "trace")
        .stdin(Stdio::null());
    command
}

impl Process {
    /// Starts the command on `data`, and reads where it answers from what it prints.
    fn start(data: &Path) -> Self {
        let mut child = command(data, "0", "0")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let log = BufReader::new(child.stderr.take().expect("its log")).lines();
        std::thread::spawn(move || {
            log.map_while(Result::ok)
                .for_each(|line| logs::search(&line))
        });
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut lines = lines.map(|line| line.expect("text"));
        let mut address_of = |name: &str| {
            let line = lines.find(|line| line.trim_start().starts_with(name));
            let line = line.unwrap_or_else(|| panic!("it says where the {name} is"));
            let url = line.split_whitespace().find(|word| word.contains("://"));
            url.expect("a URL").to_owned()
        };
        let (api, dynamodb) = (address_of("API"), address_of("DynamoDB"));
        // Whatever it prints later must find a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            api,
            dynamodb,
        }
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    fn kill(mut self) {
        self.child.kill().expect("it runs still");
        let status = self.child.wait().expect("it has ended");
        assert!(!status.success());
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([format!("-{name}"), self.child.id().to_string()])
            .status();
        assert!(sent.expect("kill runs").success());
    }

    fn wait(mut self) -> ExitStatus {
        self.child.wait().expect("it ends")
    }
}

fn port_of(url: &str) -> &str {
    url.rsplit(':').next().expect("a port")
}

/// An API under load or under inspection.
#[derive(Clone)]
struct Api {
    client: Client,
    base: String,
}

impl Api {
    fn of(process: &Process) -> Self {
        Self {
            client: Client::builder()
                .timeout(Duration::from_secs(60))
                .build()
                .expect("a client"),
            base: process.api.clone(),
        }
    }

    /// `None` when the connection broke: nobody knows then what happened.
    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Option<(u16, Value)> {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(body) = body {
            logs::plant_all(&body);
            request = request.json(&body);
        }
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.ok()?))
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.send(Method::GET, path, None).await.expect("an answer");
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// All records of a list, by its cursors.
    async fn all(&self, list: &str) -> Vec<Value> {
        let mut records = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{list}?limit=100{cursor}")).await;
            records.extend(page["data"].as_array().expect("a list").clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => {
                    assert_eq!(page["pagination"]["total"], records.len(), "{list}");
                    return records;
                }
            }
        }
    }
}

/// What a caller was told has happened.
#[derive(Default)]
struct Acknowledged {
    codes: Vec<Value>,
    clicks: Vec<Value>,
    confirmations: Vec<Value>,
}

/// Writes until the process is gone.
async fn write(api: Api, writer: String, acknowledged: Arc<Mutex<Acknowledged>>) -> Option<()> {
    let note = |add: &dyn Fn(&mut Acknowledged)| add(&mut acknowledged.lock().expect("a lock"));
    for number in 0.. {
        let name = format!("{writer}-{number}");
        let body = json!({"mentor_id": name, "org_id": "org_1", "code": name});
        let (status, code) = api.send(Method::POST, RECORDS, Some(body)).await?;
        assert_eq!(status, 201, "{code}");
        note(&|all| all.codes.push(code.clone()));
        let body = json!({"code": name});
        let (status, click) = api.send(Method::POST, ATTRIBUTIONS, Some(body)).await?;
        assert_eq!(status, 201, "{click}");
        note(&|all| all.clicks.push(click.clone()));
        let path = format!("{ATTRIBUTIONS}/{}", click["id"].as_str()?);
        let body = json!({"code": name, "new_member_id": format!("new-{name}")});
        let (status, confirmed) = api.send(Method::PUT, &path, Some(body)).await?;
        assert_eq!(status, 200, "{confirmed}");
        note(&|all| all.confirmations.push(confirmed.clone()));
    }
    Some(())
}

/// Everything that was acknowledged is there, and everything that is there is whole.
async fn inspect(api: &Api, acknowledged: &Acknowledged) {
    for code in &acknowledged.codes {
        let text = |field: &str| code[field].as_str().expect("a string");
        assert_eq!(api.get(&format!("{RECORDS}/{}", text("id"))).await, *code);
    }
    for click in &acknowledged.clicks {
        let id = click["id"].as_str().expect("an id");
        let stored = api.get(&format!("{ATTRIBUTIONS}/{id}")).await;
        for field in ["id", "code", "mentor_id", "occurred_at", "created_at"] {
            assert_eq!(stored[field], click[field]);
        }
    }
    for confirmed in &acknowledged.confirmations {
        let id = confirmed["id"].as_str().expect("an id");
        let stored = api.get(&format!("{ATTRIBUTIONS}/{id}")).await;
        for field in ["status", "type", "new_member_id"] {
            assert_eq!(stored[field], confirmed[field]);
        }
    }

    let codes = api.all(RECORDS).await;
    assert!(codes.len() >= acknowledged.codes.len());
    for code in &codes {
        let text = |field: &str| code[field].as_str().expect("a string");
        let by_code = format!("{RECORDS}/lookup?code={}", text("code"));
        assert_eq!(api.get(&by_code).await, *code);
        let pair = format!("mentor_id={}&org_id=org_1", text("mentor_id"));
        let by_pair = format!("{RECORDS}/active?{pair}");
        assert_eq!(api.get(&by_pair).await, *code);
    }

    let attributions = api.all(ATTRIBUTIONS).await;
    assert!(attributions.len() >= acknowledged.clicks.len());
    for attribution in &attributions {
        let mentor = attribution["mentor_id"].as_str().expect("a mentor");
        let of_mentor = attributions
            .iter()
            .filter(|other| other["mentor_id"] == mentor);
        let confirmed = of_mentor
            .clone()
            .filter(|other| other["status"] == "confirmed");
        let total = format!("{ATTRIBUTIONS}/mentor/{mentor}/total");
        let total = api.get(&total).await;
        assert_eq!(total["total_clicks"], of_mentor.count());
        assert_eq!(total["total_conversions"], confirmed.count());
    }
}

/// There is an event of every change that was made, acknowledged or not, and no other.
async fn inspect_events(api: &Api, dynamodb: &str) {
    let told = Told::read(dynamodb, "verv").await;
    let id = |record: &Value| record["id"].as_str().expect("an id").to_owned();
    assert_eq!(
        told.of("code.created"),
        api.all(RECORDS).await.iter().map(id).collect()
    );
    let mut attributions = api.all(ATTRIBUTIONS).await;
    attributions.retain(|attribution| attribution["status"] == "confirmed");
    let told = &told.of("attribution.confirmed") - &told.of("attribution.deleted");
    assert_eq!(told, attributions.iter().map(id).collect());
}

/// A confirmed member is held; one that is not is free. Each is asked through one more
/// click, which is then removed.
async fn inspect_guards(api: &Api) {
    let attributions = api.all(ATTRIBUTIONS).await;
    let any_code = attributions[0]["code"].clone();
    let body = json!({"code": any_code});
    let (_, click) = api
        .send(Method::POST, ATTRIBUTIONS, Some(body))
        .await
        .expect("an answer");
    let path = format!("{ATTRIBUTIONS}/{}", click["id"].as_str().expect("an id"));
    for attribution in &attributions {
        let held = attribution["new_member_id"].as_str();
        let member = held.map_or_else(
            || format!("new-{}", attribution["mentor_id"].as_str().expect("one")),
            str::to_owned,
        );
        let body = json!({"code": any_code, "new_member_id": member});
        if let Some(id) = held.and(attribution["id"].as_str()) {
            let sent = api.send(Method::PUT, &path, Some(body)).await;
            let (status, refusal) = sent.expect("an answer");
            assert_eq!(status, 409, "{refusal}");
            assert_eq!(refusal["code"], "member_already_attributed");
            assert!(refusal["detail"].as_str().expect("text").contains(id));
        } else {
            // Confirmed by nobody: its own attribution still takes it.
            let id = attribution["id"].as_str().expect("an id");
            let own = format!("{ATTRIBUTIONS}/{id}");
            let body = json!({"code": attribution["code"], "new_member_id": member});
            let sent = api.send(Method::PUT, &own, Some(body)).await;
            assert_eq!(sent.map(|(status, _)| status), Some(200));
        }
    }
    let removed = api.send(Method::DELETE, &path, None).await;
    assert_eq!(removed.map(|(status, _)| status), Some(200));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_loses_nothing_that_it_acknowledged() {
    let data = tempfile::tempdir().expect("a directory");
    let acknowledged = Arc::new(Mutex::new(Acknowledged::default()));
    for round in 0..ROUNDS {
        let process = Process::start(data.path());
        let api = Api::of(&process);
        let before = acknowledged.lock().expect("a lock").confirmations.len();
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let name = format!("R{round}-W{writer}");
                tokio::spawn(write(api.clone(), name, Arc::clone(&acknowledged)))
            })
            .collect();
        let enough = || {
            let now = acknowledged.lock().expect("a lock").confirmations.len();
            now >= before + BEFORE_A_KILL
        };
        while !enough() && writers.iter().all(|writer| !writer.is_finished()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        process.kill();
        for writer in writers {
            let stopped = writer.await.expect("no writer saw a wrong answer");
            assert!(stopped.is_none(), "it wrote until the kill");
        }

        let process = Process::start(data.path());
        let api = Api::of(&process);
        // The lock is not needed any more by anyone: the writers have ended.
        let seen = std::mem::take(&mut *acknowledged.lock().expect("a lock"));
        inspect(&api, &seen).await;
        inspect_events(&api, &process.dynamodb).await;
        inspect_guards(&api).await;
        *acknowledged.lock().expect("a lock") = seen;
        process.kill();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_asked_to_stop_stops_and_keeps_everything() {
    let data = tempfile::tempdir().expect("a directory");
    let body = json!({"mentor_id": "usr_1", "org_id": "org_1", "code": "KEPT"});
    let process = Process::start(data.path());
    let api = Api::of(&process);
    let made = api.send(Method::POST, RECORDS, Some(body)).await;
    let (status, made) = made.expect("an answer");
    assert_eq!(status, 201);
    process.kill();
    for signal in ["TERM", "INT"] {
        let process = Process::start(data.path());
        let api = Api::of(&process);
        let lookup = format!("{RECORDS}/lookup?code=kept");
        assert_eq!(api.get(&lookup).await, made);
        // Neither an idle connection nor one that never asked anything holds it up.
        let address = process.api.strip_prefix("http://").expect("an address");
        let silent = std::net::TcpStream::connect(address).expect("a connection");
        process.signal(signal);
        let ended = tokio::task::spawn_blocking(move || process.wait()).await;
        let status = ended.expect("no panic");
        assert_eq!(status.code(), Some(0), "SIG{signal}: {status}");
        drop((silent, api));
    }
}

#[test]
fn a_process_that_has_just_said_it_is_up_stops_in_order() {
    let data = tempfile::tempdir().expect("a directory");
    for signal in ["TERM", "INT"].repeat(5) {
        let process = Process::start(data.path());
        process.signal(signal);
        let status = process.wait();
        assert_eq!(status.code(), Some(0), "SIG{signal}: {status}");
    }
}

/// What the command says when it ends at once, as one line; it fails.
fn refusal(command: &mut Command) -> String {
    let ended = command.output().expect("the command starts");
    let message = String::from_utf8(ended.stderr).expect("text");
    assert_eq!(ended.status.code(), Some(1), "{message}");
    assert!(message.starts_with("local: "), "{message}");
    assert_eq!(message.trim_end().lines().count(), 1, "{message}");
    message
}

#[test]
fn a_port_in_use_is_named_with_the_flag_that_changes_it() {
    let data = tempfile::tempdir().expect("a directory");
    let other_data = tempfile::tempdir().expect("a directory");
    let process = Process::start(data.path());
    let api = port_of(&process.api);
    let dynamodb = port_of(&process.dynamodb);
    for (flag, port, ports) in [
        ("--port", api, [api, "0"]),
        ("--dynamodb-port", dynamodb, ["0", dynamodb]),
    ] {
        let message = refusal(&mut command(other_data.path(), ports[0], ports[1]));
        assert!(message.contains(&format!("127.0.0.1:{port}")), "{message}");
        assert!(message.contains(flag), "{message}");
    }
}

#[test]
fn a_directory_in_use_is_named_and_left_alone() {
    let data = tempfile::tempdir().expect("a directory");
    let process = Process::start(data.path());
    let message = refusal(&mut command(data.path(), "0", "0"));
    let directory = data.path().display().to_string();
    assert!(message.contains(&directory), "{message}");
    assert!(message.contains("--data"), "{message}");
    process.signal("TERM");
    assert_eq!(process.wait().code(), Some(0));
    Process::start(data.path()).kill();
}
