//! Where racers run: a platform on a port, requests sent at one moment, and what came back.

use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use tests::Verv;
use tokio::sync::Barrier;

pub(crate) const RACERS: usize = 200;
pub(crate) const ROUNDS: usize = 20;

pub(crate) const RECORDS: &str = "/api/v1/referral-code-records";
pub(crate) const CONVERSIONS: &str = "/api/v1/referral-conversions";
pub(crate) const CODES: &str = "/api/v1/referral-codes";
pub(crate) const ATTRIBUTIONS: &str = "/api/v1/referral-attributions";

/// A platform on a port, and a client of it.
pub(crate) struct Course {
    base: String,
    client: Client,
    _verv: Verv,
}

/// One racer's request.
pub(crate) struct Racer {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) key: Option<String>,
    pub(crate) body: Value,
}

/// What came back: a dropped connection fails the test on the spot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finish {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) text: String,
}

impl Finish {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    pub(crate) fn string(&self, field: &str) -> String {
        self.json()[field].as_str().expect(field).to_owned()
    }
}

impl Course {
    pub(crate) async fn open() -> Self {
        let verv = Verv::start().await;
        Self {
            base: verv.serve().await,
            client: Client::new(),
            _verv: verv,
        }
    }

    pub(crate) async fn send(&self, racer: Racer) -> Finish {
        run(&self.client, &self.base, racer).await
    }

    /// Sends one request of each of [`RACERS`] tasks at the same moment.
    pub(crate) async fn race(&self, racer: impl Fn(usize) -> Racer) -> Vec<Finish> {
        let line = Arc::new(Barrier::new(RACERS));
        let tasks: Vec<_> = (0..RACERS)
            .map(|number| {
                let (line, racer) = (Arc::clone(&line), racer(number));
                let (client, base) = (self.client.clone(), self.base.clone());
                tokio::spawn(async move {
                    line.wait().await;
                    run(&client, &base, racer).await
                })
            })
            .collect();
        let mut finishes = Vec::new();
        for task in tasks {
            finishes.push(task.await.expect("no racer panics"));
        }
        finishes
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Finish {
        self.send(request(Method::POST, path, body)).await
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        let request = request(Method::GET, path, Value::Null);
        async move {
            let finish = self.send(request).await;
            assert_eq!(finish.status, 200, "{caller}: {}", finish.text);
            finish.json()
        }
    }

    pub(crate) async fn status_of(&self, path: &str) -> u16 {
        let request = request(Method::GET, path, Value::Null);
        self.send(request).await.status
    }

    /// A code of `mentor` in `org_race`.
    pub(crate) async fn code(&self, mentor: &str) -> Finish {
        let made = self
            .post(CODES, json!({"mentor_id": mentor, "org_id": "org_race"}))
            .await;
        assert_eq!(made.status, 201, "{}", made.text);
        made
    }

    pub(crate) async fn click(&self, code: &str) -> String {
        let made = self.post(ATTRIBUTIONS, json!({"code": code})).await;
        assert_eq!(made.status, 201, "{}", made.text);
        made.string("id")
    }

    /// Asserts that `mentor` has these clicks and conversions, by total and by list.
    pub(crate) async fn assert_counts(&self, mentor: &str, clicks: u64, conversions: u64) {
        let total = self
            .get(&format!("{ATTRIBUTIONS}/mentor/{mentor}/total"))
            .await;
        assert_eq!(total["total_clicks"], clicks);
        assert_eq!(total["total_conversions"], conversions);
        let list = format!("{ATTRIBUTIONS}?mentor_id={mentor}");
        assert_eq!(self.get(&list).await["pagination"]["total"], clicks);
        let confirmed = self.get(&format!("{list}&status=confirmed")).await;
        assert_eq!(confirmed["pagination"]["total"], conversions);
        let shown = confirmed["data"].as_array().map(Vec::len);
        assert_eq!(shown, usize::try_from(conversions).ok());
    }

    /// Asserts that `mentor` has these code records, the first of them active.
    pub(crate) async fn assert_codes(&self, mentor: &str, org: &str, newest_first: &[&str]) {
        for list in [RECORDS, CODES] {
            let listed = self.get(&format!("{list}?mentor_id={mentor}")).await;
            let ids: Vec<&str> = listed["data"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|record| record["id"].as_str().expect("an id"))
                .collect();
            assert_eq!(ids, newest_first);
            assert_eq!(listed["pagination"]["total"], newest_first.len());
        }
        let active = format!("{RECORDS}/active?mentor_id={mentor}&org_id={org}");
        let active = self.get(&active).await;
        assert_eq!(active["id"], newest_first[0]);
        let by_id = self.get(&format!("{RECORDS}/{}", newest_first[0])).await;
        assert_eq!(by_id, active);
        let code = active["code"].as_str().expect("a code");
        let by_code = self.get(&format!("{RECORDS}/lookup?code={code}")).await;
        assert_eq!(by_code, active);
    }
}

pub(crate) fn request(method: Method, path: &str, body: Value) -> Racer {
    Racer {
        method,
        path: path.to_owned(),
        key: None,
        body,
    }
}

async fn run(client: &Client, base: &str, racer: Racer) -> Finish {
    let mut request = client.request(racer.method, format!("{base}{}", racer.path));
    if let Some(key) = racer.key {
        request = request.header("idempotency-key", key);
    }
    if !racer.body.is_null() {
        request = request.json(&racer.body);
    }
    let answer = request.send().await.expect("an answer");
    let location = answer.headers().get("location");
    let location = location.map(|value| value.to_str().expect("text").to_owned());
    Finish {
        status: answer.status().as_u16(),
        location,
        text: answer.text().await.expect("a whole body"),
    }
}

/// The one finish with `status`; all the others have one of `others`.
#[track_caller]
pub(crate) fn winner<'f>(finishes: &'f [Finish], status: u16, others: &[u16]) -> &'f Finish {
    let (won, lost): (Vec<_>, Vec<_>) = finishes.iter().partition(|f| f.status == status);
    assert_eq!(won.len(), 1, "one effect: {won:?}");
    for finish in lost {
        assert!(others.contains(&finish.status), "{finish:?}");
    }
    won[0]
}

/// The losers' problem codes.
pub(crate) fn problems(finishes: &[Finish]) -> BTreeSet<String> {
    let lost = finishes.iter().filter(|finish| finish.status == 409);
    lost.map(|finish| finish.string("code")).collect()
}
