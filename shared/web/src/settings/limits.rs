//! How often what may be done, who is believed about an address, and what the audit trail names
//! callers with.

use super::error::SettingError;
use aws_lc_rs::{constant_time, digest, hmac};
use axum::http::{HeaderMap, HeaderName};
use domain::ids::random_bytes;
use domain::rate::Rate;
use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;

/// The header in which a trusted proxy proves that it is one.
const PROXY_SECRET: HeaderName = HeaderName::from_static("x-verv-proxy-secret");

/// The shortest secret, in bytes.
const SHORTEST_SECRET: usize = 16;

/// The greatest rate and burst.
const MOST: u32 = 1_000_000;

/// How often what may be done, and from where without limit.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// `MISS_LIMIT`: unknown codes a minute, for a caller or an address; `None` is no limit.
    pub misses: Option<NonZeroU32>,
    /// `CLICK_RATE` a minute and `CLICK_BURST` at once: clicks of an address.
    pub clicks: Option<Rate>,
    /// `CODE_RATE` a minute and `CODE_BURST` at once: new codes of an address.
    pub codes: Option<Rate>,
    /// `TRUSTED_ADDRESSES`: networks whose addresses have no limits.
    pub trusted: Vec<IpNet>,
    /// `TRUSTED_PROXY_HEADER` and `TRUSTED_PROXY_SECRET`.
    pub proxy: Option<ProxyRule>,
}

impl Limits {
    pub(super) fn from_lookup(
        set: &impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self, SettingError> {
        Ok(Self {
            misses: number("MISS_LIMIT", set("MISS_LIMIT"), 20)?,
            // An office or a mobile network behind one address, and no more than one process
            // records in a second of its time.
            clicks: rate(set, ["CLICK_RATE", "CLICK_BURST"], [600, 300])?,
            codes: rate(set, ["CODE_RATE", "CODE_BURST"], [60, 60])?,
            trusted: networks(set("TRUSTED_ADDRESSES"))?,
            proxy: ProxyRule::from_lookup(set)?,
        })
    }

    /// Whether limits of addresses leave `address` out.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted
            .iter()
            .any(|network| network.contains(&address))
    }
}

/// A proxy that is believed about whom it forwards.
#[derive(Clone)]
pub struct ProxyRule {
    header: HeaderName,
    secret: String,
}

/// The secret does not show.
impl fmt::Debug for ProxyRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyRule")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

impl ProxyRule {
    fn from_lookup(
        set: &impl Fn(&'static str) -> Option<String>,
    ) -> Result<Option<Self>, SettingError> {
        const HEADER: &str = "TRUSTED_PROXY_HEADER";
        const SECRET: &str = "TRUSTED_PROXY_SECRET";
        let (header, secret) = match (set(HEADER), set(SECRET)) {
            (None, None) => return Ok(None),
            (Some(header), Some(secret)) => (header, secret),
            (Some(_), None) => {
                let problem = "is believed only with a TRUSTED_PROXY_SECRET";
                return Err(SettingError::new(HEADER, problem));
            }
            (None, Some(_)) => {
                let problem = "is of use only with a TRUSTED_PROXY_HEADER";
                return Err(SettingError::new(SECRET, problem));
            }
        };
        let header = header.to_ascii_lowercase().parse();
        Ok(Some(Self {
            header: header
                .map_err(|_| SettingError::new(HEADER, "must be the name of a header"))?,
            secret: long_enough(SECRET, secret)?,
        }))
    }

    /// The address that the proxy names, if the request proves that it is the proxy's.
    #[must_use]
    pub fn client(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let given = headers.get(&PROXY_SECRET)?.as_bytes();
        constant_time::verify_slices_are_equal(given, self.secret.as_bytes()).ok()?;
        address(headers.get(&self.header)?.to_str().ok()?.trim())
    }
}

/// The address in `text`, with or without a port: CloudFront gives both, an IPv6 address without
/// brackets.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    let before_port = || text.rsplit_once(':')?.0.parse().ok();
    let whole = text.parse().ok();
    whole.or_else(with_port).or_else(before_port)
}

/// What the audit trail names callers with: who has it can tell by a name whether it is a
/// certain caller's.
#[derive(Clone)]
pub struct AuditKey(hmac::Key);

/// The key does not show.
impl fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditKey")
    }
}

