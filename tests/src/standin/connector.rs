//! The layer itself: which calls are modelled, and how long they take.

use super::call::{Call, Response};
use super::options::Options;
use super::shared::Shared;
use crate::wire::operation_of;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Connector {
    inner: SharedHttpConnector,
    shared: Arc<Shared>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let call = || Call::new(&request, &self.inner, &self.shared);
        let Options { reads, writes, .. } = self.shared.options;
        match operation_of(&request).as_str() {
            "GetItem" => HttpConnectorFuture::new(self.timed(reads, call().get())),
            "BatchGetItem" => HttpConnectorFuture::new(self.timed(reads, call().batch_get())),
            "Query" => HttpConnectorFuture::new(self.timed(reads, call().query())),
            "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" => {
                detached(self.timed(writes, call().write()))
            }
            "TransactWriteItems" => detached(self.timed(writes, call().transact())),
            _ => self.inner.call(request),
        }
    }
}

impl Connector {
    pub(super) fn new(inner: SharedHttpConnector, shared: Arc<Shared>) -> Self {
        Self { inner, shared }
    }

    /// `call`, which takes `least` if it is done sooner.
    fn timed<C: Future<Output = Response>>(
        &self,
        least: Duration,
        call: C,
    ) -> impl Future<Output = Response> + use<C> {
        let shared = Arc::clone(&self.shared);
        async move {
            let end = shared.watch.now() + least;
            let answer = call.await;
            shared.watch.wait_until(end).await;
            answer
        }
    }
}

/// A write is made even if its caller does not wait for the answer.
fn detached(write: impl Future<Output = Response> + Send + 'static) -> HttpConnectorFuture {
    let task = tokio::spawn(write);
    HttpConnectorFuture::new(async {
        match task.await {
            Ok(answer) => answer,
            Err(stopped) if stopped.is_panic() => resume_unwind(stopped.into_panic()),
            Err(stopped) => Err(ConnectorError::other(stopped.into(), None)),
        }
    })
}
