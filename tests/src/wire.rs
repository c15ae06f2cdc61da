//! DynamoDB's protocol as a layer at the HTTP connector sees it: what a request holds, how
//! DynamoDB refuses it, and clients whose calls go through such layers. [`crate::faults`]
//! and [`crate::standin`] share it.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use local::engine;
use serde_json::{Value, json};
use std::time::Duration;

/// HTTP without a layer.
pub fn plain() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}

/// `inner` with the connector that `wrap` makes of each of its own in front.
pub fn layered<C: HttpConnector + 'static>(
    inner: SharedHttpClient,
    wrap: impl Fn(SharedHttpConnector) -> C + Send + Sync + 'static,
) -> SharedHttpClient {
    http_client_fn(move |settings, components| {
        SharedHttpConnector::new(wrap(inner.http_connector(settings, components)))
    })
}

/// A client of the DynamoDB at `endpoint` whose calls go through `http`. The SDK retries as
/// it does on AWS, but pauses for about a millisecond only.
pub fn client(endpoint: &str, http: SharedHttpClient) -> Client {
    let config = engine::client(endpoint)
        .config()
        .to_builder()
        .http_client(http)
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
        .build();
    Client::from_conf(config)
}

/// The operation that a request calls, such as `PutItem`.
pub(crate) fn operation_of(request: &HttpRequest) -> String {
    let target = request.headers().get("x-amz-target").unwrap_or("");
    target.rsplit('.').next().unwrap_or("").to_owned()
}

pub(crate) fn body_of(request: &HttpRequest) -> Value {
    let bytes = request.body().bytes().expect("a body in memory");
    serde_json::from_slice(bytes).expect("DynamoDB's protocol is JSON")
}

/// `request` as a call of `operation` with `body`. Its signature no longer fits, which an
/// embedded engine does not check.
pub(crate) fn rewritten(request: &HttpRequest, operation: &str, body: &Value) -> HttpRequest {
    let mut request = request.try_clone().expect("a body in memory");
    let text = body.to_string();
    let headers = request.headers_mut();
    headers.insert("content-length", text.len().to_string());
    headers.insert("x-amz-target", format!("DynamoDB_20120810.{operation}"));
    *request.body_mut() = SdkBody::from(text);
    request
}

/// The body of an error of DynamoDB.
pub(crate) fn error(kind: &str, message: &str) -> Value {
    json!({
        "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"),
        "message": message,
    })
}

/// The body of a cancelled transaction: a code for each write, `None` for those that did
/// not cancel it.
pub(crate) fn cancelled(codes: &[Option<&str>], message: &str) -> Value {
    let reasons = codes.iter().map(|code| match code {
        Some(code) => json!({"Code": code, "Message": message}),
        None => json!({"Code": "None"}),
    });
    let mut body = error("TransactionCanceledException", message);
    body["CancellationReasons"] = reasons.collect();
    body
}

pub(crate) fn respond(
    status: u16,
    body: impl Into<SdkBody>,
) -> Result<HttpResponse, ConnectorError> {
    http::Response::builder()
        .status(status)
        .header("content-type", "application/x-amz-json-1.0")
        .body(body.into())
        .map_err(|error| ConnectorError::other(error.into(), None))
        .and_then(|response| {
            HttpResponse::try_from(response)
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
}

/// An answer read to its end.
pub(crate) struct Answer {
    response: HttpResponse,
    pub(crate) body: Value,
}

impl Answer {
    /// # Errors
    /// The answer breaks off.
    pub(crate) async fn read(mut response: HttpResponse) -> Result<Self, ConnectorError> {
        let bytes = ByteStream::new(response.take_body())
            .collect()
            .await
            .map_err(|error| ConnectorError::io(error.into()))?
            .into_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        *response.body_mut() = SdkBody::from(bytes);
        Ok(Self { response, body })
    }

    pub(crate) fn is_success(&self) -> bool {
        self.response.status().is_success()
    }

    /// Whether DynamoDB refused the call, so that nothing was written for certain.
    pub(crate) fn is_refusal(&self) -> bool {
        self.response.status().is_client_error()
    }

    /// The answer as it came.
    pub(crate) fn unchanged(self) -> HttpResponse {
        self.response
    }

    /// The answer with the body as it is now.
    pub(crate) fn changed(mut self) -> HttpResponse {
        let text = self.body.to_string();
        let headers = self.response.headers_mut();
        headers.insert("content-length", text.len().to_string());
        headers.remove("x-amz-crc32");
        *self.response.body_mut() = SdkBody::from(text);
        self.response
    }
}
