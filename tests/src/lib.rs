//! A platform for one test: a fresh table in an embedded engine, every route, a clock that
//! the test moves. `Verv` calls the router in the process; `Verv::serve` opens a port;
//! `Verv::through` puts a [`Faults`] between the platform and the engine.
//!
//! Three things are watched in every test: that no function calls what its policy in the
//! template denies ([`policy`]), that no log line tells who somebody is ([`logs`]), and that
//! `openapi.yaml` says every request that is carried out and every answer ([`openapi`]).

pub mod answers;
pub mod contract;
pub mod faults;
pub mod flows;
pub mod functions;
pub mod gate;
pub mod logs;
pub mod openapi;
pub mod outbox;
pub mod policy;
pub mod recount;
pub mod runtime_api;
pub mod samples;
pub mod seed;
pub mod sqs;
pub mod standin;
pub mod template;
pub mod tokens;
pub mod wire;

use aws_sdk_dynamodb::Client;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use axum::middleware::{from_fn, map_request};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{Clock, Scope};
use faults::Faults;
use http_body_util::BodyExt;
use local::engine::{self, Engine};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use store::fold::FoldPace;
use store::{Store, UnscopedStore, Usage};
use tower::ServiceExt;
use web::{App, settings::Settings};

/// The platform under test.
pub struct Verv {
    /// The store of the fresh table, as the functions have it.
    pub store: UnscopedStore,
    /// What the functions are set to.
    pub settings: Arc<Settings>,
    /// The clock of all functions, which only the test moves.
    pub clock: Clock,
    /// The embedded DynamoDB.
    pub engine: Arc<Engine>,
    router: Router,
}

/// An answer, with what it cost.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub bytes: Bytes,
    /// The same as text, as far as it is any.
    pub text: String,
    /// What its calls of DynamoDB consumed.
    pub usage: Usage,
}

impl Reply {
    /// The body as JSON; `Null` where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The string at `pointer` of the body, like `/id`.
    ///
    /// # Panics
    /// When there is none: the test expected one.
    pub fn string(&self, pointer: &str) -> String {
        match self.json().pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            _ => panic!("no string at {pointer} in {} {}", self.status, self.text),
        }
    }

    /// The header `name`, or "".
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
    }

    /// The reply itself, if it has `status`.
    ///
    /// # Panics
    /// When it has another: the test expected this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }
}

/// Detail is folded at every run, so that a test need not wait for it.
pub const EVERY_RUN: FoldPace = FoldPace {
    wait: TimeDelta::zero(),
    facts: 1,
};

/// A test sends from one address and its clock does not move: no rates, unless it sets them.
const UNLIMITED: [(&str, &str); 2] = [("CLICK_RATE", "0"), ("CODE_RATE", "0")];

/// What a test's clock shows, unless it says otherwise.
pub const NOW: &str = "2026-03-26T12:00:00Z";

impl Verv {
    /// A fresh platform with default settings, whose clock shows [`NOW`].
    pub async fn start() -> Self {
        Self::with_settings(&[]).await
    }

    /// A fresh platform with these environment variables.
    pub async fn with_settings(variables: &[(&str, &str)]) -> Self {
        Self::with_client(variables, engine::client).await
    }

    /// A fresh platform whose calls to DynamoDB meet `faults`.
    pub async fn through(faults: &Faults) -> Self {
        Self::with_client(&[], |endpoint| faults.client(endpoint)).await
    }

    /// A fresh platform with these environment variables, which reaches the engine's
    /// endpoint through the client that `connect` makes.
    ///
    /// # Panics
    /// When the engine does not start or a setting is refused.
    pub async fn with_client(
        variables: &[(&str, &str)],
        connect: impl FnOnce(&str) -> Client,
    ) -> Self {
        let engine = Engine::in_memory().await.expect("the engine starts");
        let client = connect(&engine.endpoint());
        Self::on(Arc::new(engine), client, "verv", variables).await
    }

    /// A fresh platform in the table `table` of `engine`, reached through `client`.
    ///
    /// # Panics
    /// When the engine does not answer or a setting is refused.
    pub async fn on(
        engine: Arc<Engine>,
        client: Client,
        table: &str,
        variables: &[(&str, &str)],
    ) -> Self {
        logs::watch();
        let client = policy::enforced(&client);
        let verv = Self::unwatched(engine, client, table, variables).await;
        let router = verv
            .router
            .layer(from_fn(policy::as_its_function))
            .layer(from_fn(openapi::as_documented))
            .layer(from_fn(logs::plant_request));
        Self { router, ..verv }
    }

