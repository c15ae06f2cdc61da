//! A click on a code, and the recruitment it may become.

use crate::clock::Timestamp;
use crate::code::Code;
use crate::ids::{AttributionId, MemberId, MentorId, OrgId, ProgramId};
use crate::text::{Invalid, string_newtype};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Whether an attribution is still a click or has become a recruitment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributionType {
    /// A click that nobody has joined after yet.
    Click,
    /// A click that became a recruitment.
    Conversion,
}

/// How a recruitment came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// After a click on the code's link.
    #[default]
    Click,
    /// By the code alone, typed where the member joined. There is no click to count.
    Typed,
}

/// Whether the recruitment is confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributionStatus {
    /// Not confirmed.
    Pending,
    /// Confirmed, with a member.
    Confirmed,
}

/// The member who joined, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// Who joined.
    pub member: MemberId,
    /// When.
    pub confirmed_at: Timestamp,
}

/// Who clicked, as far as is known and the operator keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Visitor {
    /// The address, as far as the policy keeps it.
    pub ip_address: Option<IpAddr>,
    /// The browser's own description.
    pub user_agent: Option<UserAgent>,
    /// The page that the click came from.
    pub referrer_url: Option<ReferrerUrl>,
}

/// A click on a code, with its owner at that time, and the recruitment it became; or a
/// recruitment by the code alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribution {
    /// Its id, which holds when it was recorded.
    pub id: AttributionId,
    /// A click, or a code that was typed.
    pub source: Source,
    /// The code that was clicked or typed.
    pub code: Code,
    /// Who owned the code.
    pub mentor: MentorId,
    /// In which organisation.
    pub org: OrgId,
    /// The program of the code at that time.
    pub program: Option<ProgramId>,
    /// Who clicked.
    pub visitor: Visitor,
    /// When the click occurred; without one, when the recruitment was confirmed.
    pub occurred_at: Timestamp,
    /// The recruitment that it became.
    pub conversion: Option<Conversion>,
    /// When an unconfirmed click ceases to exist; `None` is never.
    pub expires_at: Option<Timestamp>,
}

impl Attribution {
    /// When the click, or the recruitment without one, was recorded.
    pub fn created_at(&self) -> Timestamp {
        self.id.made_at().into()
    }

    /// Whether the click has ceased to exist at `now`, unconfirmed.
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.conversion.is_none() && self.expires_at.is_some_and(|end| end.instant() <= now)
    }

    /// A click or a conversion.
    pub fn kind(&self) -> AttributionType {
        match self.conversion {
            None => AttributionType::Click,
            Some(_) => AttributionType::Conversion,
        }
    }

    /// Pending or confirmed.
    pub fn status(&self) -> AttributionStatus {
        match self.conversion {
            None => AttributionStatus::Pending,
            Some(_) => AttributionStatus::Confirmed,
        }
    }
}

/// How much of a visitor's address is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IpPolicy {
    /// The whole address, as the contract shows it.
    #[default]
    Full,
    /// The network only: /24 of IPv4, /48 of IPv6.
    Truncate,
    /// Nothing.
    None,
}

impl IpPolicy {
    /// What of `address` is kept.
    pub fn apply(self, address: IpAddr) -> Option<IpAddr> {
        match (self, address) {
            (Self::Full, _) => Some(address),
            (Self::None, _) => None,
            (Self::Truncate, IpAddr::V4(v4)) => {
                let [a, b, c, _] = v4.octets();
                Some(IpAddr::from([a, b, c, 0]))
            }
            (Self::Truncate, IpAddr::V6(v6)) => {
                let [a, b, c, ..] = v6.segments();
                Some(IpAddr::from([a, b, c, 0, 0, 0, 0, 0]))
            }
        }
    }
}

string_newtype!(
    /// A browser's own description: 1 to 1,024 bytes, of which none is a control character
    /// but the tab, as in the header that it comes from.
    UserAgent,
    |text| {
        let is_plain = !text.chars().any(|c| c.is_control() && c != '\t');
        if (1..=UserAgent::LONGEST).contains(&text.len()) && is_plain {
            Ok(text.to_owned())
        } else {
            Err(Invalid(
                "must be 1 to 1024 bytes without control characters",
            ))
        }
    }
);

string_newtype!(
    /// The page that the click came from: an http or https URL of at most 2,048 bytes.
    ReferrerUrl,
    |text| {
        // The parser drops control characters and the spaces around a URL; what is kept is
        // the text itself.
        let is_plain = !text.chars().any(char::is_control) && text.trim() == text;
        let valid = text.len() <= 2048
            && is_plain
            && url::Url::parse(text)
                .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if valid {
            Ok(text.to_owned())
        } else {
            Err(Invalid(
                "must be an http or https URL of at most 2048 bytes",
            ))
        }
    }
);

impl UserAgent {
    /// The longest that is kept, in bytes.
    pub const LONGEST: usize = 1024;

    /// The beginning of `text` that fits; a browser's header is shortened, not refused.
    pub fn shortened(text: &str) -> Option<Self> {
        let mut end = text.len().min(Self::LONGEST);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text[..end].parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_truncated_address_names_a_network_and_no_person() {
        let truncated = |text: &str| {
            let address = text.parse().expect("an address");
            IpPolicy::Truncate
                .apply(address)
                .map(|kept| kept.to_string())
        };
        assert_eq!(truncated("185.12.34.56"), Some("185.12.34.0".to_owned()));
        assert_eq!(
            truncated("2001:db8:1:2::5"),
            Some("2001:db8:1::".to_owned())
        );
        assert_eq!(IpPolicy::None.apply(IpAddr::from([1, 2, 3, 4])), None);
    }

    #[test]
    fn a_long_user_agent_is_shortened_at_a_character() {
        let long = "é".repeat(600);
        let kept = UserAgent::shortened(&long).expect("not empty");
        assert_eq!(kept.as_str().len(), 1024);
        assert!(long.parse::<UserAgent>().is_err());
    }

    #[test]
    fn a_referrer_is_a_web_page() {
        assert!("https://instagram.com".parse::<ReferrerUrl>().is_ok());
        for refused in [
            "javascript:alert(1)",
            "instagram.com",
            "ftp://x.org",
            "",
            " https://x.org",
            "https://x\n.org",
            "https://x.org/\0",
        ] {
            assert!(refused.parse::<ReferrerUrl>().is_err(), "{refused:?}");
        }
    }

    #[test]
    fn a_user_agent_is_one_line_of_text() {
        assert!("Mozilla/5.0\t(iPhone)".parse::<UserAgent>().is_ok());
        for refused in ["", "Mozilla\0", "Mozilla\nX: y", "Mozilla\u{7f}"] {
            assert!(refused.parse::<UserAgent>().is_err(), "{refused:?}");
        }
    }
}
