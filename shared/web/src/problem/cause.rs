//! Why a request failed: for the log, never for the caller.

use std::error::Error;
use std::sync::Arc;

/// The error behind a failed request.
#[derive(Debug, Clone)]
pub(crate) struct Cause(Arc<dyn Error + Send + Sync>);

impl Cause {
    pub(crate) fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(error.into()))
    }

    /// The error and its sources, each once: "DynamoDB …: dispatch failure: …".
    pub(crate) fn chain(&self) -> String {
        chain(&*self.0)
    }
}

/// What an error and its sources say, each once. Their `Debug` is no text for a log: the SDK's
/// holds the bodies of requests and answers.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
