//! Records which permissions the calls of a client need.

use crate::policy::{Permissions, needed};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use std::sync::{Arc, Mutex, PoisonError};

/// Records; see the module. Clones share what was seen.
#[derive(Debug, Clone, Default)]
pub struct Recorder(Arc<Mutex<Permissions>>);

impl Recorder {
    /// A client of the DynamoDB at `endpoint` that is recorded.
    #[must_use]
    pub fn client(&self, endpoint: &str) -> Client {
        let plain = local::engine::client(endpoint);
        let config = plain.config().to_builder().interceptor(self.clone());
        Client::from_conf(config.build())
    }

    /// What was needed so far.
    #[must_use]
    pub fn seen(&self) -> Permissions {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Permissions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for Recorder {
    fn name(&self) -> &'static str {
        "Recorder"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.lock().extend(needed(context.request()));
        Ok(())
    }
}
