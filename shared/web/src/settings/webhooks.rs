//! Which receivers webhooks may have, and where deliveries wait.

use super::error::SettingError;
use domain::WebhookTargets;
use url::Url;

/// Reads `WEBHOOK_TARGETS`.
///
/// # Errors
/// It names no kind of receivers, or any but public ones on Lambda, whose network has what must
/// not be reached from outside.
pub(super) fn targets(
    value: Option<String>,
    on_lambda: bool,
) -> Result<WebhookTargets, SettingError> {
    match value.as_deref() {
        None if on_lambda => Ok(WebhookTargets::Public),
        Some("public") => Ok(WebhookTargets::Public),
        None | Some("any") if !on_lambda => Ok(WebhookTargets::Any),
        Some(_) | None => {
            let problem = match on_lambda {
                true => "must be public on Lambda",
                false => "must be public or any",
            };
            Err(SettingError::new("WEBHOOK_TARGETS", problem))
        }
    }
}

/// Reads `WEBHOOK_QUEUE_URL`.
///
/// # Errors
/// It is not a URL.
pub(super) fn queue(value: Option<String>) -> Result<Option<Url>, SettingError> {
    let read = value.map(|text| text.parse()).transpose();
    read.map_err(|_| SettingError::new("WEBHOOK_QUEUE_URL", "must be the URL of an SQS queue"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receivers_are_public_on_lambda() {
        use WebhookTargets::{Any, Public};
        for (value, on_lambda, targets) in [
            (None, true, Some(Public)),
            (Some("public"), true, Some(Public)),
            (Some("any"), true, None),
            (None, false, Some(Any)),
            (Some("any"), false, Some(Any)),
            (Some("public"), false, Some(Public)),
            (Some("https"), false, None),
        ] {
            let read = super::targets(value.map(ToOwned::to_owned), on_lambda);
            assert_eq!(read.ok(), targets, "{value:?} {on_lambda}");
        }
    }
}
