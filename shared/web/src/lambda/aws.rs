//! How a function reaches AWS: as the environment says, and no other source is tried.
//!
//! The SDK's default chains would go on to files and to the instance metadata service, which
//! answers nobody on Lambda: a misconfigured function would be slow instead of wrong.

use crate::settings::{SettingError, check_endpoint, env_var};
use aws_config::environment::{
    EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider,
};
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use std::time::Duration;

/// A TLS handshake within a region takes some 10 ms.
const CONNECT: Duration = Duration::from_secs(1);
/// The slowest call, a transaction of 100 items, takes some 200 ms.
const ATTEMPT: Duration = Duration::from_secs(2);
/// All attempts of one call, with the pauses between them. A transaction that is not finished
/// then is tried once more (`store::transaction`), within the ten seconds of a request.
const OPERATION: Duration = Duration::from_secs(5);
const ATTEMPTS: u32 = 4;
/// The SDK begins at a second, which is longer than a request may take; DynamoDB's own advice
/// is 50 ms.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Region, credentials and endpoints of the environment.
///
/// # Errors
/// The variable at fault, by name.
pub(super) async fn config() -> Result<SdkConfig, SettingError> {
    check_endpoint(env_var("AWS_ENDPOINT_URL_DYNAMODB").as_deref())?;
    if env_var("AWS_REGION").is_none() && env_var("AWS_DEFAULT_REGION").is_none() {
        return Err(SettingError::new("AWS_REGION", "must name the AWS region"));
    }
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        if env_var(name).is_none() {
            return Err(SettingError::new(
                name,
                "must be set, as Lambda sets it; any text will do for a local DynamoDB",
            ));
        }
    }
    let config = aws_config::defaults(BehaviorVersion::latest())
        .region(EnvironmentVariableRegionProvider::new())
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .timeout_config(timeouts())
        .retry_config(retries());
    Ok(config.load().await)
}

/// How long a call to AWS may take.
#[must_use]
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build()
}

/// How often and how soon a failed call to AWS is tried again.
#[must_use]
pub fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(FIRST_PAUSE)
        .with_max_backoff(LONGEST_PAUSE)
}
