//! One call on its way through the layer.

use super::buckets::Kind;
use super::keys::{Image, ItemKey, Partition};
use super::shared::Shared;
use crate::wire::{Answer, body_of, error, operation_of, respond, rewritten};
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

pub(super) type Response = Result<HttpResponse, ConnectorError>;

pub(super) struct Call {
    pub(super) operation: String,
    pub(super) body: Value,
    pub(super) shared: Arc<Shared>,
    request: HttpRequest,
    inner: SharedHttpConnector,
}

impl Call {
    pub(super) fn new(
        request: &HttpRequest,
        inner: &SharedHttpConnector,
        shared: &Arc<Shared>,
    ) -> Self {
        Self {
            operation: operation_of(request),
            body: body_of(request),
            request: request.try_clone().expect("a body in memory"),
            inner: inner.clone(),
            shared: Arc::clone(shared),
        }
    }

    /// The call as it is, for what the layer does not know: the engine refuses it or not.
    pub(super) async fn pass_on(&self) -> Response {
        let request = self.request.try_clone().expect("a body in memory");
        self.inner.call(request).await
    }

    /// The call with another body.
    pub(super) async fn forward(&self, body: &Value) -> Result<Answer, ConnectorError> {
        self.ask(&self.operation, body).await
    }

    async fn ask(&self, operation: &str, body: &Value) -> Result<Answer, ConnectorError> {
        let request = rewritten(&self.request, operation, body);
        Answer::read(self.inner.call(request).await?).await
    }

    /// The items at `keys` as they are, past the layer; `None` if the engine refuses to
    /// read them.
    pub(super) async fn images(
        &self,
        keys: impl Iterator<Item = &ItemKey>,
    ) -> Result<Option<HashMap<ItemKey, Arc<Image>>>, ConnectorError> {
        let schema = &self.shared.options.schema;
        let mut tables: HashMap<&str, Vec<&ItemKey>> = HashMap::new();
        for key in keys {
            let wanted = tables.entry(&key.table).or_default();
            if !wanted.contains(&key) {
                wanted.push(key);
            }
        }
        let mut wanted = json!({});
        for (table, keys) in &tables {
            let keys: Value = keys.iter().map(|key| schema.wire_key(key)).collect();
            wanted[*table] = json!({"ConsistentRead": true, "Keys": keys});
        }
        let mut images = HashMap::new();
        while wanted.as_object().is_some_and(|tables| !tables.is_empty()) {
            let mut answer = self
                .ask("BatchGetItem", &json!({"RequestItems": wanted}))
                .await?;
            if !answer.is_success() {
                return Ok(None);
            }
            for table in tables.keys() {
                let Value::Array(items) = answer.body["Responses"][*table].take() else {
                    continue;
                };
                for item in items {
                    let Value::Object(item) = item else { continue };
                    if let Some(key) = schema.item_key(table, &item) {
                        images.insert(key, Arc::new(item));
                    }
                }
            }
            wanted = answer.body["UnprocessedKeys"].take();
        }
        Ok(Some(images))
    }
}

/// The body with what makes the engine tell the capacity that the call consumes.
pub(super) fn metered(mut body: Value) -> Value {
    if !matches!(body["ReturnConsumedCapacity"].as_str(), Some("INDEXES")) {
        body["ReturnConsumedCapacity"] = "TOTAL".into();
    }
    body
}

pub(super) fn refuse(kind: &str, message: &str) -> Response {
    respond(400, error(kind, message).to_string())
}

/// DynamoDB's answer to a call that finds `partition` over its limit.
pub(super) fn throttled(partition: &Partition, kind: Kind) -> Response {
    let action = match kind {
        Kind::Reads => "Read",
        Kind::Writes => "Write",
    };
    let (resource, path) = match partition.index {
        Some(index) => ("Index", format!("{}/index/{index}", partition.table)),
        None => ("Table", partition.table.clone()),
    };
    let mut body = error(
        "ThrottlingException",
        "Throughput exceeds the current capacity of a partition key",
    );
    body["throttlingReasons"] = json!([{
        "reason": format!("{resource}{action}KeyRangeThroughputExceeded"),
        "resource": format!("arn:aws:dynamodb:local:000000000000:table/{path}"),
    }]);
    respond(400, body.to_string())
}
