//! A client of the engine whose calls can be stopped at any one of them: before it reaches
//! DynamoDB, or after DynamoDB has carried it out and before the answer is seen.
//!
//! A run that is dropped there was killed there; one that is released goes on, however late.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// Where a call is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Nowhere.
    Never,
    /// This call, counted from 0, does not reach DynamoDB.
    Before(usize),
    /// This call is carried out, and its answer not seen.
    After(usize),
}

/// Stops calls; see the module.
#[derive(Debug, Clone)]
pub struct Gate(Arc<State>);

#[derive(Debug)]
struct State {
    http: SharedHttpClient,
    stop: Mutex<Stop>,
    calls: AtomicUsize,
    stopped: watch::Sender<bool>,
    open: watch::Sender<bool>,
}

impl Gate {
    /// A gate in front of plain HTTP.
    #[must_use]
    pub fn new() -> Self {
        Self::before(aws_smithy_http_client::Builder::new().build_http())
    }

    /// A gate in front of another layer, such as the stand-in.
    #[must_use]
    pub fn before(http: SharedHttpClient) -> Self {
        Self(Arc::new(State {
            http,
            stop: Mutex::new(Stop::Never),
            calls: AtomicUsize::new(0),
            stopped: watch::Sender::new(false),
            open: watch::Sender::new(true),
        }))
    }

    /// A client of the DynamoDB at `endpoint` behind the gate.
    #[must_use]
    pub fn client(&self, endpoint: &str) -> Client {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-north-1"))
            .credentials_provider(Credentials::new("local", "local", None, None, "local"))
            .endpoint_url(endpoint)
            .http_client(self.clone())
            .build();
        Client::from_conf(config)
    }

    /// Counts calls from 0 again, and stops at `stop`.
    pub fn arm(&self, stop: Stop) {
        *self.0.stop.lock().unwrap_or_else(PoisonError::into_inner) = stop;
        self.0.calls.store(0, Ordering::SeqCst);
        self.0.stopped.send_replace(false);
        self.0.open.send_replace(stop == Stop::Never);
    }

    /// Lets the stopped call go on.
    pub fn release(&self) {
        self.0.open.send_replace(true);
    }

    /// Waits until a call is stopped.
    pub async fn stopped(&self) {
        let mut stopped = self.0.stopped.subscribe();
        // The sender lives as long as the gate does.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    }

    /// How many calls went out since the gate was armed.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.0.calls.load(Ordering::SeqCst)
    }

    async fn hold(&self) {
        self.0.stopped.send_replace(true);
        let mut open = self.0.open.subscribe();
        let _ = open.wait_for(|open| *open).await;
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpClient for Gate {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.0.http.http_connector(settings, components);
        SharedHttpConnector::new(GatedConnector {
            gate: self.clone(),
            inner,
        })
    }
}

#[derive(Debug, Clone)]
struct GatedConnector {
    gate: Gate,
    inner: SharedHttpConnector,
}

impl HttpConnector for GatedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { gate, inner } = self.clone();
        HttpConnectorFuture::new(async move {
            let call = gate.0.calls.fetch_add(1, Ordering::SeqCst);
            let stop = *gate.0.stop.lock().unwrap_or_else(PoisonError::into_inner);
            if stop == Stop::Before(call) {
                gate.hold().await;
            }
            let answer = inner.call(request).await;
            if stop == Stop::After(call) {
                gate.hold().await;
            }
            answer
        })
    }
}
