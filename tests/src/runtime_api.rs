//! Lambda's side of the Runtime API, for functions that run as processes of their own: the
//! compiled binary requests its next event and posts its answer, as it does on Lambda.

use crate::logs;
use crate::template::Template;
use axum::Json;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};
use tempfile::NamedTempFile;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};

/// How long a function may take to begin or to answer: a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// X-Ray's header of every invocation.
const TRACE: &str = "Root=1-69c51fc0-5f3a21bc00000000aa000011;Parent=53995c3f42cd8ad8;Sampled=1";

/// A function's answer, or the error it reported.
type Outcome = Result<Value, Value>;

struct Invocation {
    event: Value,
    outcome: oneshot::Sender<Outcome>,
}

/// A function, running.
pub struct Lambda {
    child: Child,
    invocations: mpsc::Sender<Invocation>,
    output: NamedTempFile,
}

/// What a function wrote when it ended before it asked for an event.
#[derive(Debug)]
pub struct InitFailure(pub String);

struct Api {
    /// How long an invocation may take, as the template says.
    timeout: Duration,
    next: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    running: Mutex<HashMap<String, oneshot::Sender<Outcome>>>,
    asked: mpsc::Sender<()>,
}

impl Lambda {
    /// Starts the binary `function` with `variables` and nothing else of this process's
    /// environment, and waits until it requests its first event.
    ///
    /// # Errors
    /// What it wrote, when it ends before that.
    ///
    /// # Panics
    /// When the binary cannot be run or does nothing at all.
    pub async fn start(function: &str, variables: &[(&str, &str)]) -> Result<Self, InitFailure> {
        let (invocations, next) = mpsc::channel(1);
        let (asked, mut first) = mpsc::channel(1);
        let template = Template::read();
        let timeout = template.property(template.function(function), "Timeout");
        let api = Arc::new(Api {
            timeout: Duration::from_secs(timeout.as_u64().expect("seconds")),
            next: tokio::sync::Mutex::new(next),
            running: Mutex::default(),
            asked,
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        tokio::spawn(async move { axum::serve(listener, router(api)).await });

        let output = NamedTempFile::new().expect("a file for the output");
        let file = output.reopen().expect("a handle");
        let child = Command::new(binaries().join(function))
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("AWS_LAMBDA_FUNCTION_NAME", function)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "local")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "local")
            .env("AWS_REGION", "eu-north-1")
            .env("JOIN_BASE_URL", "https://app.org.no/join")
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .envs(variables.iter().copied())
            .stdout(file.try_clone().expect("a second handle"))
            .stderr(file)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{function}: {error}"));
        let mut started = Self {
            child,
            invocations,
            output,
        };
        tokio::select! {
            _ = first.recv() => Ok(started),
            _ = started.child.wait() => Err(InitFailure(started.output())),
            () = tokio::time::sleep(PATIENCE) => panic!("{function} does not ask for events"),
        }
    }

    /// The function's answer to `event`, or the error it reports.
    ///
    /// # Errors
    /// What the function posted as its error.
    ///
    /// # Panics
    /// When it does neither.
    pub async fn invoke(&self, event: &Value) -> Outcome {
        let (outcome, answered) = oneshot::channel();
        plant(event);
        let event = event.clone();
        let sent = self.invocations.send(Invocation { event, outcome }).await;
        assert!(sent.is_ok(), "the runtime API has ended");
        let answer = tokio::time::timeout(PATIENCE, answered).await;
        answer
            .ok()
            .and_then(Result::ok)
            .unwrap_or_else(|| panic!("no answer; it wrote:\n{}", self.output()))
    }

    /// What the function wrote so far, line by line of JSON where it is JSON.
    ///
    /// # Panics
    /// When the output cannot be read.
    #[must_use]
    pub fn output(&self) -> String {
        std::fs::read_to_string(&self.output).expect("the output")
    }

    /// Ends the function.
    pub async fn stop(mut self) {
        // It may have ended by itself.
        let _ = self.child.kill().await;
    }
}

impl Drop for Lambda {
    /// What it wrote is a log as well.
    fn drop(&mut self) {
        logs::search(&self.output());
    }
}

/// Notes what `event` carries of its caller.
fn plant(event: &Value) {
    let http = &event["requestContext"]["http"];
    let token = event["headers"]["authorization"].as_str();
    let token = token.and_then(|scheme_and_token| scheme_and_token.split(' ').nth(1));
    let words = [http["sourceIp"].as_str(), http["userAgent"].as_str(), token];
    words.into_iter().flatten().for_each(logs::plant);
    logs::plant_all(&event["queryStringParameters"]);
    logs::plant_all(&event["pathParameters"]);
    if let Some(body) = event["body"].as_str() {
        logs::plant_all(&parse(body));
    }
}

