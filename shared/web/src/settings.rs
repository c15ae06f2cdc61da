//! Settings from the environment, read once in init.

mod error;
mod limits;

pub use error::SettingError;
pub use limits::{AuditKey, Limits, ProxyRule};

use crate::token::{ClaimNames, Jwks, TokenKeys, TokenRules, TokenSettings};
use chrono::TimeDelta;
use domain::attribution::IpPolicy;
use domain::{Code, KeyMode};
use store::fold::FoldPace;
use url::Url;

/// Whether callers need a token: `API_ACCESS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ApiAccess {
    /// As the contracts show it: their routes are public.
    #[default]
    Public,
    /// A token on every route that is not declared open.
    Token,
}

/// What an operator can set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `TABLE_NAME`: the DynamoDB table. Required on Lambda.
    pub table_name: String,
    /// `JOIN_BASE_URL`: the page where a recruited person joins.
    pub join_base_url: Url,
    /// `SHORT_BASE_URL`: what short links begin with.
    pub short_base_url: Url,
    /// `IP_POLICY`: `full`, `truncate` or `none`.
    pub ip_policy: IpPolicy,
    /// `CLICK_RETENTION_DAYS`: how long unconfirmed clicks are kept; unset or 0 is for ever.
    pub click_retention: Option<TimeDelta>,
    /// `API_ACCESS`: `public` or `token`.
    pub api_access: ApiAccess,
    /// `TOKEN_KEYS`, `TOKEN_JWKS`, `TOKEN_ROLES_CLAIM`, `TOKEN_ORG_CLAIM`, `TOKEN_ISSUER`,
    /// `TOKEN_AUDIENCE` and `TOKEN_LIFETIME_HOURS`. A key is required on Lambda where tokens are
    /// verified.
    pub tokens: TokenSettings,
    /// `API_KEY_MODE`: `live` or `test`, the kind of API keys that this deployment makes and
    /// takes. `live` on Lambda and `test` elsewhere unless it is set.
    pub key_mode: KeyMode,
    /// `MISS_LIMIT`, `CLICK_RATE`, `CLICK_BURST`, `CODE_RATE`, `CODE_BURST`, `TRUSTED_ADDRESSES`,
    /// `TRUSTED_PROXY_HEADER` and `TRUSTED_PROXY_SECRET`: how often what may be done, and who is
    /// believed.
    pub limits: Limits,
    /// `AUDIT_KEY`: what the audit trail names callers with.
    pub audit_key: AuditKey,
    /// `FOLD_WAIT_SECONDS` and `FOLD_WAITING_FACTS`: when facts are folded into the rows of
    /// detail.
    pub fold_pace: FoldPace,
}

impl Settings {
    /// The settings of this process.
    ///
    /// # Errors
    /// [`SettingError`] that names the first variable at fault.
    pub fn from_env() -> Result<Self, SettingError> {
        Self::from_lookup(env_var)
    }