    /// The same without what watches it, for benchmarks.
    ///
    /// # Panics
    /// When the engine does not answer or a setting is refused.
    pub async fn unwatched(
        engine: Arc<Engine>,
        client: Client,
        table: &str,
        variables: &[(&str, &str)],
    ) -> Self {
        let store = UnscopedStore::new(client, table);
        store
            .create_table_if_absent()
            .await
            .expect("the table is created");
        let settings = Settings::from_lookup(|wanted| {
            let mut all = variables.iter().chain(&UNLIMITED);
            let found = all.find(|(name, _)| *name == wanted);
            found.map(|(_, value)| (*value).to_owned())
        })
        .expect("valid settings");
        let settings = Arc::new(settings);
        let clock = Clock::manual(NOW.parse().expect("a time"));
        let app = App::new(store.clone(), Arc::clone(&settings), clock.clone());
        Self {
            router: local::router(app),
            store,
            settings,
            clock,
            engine,
        }
    }

    /// The state behind the routes, as a function has it.
    #[must_use]
    pub fn app(&self) -> App {
        self.app_on(self.store.clone())
    }

    /// The same over another store, such as one that is reached through another client.
    #[must_use]
    pub fn app_on(&self, store: UnscopedStore) -> App {
        App::new(store, Arc::clone(&self.settings), self.clock.clone())
    }

    /// The same table as another process has it, which remembers nothing of this one's.
    #[must_use]
    pub fn store_of_another_process(&self) -> UnscopedStore {
        let client = engine::client(&self.engine.endpoint());
        UnscopedStore::new(client, self.store.table_name())
    }

    /// The store without any limit.
    #[must_use]
    pub fn unrestricted(&self) -> Store {
        self.store.scoped(Scope::unrestricted(), None)
    }

    /// The time that the platform's clock shows.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The same platform, each request to which carries what `authorize` gives as its
    /// `Authorization`, unless it has one.
    ///
    /// # Panics
    /// When that can be no header.
    #[must_use]
    pub fn calling_with(
        self,
        authorize: impl Fn() -> String + Clone + Send + Sync + 'static,
    ) -> Self {
        let add = move |mut request: Request<Body>| {
            let authorize = authorize.clone();
            async move {
                let value = HeaderValue::try_from(authorize()).expect("a header");
                let headers = request.headers_mut();
                headers.entry(header::AUTHORIZATION).or_insert(value);
                request
            }
        };
        let router = self.router.layer(map_request(add));
        Self { router, ..self }
    }

    /// Sends a request to the router. The peer is 127.0.0.1.
    ///
    /// # Panics
    /// When the answer's body breaks off.
    pub async fn send(&self, mut request: Request<Body>) -> Reply {
        let peer = SocketAddr::from(([127, 0, 0, 1], 4711));
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let usage = response
            .extensions()
            .get::<Usage>()
            .copied()
            .unwrap_or_default();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a whole body").to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Reply {
            status: parts.status,
            headers: parts.headers,
            bytes,
            text,
            usage,
        }
    }

    /// Sends `body` as JSON, with `headers`.
    ///
    /// # Panics
    /// When the request cannot be built.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(json) => {
                request = request.header("content-type", "application/json");
                Body::from(json.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).expect("a request")).await
    }

    /// `GET path`, a path with its query.
    pub async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, &[], None).await
    }

    /// `POST path` with a body of JSON.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.call(Method::POST, path, &[], Some(body)).await
    }

    /// `PUT path` with a body of JSON.
    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.call(Method::PUT, path, &[], Some(body)).await
    }

    /// `PATCH path` with a body of JSON.
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.call(Method::PATCH, path, &[], Some(body)).await
    }

    /// `DELETE path`, without a body.
    pub async fn delete(&self, path: &str) -> Reply {
        self.call(Method::DELETE, path, &[], None).await
    }

    /// One run of the scheduled function.
    ///
    /// # Panics
    /// When the engine does not answer.
    pub async fn aggregate(&self) -> stats_aggregator::Report {
        let aggregator = self.store.aggregator();
        let pace = EVERY_RUN;
        let run = stats_aggregator::aggregate(&aggregator, &self.clock, &pace, || false);
        let report = policy::as_function(functions::SCHEDULED, run).await;
        report.expect("the engine answers")
    }

    /// Serves the platform on a free port, until the test ends: `http://127.0.0.1:…`.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("an address");
        let service = self
            .router
            .clone()
            .into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        format!("http://{address}")
    }
}
