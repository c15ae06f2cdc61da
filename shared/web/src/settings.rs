//! Settings from the environment, read once in init.

mod dynamodb;
mod error;
mod limits;
mod links;
mod tokens;
mod webhooks;

pub use dynamodb::check_endpoint;
pub use error::SettingError;
pub use limits::{AuditKey, Limits, ProxyRule};

use crate::token::TokenSettings;
use chrono::TimeDelta;
use domain::attribution::IpPolicy;
use domain::{Code, KeyMode, WebhookTargets};
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
    /// `STACK_NAME`: what the metrics of this deployment are told apart by. `verv` on Lambda
    /// unless given; elsewhere nothing reads metrics out of the log, and it is `None`.
    pub stack_name: Option<String>,
    /// `EVENT_BUS`: the EventBridge bus that events are put on, for the function that does so.
    pub event_bus: Option<String>,
    /// `WEBHOOK_QUEUE_URL`: the SQS queue of deliveries to webhooks, for the functions that send to
    /// it.
    pub webhook_queue: Option<Url>,
    /// `JOIN_BASE_URL`: the page where a recruited person joins. Required on Lambda, where it
    /// must be https.
    pub join_base_url: Url,
    /// `SHORT_BASE_URL`: what short links begin with; https on Lambda, where `None` is the
    /// address at which a request reached the API.
    pub short_base_url: Option<Url>,
    /// `LINK_FALLBACK_URL`: where a short link leads whose code is unknown or cannot be used; a page
    /// that says so where it is `None`. https on Lambda.
    pub link_fallback_url: Option<Url>,
    /// `IP_POLICY`: `full`, `truncate` or `none`.
    pub ip_policy: IpPolicy,
    /// `CLICK_RETENTION_DAYS`: how long unconfirmed clicks are kept; unset or 0 is for ever.
    pub click_retention: Option<TimeDelta>,
    /// `VISITOR_RETENTION_DAYS`: how long after its confirmation a click says who clicked; 0 is
    /// for ever.
    pub visitor_retention: Option<TimeDelta>,
    /// `API_ACCESS`: `public` or `token`.
    pub api_access: ApiAccess,
    /// `TOKEN_KEYS`, `TOKEN_JWKS`, `TOKEN_ROLES_CLAIM`, `TOKEN_ORG_CLAIM`, `TOKEN_ISSUER`,
    /// `TOKEN_AUDIENCE` and `TOKEN_LIFETIME_HOURS`. A key is required on Lambda where tokens are
    /// verified.
    pub tokens: TokenSettings,
    /// `MISS_LIMIT`, `CLICK_RATE`, `CLICK_BURST`, `CODE_RATE`, `CODE_BURST`, `TRUSTED_ADDRESSES`,
    /// `TRUSTED_PROXY_HEADER` and `TRUSTED_PROXY_SECRET`: how often what may be done, and who is
    /// believed.
    pub limits: Limits,
    /// `AUDIT_KEY`: what the audit trail names callers with.
    pub audit_key: AuditKey,
    /// `API_KEY_MODE`: `live` or `test`, the kind of API keys that this deployment makes and
    /// takes. `live` on Lambda and `test` elsewhere unless it is set.
    pub key_mode: KeyMode,
    /// `WEBHOOK_TARGETS`: `public` or `any`, the receivers that webhooks may have. `public` on
    /// Lambda, where there is no other, and `any` elsewhere unless it is set.
    pub webhook_targets: WebhookTargets,
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
        let settings = Self {
            table_name: dynamodb::table_name(set("TABLE_NAME"), on_lambda)?,
            stack_name: set("STACK_NAME").or_else(|| on_lambda.then(|| "verv".to_owned())),
            event_bus: set("EVENT_BUS"),
            webhook_queue: webhooks::queue(set("WEBHOOK_QUEUE_URL"))?,
            join_base_url: links::join_base_url(set("JOIN_BASE_URL"), on_lambda)?,
            short_base_url: links::short_base_url(set("SHORT_BASE_URL"), on_lambda)?,
            link_fallback_url: links::fallback_url(set("LINK_FALLBACK_URL"), on_lambda)?,
            ip_policy: ip_policy(set("IP_POLICY"))?,
            click_retention: click_retention(set("CLICK_RETENTION_DAYS"))?,
            visitor_retention: visitor_retention(set("VISITOR_RETENTION_DAYS"))?,
            api_access: api_access(set("API_ACCESS"))?,
            tokens: tokens::from_lookup(&set, on_lambda)?,
            limits: Limits::from_lookup(&set)?,
            audit_key: AuditKey::from_lookup(&set, on_lambda)?,
            key_mode: key_mode(set("API_KEY_MODE"), on_lambda)?,
            webhook_targets: webhooks::targets(set("WEBHOOK_TARGETS"), on_lambda)?,
            fold_pace: fold_pace(set("FOLD_WAIT_SECONDS"), set("FOLD_WAITING_FACTS"))?,
        };
        if settings.api_access == ApiAccess::Token {
            settings.require_token_keys()?;
        }
        Ok(settings)
    }

    /// The bus that events are put on.
    ///
    /// # Errors
    /// [`SettingError`] where none is named.
    pub fn require_event_bus(&self) -> Result<&str, SettingError> {
        let bus = self.event_bus.as_deref();
        bus.ok_or_else(|| SettingError::new("EVENT_BUS", "must name the EventBridge bus"))
    }

    /// The queue of deliveries to webhooks.
    ///
    /// # Errors
    /// [`SettingError`] where none is named.
    pub fn require_webhook_queue(&self) -> Result<&Url, SettingError> {
        let queue = self.webhook_queue.as_ref();
        queue.ok_or_else(|| SettingError::new("WEBHOOK_QUEUE_URL", "must name the SQS queue"))
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
}

