//! The HTTP client of functions without a table: it connects to nothing. The SDK's own loads the
//! machine's certificates as soon as it is made, which is most of such a function's cold start.

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;

#[derive(Debug)]
struct Unconnected;

impl HttpConnector for Unconnected {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let error = ConnectorError::user("this function has no table".into());
        HttpConnectorFuture::ready(Err(error))
    }
}

pub(super) fn http_client() -> SharedHttpClient {
    http_client_fn(|_, _| SharedHttpConnector::new(Unconnected))
}