    /// The settings that `lookup` gives: variable to value.
    ///
    /// # Errors
    /// [`SettingError`] that names the first variable at fault.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let set = |variable: &'static str| lookup(variable).filter(|value| !value.is_empty());
        let on_lambda = set("AWS_LAMBDA_FUNCTION_NAME").is_some();
        let table_name = match set("TABLE_NAME") {
            Some(name) => name,
            None if on_lambda => {
                return Err(SettingError::new(
                    "TABLE_NAME",
                    "must name the DynamoDB table",
                ));
            }
            None => "verv".to_owned(),
        };
        let settings = Self {
            table_name,
            join_base_url: url(
                "JOIN_BASE_URL",
                set("JOIN_BASE_URL"),
                "https://app.org.no/join",
            )?,
            short_base_url: url("SHORT_BASE_URL", set("SHORT_BASE_URL"), "https://org.no/r")?,
            ip_policy: ip_policy(set("IP_POLICY"))?,
            click_retention: click_retention(set("CLICK_RETENTION_DAYS"))?,
            api_access: api_access(set("API_ACCESS"))?,
            tokens: tokens(set, on_lambda)?,
            key_mode: key_mode(set("API_KEY_MODE"), on_lambda)?,
            limits: Limits::from_lookup(&set)?,
            audit_key: AuditKey::from_lookup(&set)?,
            fold_pace: fold_pace(set("FOLD_WAIT_SECONDS"), set("FOLD_WAITING_FACTS"))?,
        };
        if settings.api_access == ApiAccess::Token {
            settings.require_token_keys()?;
        }
        Ok(settings)
    }

    /// Passes if there is a key to verify tokens with; only on Lambda may there be none.
    ///
    /// # Errors
    /// [`SettingError`] that names the variable.
    pub(crate) fn require_token_keys(&self) -> Result<(), SettingError> {
        if self.tokens.has_no_key() {
            return Err(SettingError::new(
                "TOKEN_KEYS",
                "must hold the keys that tokens are signed with, unless TOKEN_JWKS does",
            ));
        }
        Ok(())
    }

    /// Where a person who follows `code` joins.
    pub fn join_url(&self, code: &Code) -> Url {
        let mut url = self.join_base_url.clone();
        url.query_pairs_mut().append_pair("ref", code.as_str());
        url
    }

    /// The short link of `code`.
    pub fn short_url(&self, code: &Code) -> String {
        format!(
            "{}/{code}",
            self.short_base_url.as_str().trim_end_matches('/')
        )
    }
}

/// What the environment variable `name` holds. An empty one counts as not set, since that is all
/// that a template can make of a parameter left out.
#[must_use]
pub fn env_var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn url(variable: &'static str, value: Option<String>, default: &str) -> Result<Url, SettingError> {
    let text = value.unwrap_or_else(|| default.to_owned());
    Url::parse(&text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| SettingError::new(variable, "must be an http or https URL"))
}

fn ip_policy(value: Option<String>) -> Result<IpPolicy, SettingError> {
    match value.as_deref() {
        None | Some("full") => Ok(IpPolicy::Full),
        Some("truncate") => Ok(IpPolicy::Truncate),
        Some("none") => Ok(IpPolicy::None),
        Some(_) => Err(SettingError::new(
            "IP_POLICY",
            "must be full, truncate or none",
        )),
    }
}

/// In days: clicks must outlive the aggregator's audit of their day.
const SHORTEST_RETENTION: i64 = 7;

fn click_retention(value: Option<String>) -> Result<Option<TimeDelta>, SettingError> {
    let error = || {
        let wanted = format!("must be 0 or a number of days from {SHORTEST_RETENTION} to 36500");
        SettingError::new("CLICK_RETENTION_DAYS", wanted)
    };
    match value.map(|days| days.parse::<i64>()) {
        None | Some(Ok(0)) => Ok(None),
        Some(Ok(days)) if (SHORTEST_RETENTION..=36_500).contains(&days) => {
            Ok(Some(TimeDelta::days(days)))
        }
        Some(_) => Err(error()),
    }
}

fn api_access(value: Option<String>) -> Result<ApiAccess, SettingError> {
    match value.as_deref() {
        None | Some("public") => Ok(ApiAccess::Public),
        Some("token") => Ok(ApiAccess::Token),
        Some(_) => Err(SettingError::new("API_ACCESS", "must be public or token")),
    }
}

fn token_keys(value: Option<String>, on_lambda: bool) -> Result<TokenKeys, SettingError> {
    let keys = match (value, on_lambda) {
        (Some(json), true) => TokenKeys::parse_deployed(&json),
        (Some(json), false) => TokenKeys::parse(&json),
        (None, true) => Ok(TokenKeys::default()),
        (None, false) => Ok(TokenKeys::development()),
    };
    keys.map_err(|problem| SettingError::new("TOKEN_KEYS", problem))
}

