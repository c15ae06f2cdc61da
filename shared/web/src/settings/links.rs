//! Where links lead.

use super::error::SettingError;
use url::Url;

/// Reads `JOIN_BASE_URL`.
///
/// # Errors
/// It is no URL for links, or missing on Lambda.
pub(super) fn join_base_url(value: Option<String>, on_lambda: bool) -> Result<Url, SettingError> {
    let variable = "JOIN_BASE_URL";
    match value {
        Some(text) => url(variable, &text, on_lambda),
        // The contract's example would send recruits to strangers.
        None if on_lambda => Err(SettingError::new(
            variable,
            "must be the https URL of the page where people join",
        )),
        None => url(variable, "https://app.org.no/join", on_lambda),
    }
}

/// Reads `SHORT_BASE_URL`.
///
/// # Errors
/// It is no URL for links.
pub(super) fn short_base_url(
    value: Option<String>,
    on_lambda: bool,
) -> Result<Option<Url>, SettingError> {
    let local = (!on_lambda).then(|| "https://org.no/r".to_owned());
    let text = value.or(local);
    text.map(|text| url("SHORT_BASE_URL", &text, on_lambda))
        .transpose()
}

/// Reads `LINK_FALLBACK_URL`.
///
/// # Errors
/// It is no URL for links.
pub(super) fn fallback_url(
    value: Option<String>,
    on_lambda: bool,
) -> Result<Option<Url>, SettingError> {
    value
        .map(|text| url("LINK_FALLBACK_URL", &text, on_lambda))
        .transpose()
}

/// On Lambda, links lead over TLS alone.
fn url(variable: &'static str, text: &str, on_lambda: bool) -> Result<Url, SettingError> {
    let url = Url::parse(text).ok().filter(Url::has_host);
    let url = url.filter(|url| match url.scheme() {
        "https" => true,
        "http" => !on_lambda,
        _ => false,
    });
    let problem = if on_lambda {
        "must be an https URL"
    } else {
        "must be an http or https URL"
    };
    url.ok_or_else(|| SettingError::new(variable, problem))
}
