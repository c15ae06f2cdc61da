//! Records which permissions the calls of a client need: action, table or index, and the
//! prefix of the partition key, which is what IAM's `dynamodb:LeadingKeys` compares.

use aws_sdk_dynamodb::Client;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// One permission.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// `None` is the table itself.
    pub index: Option<String>,
    /// `dynamodb:GetItem`.
    pub action: String,
    /// `CODE#*`, or a whole key where it holds no `#`.
    pub keys: String,
}

/// Records; see the module. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Recorder {
    http: SharedHttpClient,
    seen: Arc<Mutex<BTreeSet<Permission>>>,
}

impl Recorder {
    /// A recorder in front of plain HTTP.
    #[must_use]
    pub fn new() -> Self {
        Self {
            http: aws_smithy_http_client::Builder::new().build_http(),
            seen: Arc::default(),
        }
    }

    /// A client of the DynamoDB at `endpoint` that is recorded.
    #[must_use]
    pub fn client(&self, endpoint: &str) -> Client {
        let plain = local::engine::client(endpoint);
        let config = plain.config().to_builder().http_client(self.clone());
        Client::from_conf(config.build())
    }

    /// What was needed so far.
    #[must_use]
    pub fn seen(&self) -> BTreeSet<Permission> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<Permission>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpClient for Recorder {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.http.http_connector(settings, components);
        SharedHttpConnector::new(RecordingConnector {
            recorder: self.clone(),
            inner,
        })
    }
}

#[derive(Debug, Clone)]
struct RecordingConnector {
    recorder: Recorder,
    inner: SharedHttpConnector,
}

impl HttpConnector for RecordingConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or("");
        let operation = target.rsplit('.').next().unwrap_or("");
        let body = request.body().bytes().unwrap_or_default();
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        self.recorder.lock().extend(needed(operation, &body));
        self.inner.call(request)
    }
}

/// The permissions that one call needs.
///
/// # Panics
/// On an operation that no permission is known for: it must be added here.
fn needed(operation: &str, body: &Value) -> Vec<Permission> {
    match operation {
        "GetItem" | "DeleteItem" | "UpdateItem" => vec![on_table(operation, &body["Key"])],
        "PutItem" => vec![on_table(operation, &body["Item"])],
        "Query" => {
            let key = &body["ExpressionAttributeValues"][":pk"]["S"];
            let index = body["IndexName"].as_str().map(ToOwned::to_owned);
            vec![permission(operation, index, key)]
        }
        "BatchGetItem" => values(&body["RequestItems"])
            .flat_map(|table| table["Keys"].as_array().into_iter().flatten())
            .map(|key| on_table(operation, key))
            .collect(),
        // A transaction needs what its writes need one by one.
        "TransactWriteItems" => (body["TransactItems"].as_array().into_iter().flatten())
            .flat_map(|write| write.as_object().into_iter().flatten())
            .map(|(kind, write)| match kind.as_str() {
                "Put" => on_table("PutItem", &write["Item"]),
                "Update" => on_table("UpdateItem", &write["Key"]),
                "Delete" => on_table("DeleteItem", &write["Key"]),
                "ConditionCheck" => on_table("ConditionCheckItem", &write["Key"]),
                other => panic!("{other} in a transaction"),
            })
            .collect(),
        other => panic!("no permission is known for {other}"),
    }
}

fn values(object: &Value) -> impl Iterator<Item = &Value> {
    object.as_object().into_iter().flat_map(Map::values)
}

fn on_table(operation: &str, key: &Value) -> Permission {
    permission(operation, None, &key["pk"]["S"])
}

fn permission(operation: &str, index: Option<String>, key: &Value) -> Permission {
    let key = key.as_str().expect("a partition key");
    Permission {
        action: format!("dynamodb:{operation}"),
        index,
        keys: match key.split_once('#') {
            Some((kind, _)) => format!("{kind}#*"),
            None => key.to_owned(),
        },
    }
}