/// What the environment variable `name` holds. An empty one counts as not set, since that is all
/// that a template can make of a parameter left out.
#[must_use]
pub fn env_var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
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

/// In days.
const DEFAULT_VISITOR_RETENTION: i64 = 90;

fn visitor_retention(value: Option<String>) -> Result<Option<TimeDelta>, SettingError> {
    match value.map(|days| days.parse::<i64>()) {
        None => Ok(Some(TimeDelta::days(DEFAULT_VISITOR_RETENTION))),
        Some(Ok(0)) => Ok(None),
        Some(Ok(days @ 1..=36_500)) => Ok(Some(TimeDelta::days(days))),
        Some(_) => {
            let problem = "must be 0 or a number of days to 36500";
            Err(SettingError::new("VISITOR_RETENTION_DAYS", problem))
        }
    }
}

fn api_access(value: Option<String>) -> Result<ApiAccess, SettingError> {
    match value.as_deref() {
        None | Some("public") => Ok(ApiAccess::Public),
        Some("token") => Ok(ApiAccess::Token),
        Some(_) => Err(SettingError::new("API_ACCESS", "must be public or token")),
    }
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
            ("TABLE_NAME", "verv table"),
            ("TABLE_NAME", "arn:aws:dynamodb:eu-north-1:1:table/verv"),
            ("TABLE_NAME", "ab"),
            ("JOIN_BASE_URL", "javascript:alert(1)"),
            ("SHORT_BASE_URL", "org.no/r"),
            ("LINK_FALLBACK_URL", "/sorry"),
            ("IP_POLICY", "some"),
            ("CLICK_RETENTION_DAYS", "-1"),
            ("VISITOR_RETENTION_DAYS", "-1"),
            ("VISITOR_RETENTION_DAYS", "ninety"),
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
            ("WEBHOOK_TARGETS", "private"),
            ("WEBHOOK_QUEUE_URL", "verv-webhooks"),
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
    fn a_deployments_links_are_its_own_and_lead_over_tls() {
        let deployed = |more: &[(&'static str, &'static str)]| {
            let base = [
                ("AWS_LAMBDA_FUNCTION_NAME", "codes"),
                ("TABLE_NAME", "verv"),
            ];
            with(&[&base, more].concat())
        };
        let join = ("JOIN_BASE_URL", "https://x.org/join");
        for (variable, more) in [
            ("JOIN_BASE_URL", &[][..]),
            ("JOIN_BASE_URL", &[("JOIN_BASE_URL", "http://x.org/join")]),
            (
                "SHORT_BASE_URL",
                &[join, ("SHORT_BASE_URL", "http://x.org")],
            ),
        ] {
            let error = deployed(more).expect_err("refused");
            assert!(error.starts_with(variable), "{error}");
        }
        let settings = deployed(&[join]).expect("valid");
        assert_eq!(settings.short_base_url, None);
        assert_eq!(settings.stack_name.as_deref(), Some("verv"));
        let local = with(&[("JOIN_BASE_URL", "http://127.0.0.1:8080/join")]);
        assert_eq!(local.expect("valid").stack_name, None);
    }

    #[test]
    fn a_deployment_that_verifies_tokens_has_keys_of_its_own() {
        let deployed = |more: &[(&'static str, &'static str)]| {
            let base = [
                ("AWS_LAMBDA_FUNCTION_NAME", "codes"),
                ("TABLE_NAME", "verv"),
                ("JOIN_BASE_URL", "https://x.org/join"),
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
    fn visitors_are_forgotten_after_ninety_days_unless_the_operator_says_otherwise() {
        let retention = |variables: &[(&str, &str)]| {
            let settings = with(variables).expect("valid");
            settings.visitor_retention.map(|time| time.num_days())
        };
        assert_eq!(retention(&[]), Some(90));
        assert_eq!(retention(&[("VISITOR_RETENTION_DAYS", "30")]), Some(30));
        assert_eq!(retention(&[("VISITOR_RETENTION_DAYS", "0")]), None);
    }

    #[test]
    fn links_keep_what_the_base_url_has() {
        let settings = with(&[("JOIN_BASE_URL", "https://x.org/join?lang=no")]).expect("valid");
        let code = "JAN-VERV-8F3A".parse().expect("a code");
        assert_eq!(
            settings.join_url(&code).as_str(),
            "https://x.org/join?lang=no&ref=JAN-VERV-8F3A"
        );
    }
}