/// Where the functions' binaries lie: `VERV_BINARIES`, or they are built as this test was.
///
/// # Panics
/// When they do not build.
pub fn binaries() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let root = crate::template::repository();
    let build = || {
        if let Some(given) = std::env::var_os("VERV_BINARIES") {
            return root.join(given);
        }
        // With the tests, so that the dependencies' features are those of this build, and
        // nothing of them is built again.
        let built = std::process::Command::new(env!("CARGO"))
            .args(["build", "--workspace", "--bins", "--tests", "--quiet"])
            .current_dir(&root)
            .status();
        assert!(built.is_ok_and(|status| status.success()), "cargo build");
        let own = std::env::current_exe().expect("this test's path");
        let profile = own.parent().and_then(|deps| deps.parent());
        profile.expect("target/debug").to_owned()
    };
    BUILT.get_or_init(build).clone()
}

fn router(api: Arc<Api>) -> Router {
    let base = "/2018-06-01/runtime";
    Router::new()
        .route(&format!("{base}/invocation/next"), get(next))
        .route(
            &format!("{base}/invocation/{{id}}/response"),
            post(response),
        )
        .route(&format!("{base}/invocation/{{id}}/error"), post(error))
        .route(
            &format!("{base}/init/error"),
            post(async || StatusCode::ACCEPTED),
        )
        .with_state(api)
}

async fn next(State(api): State<Arc<Api>>) -> impl IntoResponse {
    // Only the first question is waited for.
    let _ = api.asked.try_send(());
    let Some(Invocation { event, outcome }) = api.next.lock().await.recv().await else {
        // The test is over; the function is ended with it.
        return std::future::pending().await;
    };
    let id = invocation_id();
    let mut running = api.running.lock().unwrap_or_else(PoisonError::into_inner);
    running.insert(id.clone(), outcome);
    let deadline = SystemTime::now() + api.timeout;
    let deadline = deadline
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let arn = "arn:aws:lambda:eu-north-1:123456789012:function:verv:live".to_owned();
    let headers = [
        ("lambda-runtime-aws-request-id", id),
        (
            "lambda-runtime-deadline-ms",
            deadline.as_millis().to_string(),
        ),
        ("lambda-runtime-invoked-function-arn", arn),
        ("lambda-runtime-trace-id", TRACE.to_owned()),
    ];
    (headers, Json(event))
}

/// An invocation's id, in the shape of a UUID.
fn invocation_id() -> String {
    static INVOKED: AtomicUsize = AtomicUsize::new(1);
    let number = INVOKED.fetch_add(1, Ordering::SeqCst);
    format!("{number:08x}-0000-4000-8000-000000000000")
}

async fn response(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_none_or(|kind| kind.as_bytes().starts_with(b"application/"));
    assert!(is_json, "{headers:?}");
    finish(&api, &id, Ok(parse(&body)))
}

async fn error(State(api): State<Arc<Api>>, Path(id): Path<String>, body: String) -> StatusCode {
    finish(&api, &id, Err(parse(&body)))
}

fn parse(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|_| json!(body))
}

fn finish(api: &Api, id: &str, outcome: Outcome) -> StatusCode {
    let mut running = api.running.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(waiting) = running.remove(id) else {
        return StatusCode::BAD_REQUEST;
    };
    // A test that gave up waiting has failed already.
    let _ = waiting.send(outcome);
    StatusCode::ACCEPTED
}

/// An event of an HTTP API, payload format 2.0, as API Gateway sends it.
#[must_use]
pub fn http_event(method: &str, route: &str, path: &str, body: &Value) -> Value {
    let agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0)";
    let route = format!("{method} {route}");
    let mut event = json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "user-agent": agent, "host": "x.org"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": "x.org",
            "domainPrefix": "x",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": agent,
            },
            "requestId": "JKJaXmPLvHcES00=",
            "routeKey": route,
            "stage": "$default",
            "time": "26/Mar/2026:12:00:00 +0000",
            "timeEpoch": 1_774_526_400_000_u64,
        },
        "isBase64Encoded": false,
    });
    if !body.is_null() {
        event["body"] = json!(body.to_string());
    }
    event
}
