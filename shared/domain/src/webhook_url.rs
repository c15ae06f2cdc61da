//! Where a webhook's deliveries go.

use crate::text::{Invalid, string_newtype};
use url::Url;

/// How long a URL may be, in bytes.
const LONGEST: usize = 2_048;

string_newtype!(
    /// An absolute http or https URL of at most 2,048 bytes, without user information, which would
    /// be a password in a list, and without a fragment, which is sent to nobody.
    WebhookUrl,
    parse
);

/// Which receivers a deployment sends to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookTargets {
    /// Those at public addresses, by https.
    Public,
    /// Any, such as a receiver that is tried out on the same machine.
    Any,
}

impl WebhookUrl {
    /// Whether deliveries are encrypted on their way.
    pub fn is_https(&self) -> bool {
        self.as_str().starts_with("https:")
    }

    /// Whether a deployment that sends to `targets` sends here, as far as the URL itself says.
    pub fn is_among(&self, targets: WebhookTargets) -> bool {
        match targets {
            WebhookTargets::Public => self.is_https(),
            WebhookTargets::Any => true,
        }
    }
}

fn parse(text: &str) -> Result<String, Invalid> {
    const INVALID: Invalid = Invalid(
        "must be an http or https URL of at most 2048 bytes, without user information and fragment",
    );
    if text.len() > LONGEST {
        return Err(INVALID);
    }
    let url = Url::parse(text).map_err(|_| INVALID)?;
    let is_plain = matches!(url.scheme(), "http" | "https")
        && url.host_str().is_some_and(|host| !host.is_empty())
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none();
    // Escaping makes it longer.
    if is_plain && url.as_str().len() <= LONGEST {
        Ok(url.into())
    } else {
        Err(INVALID)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_in_its_usual_form() {
        for (text, read) in [
            ("https://hooks.example", "https://hooks.example/"),
            (
                "HTTPS://Hooks.Example:443/a?b=c",
                "https://hooks.example/a?b=c",
            ),
            ("http://127.0.0.1:8080/verv", "http://127.0.0.1:8080/verv"),
            ("https://blåbær.no/", "https://xn--blbr-roah.no/"),
        ] {
            let url: WebhookUrl = text.parse().expect("a URL");
            assert_eq!(url.as_str(), read);
        }
    }

    #[test]
    fn what_cannot_be_delivered_to_is_refused() {
        let long = format!("https://hooks.example/{}", "a".repeat(LONGEST));
        let escaped = format!("https://hooks.example/{}", "å".repeat(700));
        for text in [
            "",
            "hooks.example/verv",
            "ftp://hooks.example/",
            "https://",
            "https://user@hooks.example/",
            "https://user:secret@hooks.example/",
            "https://:secret@hooks.example/",
            "https://hooks.example/#here",
            "javascript:alert(1)",
            &long,
            &escaped,
        ] {
            assert!(text.parse::<WebhookUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn plain_http_is_sent_to_where_any_receiver_is() {
        let plain: WebhookUrl = "http://127.0.0.1:8080/".parse().expect("a URL");
        let encrypted: WebhookUrl = "https://hooks.example/".parse().expect("a URL");
        for (url, targets, is_among) in [
            (&plain, WebhookTargets::Public, false),
            (&plain, WebhookTargets::Any, true),
            (&encrypted, WebhookTargets::Public, true),
            (&encrypted, WebhookTargets::Any, true),
        ] {
            assert_eq!(url.is_among(targets), is_among, "{url} {targets:?}");
        }
    }
}
