//! Which DynamoDB, and which table of it.

use super::error::SettingError;
use url::Url;

/// `TABLE_NAME`: `verv` unless given, which it must be on Lambda.
pub(super) fn table_name(value: Option<String>, on_lambda: bool) -> Result<String, SettingError> {
    const VARIABLE: &str = "TABLE_NAME";
    match value {
        Some(name) if is_table_name(&name) => Ok(name),
        Some(_) => Err(SettingError::new(
            VARIABLE,
            "must be 3 to 255 characters of A-Z a-z 0-9 _ . -, as DynamoDB names tables",
        )),
        None if on_lambda => Err(SettingError::new(VARIABLE, "must name the DynamoDB table")),
        None => Ok("verv".to_owned()),
    }
}

fn is_table_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (3..=255).contains(&name.len()) && name.bytes().all(allowed)
}

/// `AWS_ENDPOINT_URL_DYNAMODB`, which the SDK reads itself: where it names one, it must be the
/// address of a DynamoDB.
///
/// # Errors
/// [`SettingError`] that names the variable.
pub fn check_endpoint(value: Option<&str>) -> Result<(), SettingError> {
    let is_address = |text: &str| {
        let url = Url::parse(text);
        url.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
    };
    match value {
        Some(text) if !is_address(text) => Err(SettingError::new(
            "AWS_ENDPOINT_URL_DYNAMODB",
            "must be an http or https URL, such as http://127.0.0.1:8000",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_the_url_of_a_server() {
        for endpoint in [
            "http://127.0.0.1:8000",
            "https://dynamodb.eu-north-1.amazonaws.com",
            "http://[::1]:8000/",
        ] {
            assert!(check_endpoint(Some(endpoint)).is_ok(), "{endpoint}");
        }
        for endpoint in ["127.0.0.1:8000", "localhost:8000", "http://", "dynamodb"] {
            let error = check_endpoint(Some(endpoint)).expect_err(endpoint);
            let error = error.to_string();
            assert!(error.starts_with("AWS_ENDPOINT_URL_DYNAMODB"), "{error}");
        }
        assert!(check_endpoint(None).is_ok());
    }
}
