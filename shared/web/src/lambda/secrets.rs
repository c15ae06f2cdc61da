//! The token keys on AWS: read from Secrets Manager in init.
//!
//! `TOKEN_KEYS_SECRET` names the secret. As an environment variable the keys would be readable
//! to whoever may look at the function's configuration, and whoever has them can sign tokens.
//! By the SDK rather than the Parameters and Secrets extension: the extension does not answer
//! before init is over.

use crate::problem::chain;
use crate::settings::{SettingError, env_var};
use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;

const SECRET: &str = "TOKEN_KEYS_SECRET";

/// What `TOKEN_KEYS` would hold, if a secret holds it: the version that `TOKEN_KEYS_VERSION`
/// names, or the current one.
///
/// # Errors
/// [`SettingError`] that names the variable when the secret cannot be read.
pub(super) async fn token_keys(config: &SdkConfig) -> Result<Option<String>, SettingError> {
    let Some(secret) = env_var(SECRET) else {
        return Ok(None);
    };
    let answer = Client::new(config)
        .get_secret_value()
        .secret_id(secret)
        .set_version_id(env_var("TOKEN_KEYS_VERSION"))
        .send()
        .await
        .map_err(|error| {
            let cause = error
                .code()
                .map_or_else(|| chain(&error), ToOwned::to_owned);
            SettingError::new(
                SECRET,
                format!("names a secret that cannot be read: {cause}"),
            )
        })?;
    let text = answer
        .secret_string
        .ok_or_else(|| SettingError::new(SECRET, "names a secret that holds no text"))?;
    Ok(Some(text))
}
