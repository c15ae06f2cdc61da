//! Faults of DynamoDB that the embedded engine never shows, put in at the HTTP connector:
//! the SDK's own retries and classification are part of what is tested.

use crate::wire::{self, body_of, operation_of};
use aws_sdk_dynamodb::Client;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The account or the table throttles.
    Throttled,
    /// The partition is out of capacity.
    ThroughputExceeded,
    /// Another transaction holds an item of this one. Nothing is written.
    Conflict,
    /// The call is carried out; its answer breaks off on the way back.
    LostAnswer,
    /// The call is carried out; its answer does not come in time.
    LateAnswer,
    /// The call is not carried out, and never answered.
    NoAnswer,
    /// An earlier attempt at this transaction is not done yet. Nothing is written.
    InProgress,
    /// DynamoDB fails inside, and says so.
    InternalError,
    /// Something in front of DynamoDB fails, and does not speak its protocol.
    BadGateway,
    /// A query finds nothing on its first page, and is to go on.
    EmptyPage,
    /// A batch of reads is put off as a whole: every key comes back unprocessed.
    PutOff,
}

type Choice = dyn Fn(&str, usize) -> Option<Fault> + Send + Sync;

/// Chooses a fault for each call, and counts the calls. Clones share both.
#[derive(Clone)]
pub struct Faults(Arc<Mutex<State>>);

struct State {
    choose: Arc<Choice>,
    calls: HashMap<String, usize>,
}

impl Default for Faults {
    fn default() -> Self {
        Self::none()
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faults")
    }
}

impl Faults {
    /// No faults yet.
    pub fn none() -> Self {
        Self(Arc::new(Mutex::new(State {
            choose: Arc::new(|_, _| None),
            calls: HashMap::new(),
        })))
    }

    /// From now on, `choose` gives the fault of each call: it gets the operation, such as
    /// `PutItem`, and the number of the call among those of its operation since this
    /// moment, the SDK's retries included: 1 for the first.
    pub fn set(&self, choose: impl Fn(&str, usize) -> Option<Fault> + Send + Sync + 'static) {
        self.with(|state| {
            state.choose = Arc::new(choose);
            state.calls.clear();
        });
    }

    /// From now on, the first call of `operation` has `fault`, the others none.
    pub fn once(&self, operation: &'static str, fault: Fault) {
        self.set(move |called, number| (called == operation && number == 1).then_some(fault));
    }

    /// From now on, every call of `operation` has `fault`.
    pub fn always(&self, operation: &'static str, fault: Fault) {
        self.set(move |called, _| (called == operation).then_some(fault));
    }

    /// From now on, nothing goes wrong.
    pub fn clear(&self) {
        self.set(|_, _| None);
    }

    /// How many calls of `operation` there were since the faults were last set.
    pub fn calls(&self, operation: &str) -> usize {
        self.with(|state| state.calls.get(operation).copied().unwrap_or(0))
    }

    /// A client of the DynamoDB at `endpoint` whose calls meet these faults. The SDK
    /// retries as it does on AWS, but pauses for about a millisecond only.
    pub fn client(&self, endpoint: &str) -> Client {
        wire::client(endpoint, self.in_front_of(wire::plain()))
    }

    /// The faults in front of another layer, such as the stand-in.
    pub fn in_front_of(&self, inner: SharedHttpClient) -> SharedHttpClient {
        let faults = self.clone();
        wire::layered(inner, move |inner| Connector {
            inner,
            faults: faults.clone(),
        })
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn next(&self, operation: &str) -> Option<Fault> {
        let (choose, number) = self.with(|state| {
            let number = state.calls.entry(operation.to_owned()).or_default();
            *number += 1;
            (Arc::clone(&state.choose), *number)
        });
        choose(operation, number)
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    faults: Faults,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(fault) = self.faults.next(&operation_of(&request)) else {
            return self.inner.call(request);
        };
        let carry_out = |failure: fn() -> ConnectorError| {
            let carried_out = self
                .inner
                .call(request.try_clone().expect("a body in memory"));
            HttpConnectorFuture::new(async move {
                carried_out.await?;
                Err(failure())
            })
        };
        match fault {
            Fault::LostAnswer => {
                carry_out(|| ConnectorError::io("the connection broke off".into()))
            }
            Fault::LateAnswer => {
                carry_out(|| ConnectorError::timeout("the answer took too long".into()))
            }
            Fault::NoAnswer => HttpConnectorFuture::new(std::future::pending()),
            Fault::InProgress => refuse(400, &error("TransactionInProgressException")),
            Fault::Throttled => refuse(400, &error("ThrottlingException")),
            Fault::ThroughputExceeded => {
                refuse(400, &error("ProvisionedThroughputExceededException"))
            }
            Fault::InternalError => refuse(500, &error("InternalServerError")),
            Fault::BadGateway => answer(502, "<html>Bad Gateway</html>".to_owned()),
            Fault::Conflict => refuse(400, &conflict(&body_of(&request))),
            Fault::EmptyPage => refuse(200, &empty_page(&body_of(&request))),
            Fault::PutOff => refuse(200, &put_off(&body_of(&request))),
        }
    }
}

const INJECTED: &str = "injected by a test";

fn error(kind: &str) -> Value {
    wire::error(kind, INJECTED)
}

/// Every write of the transaction but the first met no conflict.
fn conflict(request: &Value) -> Value {
    let writes = request["TransactItems"].as_array().map_or(1, Vec::len);
    let mut codes = vec![None; writes];
    if let Some(first) = codes.first_mut() {
        *first = Some("TransactionConflict");
    }
    wire::cancelled(&codes, INJECTED)
}

/// Nothing is read, and all keys are to be read again.
fn put_off(batch: &Value) -> Value {
    json!({"Responses": {}, "UnprocessedKeys": batch["RequestItems"]})
}

/// A page without items, and a key in front of all that the query is to find.
fn empty_page(query: &Value) -> Value {
    let values = &query["ExpressionAttributeValues"];
    let (bound, beyond) = match query["ScanIndexForward"].as_bool() {
        Some(false) => (":to", "~"),
        _ => (":from", " "),
    };
    let sort = values
        .get(bound)
        .cloned()
        .unwrap_or_else(|| json!({"S": beyond}));
    let hash = query["ExpressionAttributeNames"]["#pk"]
        .as_str()
        .expect("the partition key's name");
    let range = hash.replace("pk", "sk");
    let mut key = json!({"pk": values[":pk"], "sk": sort});
    key[hash] = values[":pk"].clone();
    key[range] = sort;
    json!({"Items": [], "Count": 0, "ScannedCount": 0, "LastEvaluatedKey": key})
}

fn refuse(status: u16, body: &Value) -> HttpConnectorFuture {
    answer(status, body.to_string())
}

fn answer(status: u16, body: String) -> HttpConnectorFuture {
    HttpConnectorFuture::ready(wire::respond(status, body))
}
