//! An endpoint that speaks as much of SQS's protocol as the functions use, and refuses what it is
//! told to.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The URL of the queue, as functions are told it.
pub const QUEUE_URL: &str = "https://sqs.eu-north-1.amazonaws.com/123456789012/verv-deliveries";

/// A queue that keeps what it is sent.
#[derive(Debug, Clone, Default)]
pub struct Sqs(Arc<Mutex<Queued>>);

#[derive(Debug, Default)]
struct Queued {
    calls: Vec<Vec<Value>>,
    is_down: bool,
}

impl Sqs {
    /// Serves the queue; its address.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new()
            .route("/", post(send))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        endpoint
    }

    /// The entries of each call since the last time.
    #[must_use]
    pub fn take(&self) -> Vec<Vec<Value>> {
        std::mem::take(&mut self.lock().calls)
    }

    /// Whether every call fails from now on.
    pub fn set_down(&self, is_down: bool) {
        self.lock().is_down = is_down;
    }

    fn lock(&self) -> MutexGuard<'_, Queued> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn send(State(sqs): State<Sqs>, headers: HeaderMap, call: String) -> Response {
    assert_eq!(headers["x-amz-target"], "AmazonSQS.SendMessageBatch");
    let mut queued = sqs.lock();
    if queued.is_down {
        let failed = json!({"__type": "com.amazonaws.sqs#InternalError"}).to_string();
        return (StatusCode::INTERNAL_SERVER_ERROR, failed).into_response();
    }
    let call: Value = serde_json::from_str(&call).expect("JSON");
    assert_eq!(call["QueueUrl"], QUEUE_URL);
    let entries = call["Entries"].as_array().expect("entries").clone();
    assert!((1..=10).contains(&entries.len()), "{}", entries.len());
    let sent = entries
        .iter()
        .map(|entry| json!({"Id": entry["Id"], "MessageId": entry["Id"], "MD5OfMessageBody": ""}));
    let answer = json!({"Successful": sent.collect::<Vec<_>>(), "Failed": []});
    queued.calls.push(entries);
    (StatusCode::OK, answer.to_string()).into_response()
}
