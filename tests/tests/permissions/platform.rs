//! Every function over one table, each with a recorder of its own.

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request};
use chrono::TimeDelta;
use http_body_util::BodyExt;
use serde_json::Value;
use stats_aggregator::action;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use store::fold::Days;
use store::{StoreError, UnscopedStore};
use tests::functions::http_functions;
use tests::policy::Recorder;
use tests::template::{Route, Template, routes};
use tests::tokens::bearer;
use tests::{EVERY_RUN, Verv};
use tower::ServiceExt;
use web::App;
use web::routes::Declaration;
use web::settings::Settings;

/// Every function, each with a recorder of its own, over one table.
pub(crate) struct Platform {
    pub(crate) verv: Verv,
    pub(crate) functions: Vec<(&'static str, Router, BTreeSet<Route>, Recorder)>,
    /// A route of each function that knows callers, and the function as it is where tokens are
    /// required.
    pub(crate) restricted: Vec<(Declaration, Router)>,
    pub(crate) scheduled: (UnscopedStore, Recorder),
    /// What the function behind the table's stream has.
    pub(crate) stream: (UnscopedStore, Recorder),
    /// What the function behind the queue of deliveries has.
    pub(crate) queued: (UnscopedStore, Recorder),
}

impl Platform {
    pub(crate) async fn start() -> Self {
        let verv = Verv::start().await;
        let deployed = Template::read();
        let recorded = || {
            let recorder = Recorder::default();
            let client = recorder.record(&local::engine::client(&verv.engine.endpoint()));
            (UnscopedStore::new(client, "verv"), recorder)
        };
        let mut functions = Vec::new();
        let mut restricted = Vec::new();
        for (name, declared) in http_functions() {
            let (store, recorder) = recorded();
            // The one function that starts without the table.
            if name != "console" {
                store.warm_up().await.expect("the table is there");
            }
            if deployed
                .variables(deployed.function(name))
                .contains("API_ACCESS")
            {
                let route = declared.declarations()[0].clone();
                let app = App::new(store.clone(), requiring_tokens(), verv.clock.clone());
                let (_, same) = http_functions()
                    .into_iter()
                    .find(|(other, _)| *other == name)
                    .expect("the function");
                restricted.push((route, same.into_router(app)));
            }
            let router = declared.into_router(verv.app_on(store));
            functions.push((name, router, routes(deployed.function(name)), recorder));
        }
        let scheduled = recorded();
        scheduled.0.warm_up().await.expect("the table is there");
        let stream = recorded();
        stream.0.warm_up().await.expect("the table is there");
        let queued = recorded();
        queued.0.warm_up().await.expect("the table is there");
        Self {
            functions,
            restricted,
            scheduled,
            stream,
            queued,
            verv,
        }
    }

    /// Sends a request to the function whose route it takes.
    #[track_caller]
    pub(crate) fn call<'p>(
        &'p self,
        request: &str,
        headers: &'p [(&'p str, &'p str)],
        body: Value,
        status: u16,
    ) -> impl Future<Output = Value> + 'p {
        let (method, path) = request.split_once(' ').expect("a method and a path");
        let plain = path.split('?').next().unwrap_or(path);
        let takes = |(wanted, pattern): &Route| wanted == method && fits(pattern, plain);
        let found = self
            .functions
            .iter()
            .find(|(_, _, routes, _)| routes.iter().any(takes));
        let router = found
            .unwrap_or_else(|| panic!("no route for {request}"))
            .1
            .clone();
        let request_line = request.to_owned();
        let mut request = Request::builder()
            .method(method.parse::<Method>().expect("a method"))
            .uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if path.starts_with("/api/v1/privacy") {
            let staff = bearer(&self.verv, "staff", &["ROLE_ADMIN"], None);
            request = request.header("authorization", staff);
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        };
        let mut request = request.body(body).expect("a request");
        // Misses are counted by address.
        let peer = SocketAddr::from(([203, 0, 113, 7], 4711));
        request.extensions_mut().insert(ConnectInfo(peer));
        async move {
            let answer = router.oneshot(request).await.expect("infallible");
            let answered = answer.status();
            let body = answer
                .into_body()
                .collect()
                .await
                .expect("a body")
                .to_bytes();
            let text = String::from_utf8_lossy(&body);
            assert_eq!(answered.as_u16(), status, "{request_line}: {text}");
            serde_json::from_slice(&body).unwrap_or_default()
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.call(&format!("GET {path}"), &[], Value::Null, 200)
            .await
    }

    pub(crate) async fn aggregate(&self) {
        let report = self.run_aggregator(|| false).await;
        report.expect("the engine answers");
    }

    pub(crate) async fn run_aggregator(
        &self,
        stop: impl Fn() -> bool,
    ) -> Result<stats_aggregator::Report, StoreError> {
        let aggregator = self.scheduled.0.aggregator();
        stats_aggregator::aggregate(&aggregator, &self.verv.clock, &EVERY_RUN, stop).await
    }

    /// Recounts everything, and writes all rows anew.
    pub(crate) async fn recount_and_rebuild(&self) {
        let (aggregator, clock) = (self.scheduled.0.aggregator(), &self.verv.clock);
        let found = action::verify(&aggregator, clock, Days::default(), || false).await;
        assert!(found.is_ok_and(|found| found.is_complete && found.differ == 0));
        let rebuild = action::rebuild(&aggregator, clock, || false).await;
        assert!(rebuild.is_ok_and(|rebuild| rebuild.is_complete));
        self.aggregate().await;
    }

    pub(crate) fn wait(&self, time: TimeDelta) {
        self.verv.clock.advance(time);
    }
}

fn requiring_tokens() -> Arc<Settings> {
    let settings = Settings::from_lookup(|name| (name == "API_ACCESS").then(|| "token".to_owned()));
    Arc::new(settings.expect("valid settings"))
}

/// Whether `path` is one of those that `pattern` matches; `lookup` is no `{id}`.
fn fits(pattern: &str, path: &str) -> bool {
    let words = ["active", "lookup", "leaderboard"];
    pattern.split('/').count() == path.split('/').count()
        && pattern
            .split('/')
            .zip(path.split('/'))
            .all(|(wanted, given)| {
                wanted == given || (wanted.starts_with('{') && !words.contains(&given))
            })
}
