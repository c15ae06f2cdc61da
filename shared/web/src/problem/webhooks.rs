//! What a refused operation on a webhook is answered.

use super::{Problem, no_such_record};
use domain::webhook::{MOST_OF_ORG, WebhookRefusal};

impl From<WebhookRefusal> for Problem {
    fn from(refusal: WebhookRefusal) -> Self {
        match refusal {
            WebhookRefusal::OutOfScope => Self::forbidden(),
            WebhookRefusal::NotFound => no_such_record(),
            WebhookRefusal::TooMany => Self::conflict(
                "too_many_webhooks",
                format!("An organisation may have {MOST_OF_ORG} webhooks."),
            ),
            WebhookRefusal::PlainHttp => {
                Self::unprocessable("https_required", "Events are delivered by https alone.")
                    .with_field("url", "must be an https URL")
            }
            WebhookRefusal::Disabled => Self::conflict(
                "webhook_disabled",
                "Nothing is delivered to a webhook that is disabled.",
            ),
        }
    }
}
