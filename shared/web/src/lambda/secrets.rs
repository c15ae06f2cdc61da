//! The secrets on AWS: read from Secrets Manager in init.
//!
//! `TOKEN_KEYS_SECRET` names the secret that holds the token keys, and `SETTINGS_SECRET` one that
//! holds other settings that are secrets, as a JSON object of variables. As environment variables
//! they would be readable to whoever may look at the function's configuration, and whoever has
//! the keys can sign tokens. By the SDK rather than the Parameters and Secrets extension: the
//! extension does not answer before init is over.

use crate::problem::chain;
use crate::settings::{SettingError, env_var};
use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use std::collections::BTreeMap;

const TOKEN_KEYS: &str = "TOKEN_KEYS_SECRET";
const SETTINGS: &str = "SETTINGS_SECRET";

/// The settings that `SETTINGS_SECRET` may hold.
const SECRET_SETTINGS: [&str; 2] = ["AUDIT_KEY", "TRUSTED_PROXY_SECRET"];

/// What `TOKEN_KEYS` would hold, if a secret holds it: the version that `TOKEN_KEYS_VERSION`
/// names, or the current one.
///
/// # Errors
/// [`SettingError`] that names the variable when the secret cannot be read.
pub(super) async fn token_keys(config: &SdkConfig) -> Result<Option<String>, SettingError> {
    secret(config, TOKEN_KEYS, env_var("TOKEN_KEYS_VERSION")).await
}

/// The other settings that a secret holds, by their variables.
///
/// # Errors
/// [`SettingError`] that names the variable when the secret cannot be read, or holds anything
/// else.
pub(super) async fn settings(config: &SdkConfig) -> Result<BTreeMap<String, String>, SettingError> {
    let held = secret(config, SETTINGS, None).await?;
    held.map_or(Ok(BTreeMap::new()), |text| members(&text))
}

/// The members of the JSON object in `SETTINGS_SECRET`.
fn members(text: &str) -> Result<BTreeMap<String, String>, SettingError> {
    let error = || {
        let names = SECRET_SETTINGS.join(" and ");
        let problem = format!("must hold a JSON object whose members are among {names}");
        SettingError::new(SETTINGS, problem)
    };
    let members: BTreeMap<String, String> = serde_json::from_str(text).map_err(|_| error())?;
    let is_known = |name: &String| SECRET_SETTINGS.contains(&name.as_str());
    if members.keys().all(is_known) {
        return Ok(members);
    }
    Err(error())
}

/// The text of the secret that `variable` names, if it names one.
async fn secret(
    config: &SdkConfig,
    variable: &'static str,
    version: Option<String>,
) -> Result<Option<String>, SettingError> {
    let Some(secret) = env_var(variable) else {
        return Ok(None);
    };
    let answer = Client::new(config)
        .get_secret_value()
        .secret_id(secret)
        .set_version_id(version)
        .send()
        .await
        .map_err(|error| {
            let cause = error
                .code()
                .map_or_else(|| chain(&error), ToOwned::to_owned);
            SettingError::new(
                variable,
                format!("names a secret that cannot be read: {cause}"),
            )
        })?;
    let text = answer
        .secret_string
        .ok_or_else(|| SettingError::new(variable, "names a secret that holds no text"))?;
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::members;

    #[test]
    fn a_secret_holds_the_settings_that_are_secrets_and_no_others() {
        let text = r#"{"AUDIT_KEY":"0123456789abcdef"}"#;
        let found = members(text).expect("valid");
        assert_eq!(found["AUDIT_KEY"], "0123456789abcdef");
        for wrong in [
            "",
            "0123456789abcdef",
            r#"{"TABLE_NAME":"x"}"#,
            r#"{"AUDIT_KEY":1}"#,
        ] {
            let error = members(wrong).expect_err("refused").to_string();
            assert!(error.starts_with("SETTINGS_SECRET"), "{error}");
        }
    }
}