fn tokens(
    set: impl Fn(&'static str) -> Option<String>,
    on_lambda: bool,
) -> Result<TokenSettings, SettingError> {
    Ok(TokenSettings {
        keys: token_keys(set("TOKEN_KEYS"), on_lambda)?,
        jwks: token_jwks(set("TOKEN_JWKS"))?,
        claim_names: claim_names(set("TOKEN_ROLES_CLAIM"), set("TOKEN_ORG_CLAIM"))?,
        rules: TokenRules {
            issuer: token_name("TOKEN_ISSUER", set("TOKEN_ISSUER"))?,
            audience: token_name("TOKEN_AUDIENCE", set("TOKEN_AUDIENCE"))?,
            lifetime: token_lifetime(set("TOKEN_LIFETIME_HOURS"))?,
        },
    })
}

fn claim_names(roles: Option<String>, org: Option<String>) -> Result<ClaimNames, SettingError> {
    let default = ClaimNames::default();
    let named = |variable, value: Option<String>, default| {
        let name = value.map_or(Ok(default), ClaimNames::parse_name);
        name.map_err(|problem| SettingError::new(variable, problem))
    };
    let names = ClaimNames {
        roles: named("TOKEN_ROLES_CLAIM", roles, default.roles)?,
        org: named("TOKEN_ORG_CLAIM", org, default.org)?,
    };
    if names.roles == names.org {
        let problem = "must not be the claim of the roles";
        return Err(SettingError::new("TOKEN_ORG_CLAIM", problem));
    }
    Ok(names)
}

fn token_jwks(value: Option<String>) -> Result<Jwks, SettingError> {
    let jwks = value.map_or(Ok(Jwks::default()), |json| Jwks::parse(&json));
    jwks.map_err(|problem| SettingError::new("TOKEN_JWKS", problem))
}

fn token_name(
    variable: &'static str,
    value: Option<String>,
) -> Result<Option<String>, SettingError> {
    let name = value.map(TokenRules::parse_name).transpose();
    name.map_err(|problem| SettingError::new(variable, problem))
}

fn token_lifetime(value: Option<String>) -> Result<TimeDelta, SettingError> {
    let Some(hours) = value else {
        return Ok(TokenRules::default().lifetime);
    };
    let lifetime = TokenRules::parse_lifetime(&hours);
    lifetime.map_err(|problem| SettingError::new("TOKEN_LIFETIME_HOURS", problem))
}

fn key_mode(value: Option<String>, on_lambda: bool) -> Result<KeyMode, SettingError> {
    match value.as_deref() {
        None if on_lambda => Ok(KeyMode::Live),
        None | Some("test") => Ok(KeyMode::Test),
        Some("live") => Ok(KeyMode::Live),
        Some(_) => Err(SettingError::new("API_KEY_MODE", "must be live or test")),
    }
}

fn fold_pace(wait: Option<String>, facts: Option<String>) -> Result<FoldPace, SettingError> {
    let default = FoldPace::default();
    let wait = match wait.map(|seconds| seconds.parse::<i64>()) {
        None => default.wait,
        Some(Ok(seconds @ 0..=3_600)) => TimeDelta::seconds(seconds),
        Some(_) => {
            let problem = "must be a number of seconds from 0 to 3600";
            return Err(SettingError::new("FOLD_WAIT_SECONDS", problem));
        }
    };
    let facts = match facts.map(|number| number.parse::<usize>()) {
        None => default.facts,
        Some(Ok(facts @ 1..=50_000)) => facts,
        Some(_) => {
            let problem = "must be a number of facts from 1 to 50000";
            return Err(SettingError::new("FOLD_WAITING_FACTS", problem));
        }
    };
    Ok(FoldPace { wait, facts })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<Settings, String> {
        Settings::from_lookup(|wanted| {
            let found = variables.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| (*value).to_owned())
        })
        .map_err(|error| error.to_string())
    }

    #[test]
    fn a_setting_at_fault_is_named() {
        for (variable, value) in [
            ("JOIN_BASE_URL", "javascript:alert(1)"),
            ("SHORT_BASE_URL", "org.no/r"),
            ("IP_POLICY", "some"),
            ("CLICK_RETENTION_DAYS", "-1"),
            ("API_ACCESS", "open"),
            ("TOKEN_KEYS", "local-development-key"),
            (
                "TOKEN_KEYS",
                r#"{"*":["local-development-key"],"platform":["local-development-key"]}"#,
            ),
            ("TOKEN_JWKS", "https://id.example/.well-known/jwks.json"),
            ("TOKEN_JWKS", r#"{"keys":[]}"#),
            ("TOKEN_ROLES_CLAIM", "sub"),
            ("TOKEN_ORG_CLAIM", "my org"),
            ("TOKEN_ORG_CLAIM", "roles"),
            ("TOKEN_ISSUER", "https://"),
            ("TOKEN_AUDIENCE", "two words"),
            ("TOKEN_LIFETIME_HOURS", "0"),
            ("TOKEN_LIFETIME_HOURS", "a day"),
            ("API_KEY_MODE", "prod"),
            ("MISS_LIMIT", "-1"),
            ("CLICK_RATE", "many"),
            ("CLICK_BURST", "0"),
            ("CODE_RATE", "1000001"),
            ("CODE_BURST", "-1"),
            ("TRUSTED_ADDRESSES", "10.0.0.0/33"),
            ("TRUSTED_ADDRESSES", "10.0.0.1,,10.0.0.2"),
            ("TRUSTED_PROXY_HEADER", "not a header"),
            ("TRUSTED_PROXY_HEADER", "cloudfront-viewer-address"),
            ("TRUSTED_PROXY_SECRET", "a-secret-that-is-long-enough"),
            ("AUDIT_KEY", "short"),
            ("FOLD_WAIT_SECONDS", "3601"),
            ("FOLD_WAITING_FACTS", "0"),
        ] {
            let error = with(&[(variable, value)]).expect_err("refused");
            assert!(error.starts_with(variable), "{error}");
        }
        let error = with(&[("AWS_LAMBDA_FUNCTION_NAME", "codes")]).expect_err("refused");
        assert!(error.starts_with("TABLE_NAME"), "{error}");
    }

    #[test]
    fn a_deployment_that_verifies_tokens_has_keys_of_its_own() {
        let deployed = |more: &[(&'static str, &'static str)]| {
            let base = [
                ("AWS_LAMBDA_FUNCTION_NAME", "codes"),
                ("TABLE_NAME", "verv"),
            ];
            with(&[&base, more].concat())
        };
        let public = deployed(&[]).expect("a public API needs no keys");
        let error = public.require_token_keys().expect_err("refused");
        assert!(error.to_string().starts_with("TOKEN_KEYS"), "{error}");
        for more in [
            &[("API_ACCESS", "token")][..],
            &[("TOKEN_KEYS", r#"{"*":["local-development-key"]}"#)],
        ] {
            let error = deployed(more).expect_err("refused");
            assert!(error.starts_with("TOKEN_KEYS"), "{error}");
        }
        let keys = r#"{"*":["0123456789abcdef0123456789abcdef"]}"#;
        assert!(deployed(&[("API_ACCESS", "token"), ("TOKEN_KEYS", keys)]).is_ok());
        assert!(
            with(&[("API_ACCESS", "token")]).is_ok(),
            "a local run has the local key"
        );
    }

    #[test]
    fn links_keep_what_the_base_url_has() {
        let settings = with(&[("JOIN_BASE_URL", "https://x.org/join?lang=no")]).expect("valid");
        let code = "JAN-VERV-8F3A".parse().expect("a code");
        assert_eq!(
            settings.join_url(&code).as_str(),
            "https://x.org/join?lang=no&ref=JAN-VERV-8F3A"
        );
        assert_eq!(settings.short_url(&code), "https://org.no/r/JAN-VERV-8F3A");
    }
}