impl AuditKey {
    /// The key in `AUDIT_KEY`, or else one that follows from `TOKEN_KEYS`. A deployment with
    /// neither has one of each process's own: a name that everybody could compute is none.
    pub(super) fn from_lookup(
        set: &impl Fn(&'static str) -> Option<String>,
        on_lambda: bool,
    ) -> Result<Self, SettingError> {
        let key = match (set("AUDIT_KEY"), set("TOKEN_KEYS")) {
            (Some(key), _) => long_enough("AUDIT_KEY", key)?.into_bytes(),
            (None, None) if on_lambda => random_bytes::<32>().to_vec(),
            (None, keys) => {
                let text = format!("audit key of {}", keys.unwrap_or_default());
                digest::digest(&digest::SHA256, text.as_bytes())
                    .as_ref()
                    .to_vec()
            }
        };
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
    }

    /// The name of `id` in the audit trail: 32 hexadecimal digits, the same each time.
    #[must_use]
    pub fn hash(&self, id: &str) -> String {
        let tag = hmac::sign(&self.0, id.as_bytes());
        let half = tag.as_ref().iter().take(16);
        half.map(|byte| format!("{byte:02x}")).collect()
    }
}

fn long_enough(variable: &'static str, secret: String) -> Result<String, SettingError> {
    let is_plain = secret.bytes().all(|byte| byte.is_ascii_graphic());
    if secret.len() >= SHORTEST_SECRET && is_plain {
        return Ok(secret);
    }
    let problem = format!("must be {SHORTEST_SECRET} or more printable characters without spaces");
    Err(SettingError::new(variable, problem))
}

fn number(
    variable: &'static str,
    value: Option<String>,
    default: u32,
) -> Result<Option<NonZeroU32>, SettingError> {
    let parsed = value.map_or(Ok(default), |number| number.parse::<u32>());
    match parsed {
        Ok(number @ 0..=MOST) => Ok(NonZeroU32::new(number)),
        _ => Err(SettingError::new(
            variable,
            format!("must be 0, which is no limit, or a number up to {MOST}"),
        )),
    }
}

fn rate(
    set: &impl Fn(&'static str) -> Option<String>,
    [rate, burst]: [&'static str; 2],
    [per_minute, at_once]: [u32; 2],
) -> Result<Option<Rate>, SettingError> {
    let per_minute = number(rate, set(rate), per_minute)?;
    let burst = number(burst, set(burst), at_once)?
        .ok_or_else(|| SettingError::new(burst, format!("must be a number from 1 to {MOST}")))?;
    Ok(per_minute.map(|per_minute| Rate { per_minute, burst }))
}

fn networks(value: Option<String>) -> Result<Vec<IpNet>, SettingError> {
    let listed = value.unwrap_or_default();
    if listed.is_empty() {
        return Ok(Vec::new());
    }
    let network = |text: &str| {
        let text = text.trim();
        let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
        text.parse().ok().or_else(address)
    };
    let networks: Option<Vec<_>> = listed.split(',').map(network).collect();
    networks.ok_or_else(|| {
        SettingError::new(
            "TRUSTED_ADDRESSES",
            "must be addresses and networks such as 192.0.2.0/24, separated by commas",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_believed_by_its_secret_alone() {
        let rule = ProxyRule::from_lookup(&|name| match name {
            "TRUSTED_PROXY_HEADER" => Some("CloudFront-Viewer-Address".to_owned()),
            "TRUSTED_PROXY_SECRET" => Some("a-secret-that-is-long-enough".to_owned()),
            _ => None,
        });
        let rule = rule.expect("valid").expect("a rule");
        let client = |secret: Option<&str>, viewer: &str| {
            let mut headers = HeaderMap::new();
            let value = viewer.parse().expect("a value");
            headers.insert("cloudfront-viewer-address", value);
            if let Some(secret) = secret {
                headers.insert(PROXY_SECRET, secret.parse().expect("a value"));
            }
            rule.client(&headers).map(|address| address.to_string())
        };
        let right = Some("a-secret-that-is-long-enough");
        for (viewer, address) in [
            ("198.51.100.10:46532", Some("198.51.100.10")),
            ("198.51.100.10", Some("198.51.100.10")),
            ("2001:db8::7", Some("2001:db8::7")),
            ("[2001:db8::7]:443", Some("2001:db8::7")),
            ("2001:db8:0:0:0:0:0:7:46532", Some("2001:db8::7")),
            ("somebody", None),
            ("", None),
        ] {
            assert_eq!(client(right, viewer).as_deref(), address, "{viewer}");
        }
        for wrong in [None, Some(""), Some("a-secret-that-is-long-enougH")] {
            assert_eq!(client(wrong, "198.51.100.10"), None);
        }
    }

    #[test]
    fn an_address_is_trusted_in_its_network() {
        let limits = Limits {
            trusted: networks(Some("192.0.2.0/24, 2001:db8::/32,203.0.113.9".to_owned()))
                .expect("valid"),
            ..Limits::default()
        };
        for (address, is_trusted) in [
            ("192.0.2.77", true),
            ("::ffff:192.0.2.77", true),
            ("192.0.3.1", false),
            ("2001:db8:1::1", true),
            ("2001:db9::1", false),
            ("203.0.113.9", true),
            ("203.0.113.8", false),
        ] {
            let parsed = address.parse().expect("an address");
            assert_eq!(limits.trusts(parsed), is_trusted, "{address}");
        }
    }

    #[test]
    fn a_name_in_the_audit_trail_depends_on_the_key() {
        let key = |key: &'static str| {
            AuditKey::from_lookup(&|name| (name == "AUDIT_KEY").then(|| key.to_owned()), true)
        };
        let (one, other) = (key("0123456789abcdef"), key("fedcba9876543210"));
        let (one, other) = (one.expect("valid"), other.expect("valid"));
        assert_eq!(one.hash("usr_1"), one.hash("usr_1"));
        assert_ne!(one.hash("usr_1"), one.hash("usr_2"));
        assert_ne!(one.hash("usr_1"), other.hash("usr_1"));
        assert_eq!(one.hash("usr_1").len(), 32);
        let without = |on_lambda| {
            let key = AuditKey::from_lookup(&|_| None, on_lambda).expect("valid");
            key.hash("usr_1")
        };
        assert_eq!(without(false), without(false), "local runs share theirs");
        assert_ne!(
            without(true),
            without(true),
            "nobody computes a deployment's"
        );
    }
}
