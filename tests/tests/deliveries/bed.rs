//! A receiver that does what a test says, and a platform whose webhooks lead to it.

use axum::http::Method;
use chrono::TimeDelta;
use domain::delivery::NextAttempt;
use domain::signature::Signed;
use domain::{Delivery, WebhookSecret};
use local::stream::Stream;
use queue::DueAttempt;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tests::Verv;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use webhooks::Deliverer;
use webhooks::connect::SystemResolver;
use webhooks::receiver::Receivers;

pub(crate) const ORG: &str = "org_1";

/// What a receiver does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Does {
    /// Writes this, and closes the connection.
    Write(String),
    /// Writes this again and again.
    WriteForever(&'static str),
    /// Writes this, and then nothing more.
    Stall(&'static str),
}

/// An answer with `status`, and these lines of headers.
pub(crate) fn status(status: u16, headers: &str) -> Does {
    Does::Write(format!(
        "HTTP/1.1 {status} X\r\n{headers}content-length: 0\r\n\r\n"
    ))
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) line: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Got {
    pub(crate) fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// Whether one of its signatures is by `secret`.
    pub(crate) fn is_signed_by(&self, secret: &str) -> bool {
        let secret: WebhookSecret = secret.parse().expect("a secret");
        let signed = Signed {
            id: self.id(),
            timestamp: self.headers["webhook-timestamp"].parse().expect("a number"),
            body: self.body.as_bytes(),
        };
        let expected = signed.by([secret.key()]);
        let mut signatures = self.headers["webhook-signature"].split(' ');
        signatures.any(|signature| signature == expected)
    }
}

type Behaviour = dyn Fn(&Got, usize) -> Does + Send + Sync;

/// A receiver on this machine.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    got: Arc<Mutex<Vec<Got>>>,
    behaviour: Arc<Mutex<Arc<Behaviour>>>,
}

impl Receiver {
    /// A receiver that does what `behaviour` says of each request, and how many came before.
    pub(crate) async fn start(
        behaviour: impl Fn(&Got, usize) -> Does + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let receiver = Self {
            url: format!("http://{address}/verv"),
            got: Arc::default(),
            behaviour: Arc::new(Mutex::new(Arc::new(behaviour))),
        };
        let serving = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serving.clone();
                tokio::spawn(async move { serving.serve(stream).await });
            }
        });
        receiver
    }

    /// One that always answers with this status.
    pub(crate) async fn answering(answer: u16) -> Self {
        Self::start(move |_, _| status(answer, "")).await
    }

    pub(crate) fn set(&self, behaviour: impl Fn(&Got, usize) -> Does + Send + Sync + 'static) {
        *self.behaviour.lock().expect("a lock") = Arc::new(behaviour);
    }

    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.lock().expect("a lock").clone()
    }

    pub(crate) fn port(&self) -> u16 {
        let url: url::Url = self.url.parse().expect("a URL");
        url.port().expect("a port")
    }

    async fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let got = read(&mut stream).await?;
        let does = {
            let mut all = self.got.lock().expect("a lock");
            let behaviour = Arc::clone(&self.behaviour.lock().expect("a lock"));
            let does = behaviour(&got, all.len());
            all.push(got);
            does
        };
        match does {
            Does::Write(text) => {
                // Whoever has read enough hangs up.
                let _ = stream.write_all(text.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
            Does::WriteForever(text) => while stream.write_all(text.as_bytes()).await.is_ok() {},
            Does::Stall(text) => {
                stream.write_all(text.as_bytes()).await.ok()?;
                std::future::pending().await
            }
        }
        Some(())
    }
}

async fn read(stream: &mut TcpStream) -> Option<Got> {
    let mut bytes = Vec::new();
    let head = loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break end;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).ok()?;
    let mut lines = text.split("\r\n");
    let line = lines.next()?.to_owned();
    let headers: BTreeMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length")?.parse().ok()?;
    let mut body = bytes.split_off(head + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Got {
        line,
        headers,
        body: String::from_utf8(body).ok()?,
    })
}

/// What makes attempts, as `local` has it.
pub(crate) fn deliverer(verv: &Verv) -> Deliverer {
    Deliverer {
        store: verv.store.clone(),
        clock: verv.clock.clone(),
        receivers: Receivers::new(domain::WebhookTargets::Any, Arc::new(SystemResolver)),
        queue: None,
    }
}

/// A platform whose caller is its staff, and the stream of its table.
pub(crate) async fn platform() -> (Verv, Stream) {
    let verv = Verv::start().await.as_platform();
    let stream = Stream::open(&verv.engine, "verv").await.expect("a stream");
    (verv, stream)
}

/// Registers a webhook for everything: its id and its secret.
pub(crate) async fn register(verv: &Verv, org: &str, url: &str) -> (String, String) {
    let body = json!({"org_id": org, "url": url, "events": ["*"]});
    let made = verv.post("/api/v1/webhooks", body).await.expect(201);
    (made.string("/id"), made.string("/secret"))
}

/// An event, `code.created`.
pub(crate) async fn happen(verv: &Verv, org: &str, mentor: &str) {
    let body = json!({"mentor_id": mentor, "org_id": org});
    verv.post("/api/v1/referral-codes", body).await.expect(201);
}

/// Begins the deliveries of what has happened, due now; how many there are.
pub(crate) async fn begin(verv: &Verv, stream: &mut Stream) -> usize {
    let mut begun = 0;
    loop {
        let batch = stream.read().expect("a batch");
        if batch["Records"] == json!([]) {
            return begun;
        }
        let told = events::stream::read(&batch).told;
        let next = NextAttempt::at(verv.now());
        let outcome = events::deliveries::begin(&verv.store, &told, next, verv.now()).await;
        assert_eq!(outcome.failed, [""; 0]);
        begun += outcome.due.len();
    }
}

/// Makes every attempt that is due, side by side; how many there are.
pub(crate) async fn attempt_due(deliverer: &Deliverer) -> usize {
    let due = deliverer.due().await.expect("what is due");
    let number = due.len();
    let each = due.into_iter().map(|due| deliverer.attempt(due.into()));
    for outcome in futures::future::join_all(each).await {
        outcome.expect("the engine answers");
    }
    number
}

/// The deliveries to a webhook, newest first, as its route lists them.
pub(crate) async fn listed(verv: &Verv, webhook: &str) -> Vec<Value> {
    let path = format!("/api/v1/webhooks/{webhook}/deliveries?limit=100");
    let listed = verv.get(&path).await.expect(200).json();
    listed["data"].as_array().expect("deliveries").clone()
}

/// The webhook, as its route shows it.
pub(crate) async fn shown(verv: &Verv, webhook: &str) -> Value {
    let path = format!("/api/v1/webhooks/{webhook}");
    verv.call(Method::GET, &path, &[], None)
        .await
        .expect(200)
        .json()
}

/// The only delivery that is pending, whenever it is due.
pub(crate) async fn pending(verv: &Verv) -> Delivery {
    let far = verv.now() + TimeDelta::days(30);
    let mut found = Vec::new();
    for shard in domain::Shard::all() {
        let due = verv.store.due_deliveries(shard, None, far, 10).await;
        found.extend(due.expect("the engine answers"));
    }
    let [due] = &found[..] else {
        panic!("{found:?}")
    };
    let delivery = verv.store.find_delivery(due.key).await;
    delivery.expect("the engine answers").expect("a delivery")
}

/// The message for a delivery as it is.
pub(crate) fn message(delivery: &Delivery) -> DueAttempt {
    DueAttempt {
        key: delivery.key,
        version: delivery.version,
    }
}
