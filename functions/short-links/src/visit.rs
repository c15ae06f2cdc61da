//! A visit to a short link: whether it is a click, and which.

use crate::bots::is_bot;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use domain::attribution::{UserAgent, Visitor};
use domain::click::Click;
use domain::{CallerKind, FoldedCode};
use std::convert::Infallible;
use url::form_urlencoded;
use web::App;
use web::extract::Client;
use web::settings::Settings;

pub(crate) struct Visit {
    client: Client,
    method: Method,
    is_prefetch: bool,
    query: String,
}

/// The longest query of a visit that goes on to the join page, in bytes.
const LONGEST_QUERY: usize = 1_024;

impl FromRequestParts<App> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self {
            client: Client::from_request_parts(parts, app).await?,
            method: parts.method.clone(),
            is_prefetch: is_prefetch(&parts.headers),
            query: parts.uri.query().unwrap_or("").to_owned(),
        })
    }
}

impl Visit {
    /// What the join page is told of the visit besides code and click: its own parameters, such as
    /// `utm_source`, of which none may pass for ours.
    pub(crate) fn parameters(&self) -> Vec<(String, String)> {
        if self.query.len() > LONGEST_QUERY {
            return Vec::new();
        }
        form_urlencoded::parse(self.query.as_bytes())
            .into_owned()
            .filter(|(name, _)| name != "click")
            .collect()
    }

    /// Whether a person followed the link: no `HEAD`, no prefetch, and no program that says
    /// that it is one.
    pub(crate) fn is_counted(&self) -> bool {
        let is_program = self.client.user_agent.as_deref().is_some_and(is_bot);
        self.method == Method::GET && !self.is_prefetch && !is_program
    }

    /// The click that the visit is.
    pub(crate) fn click(self, code: FoldedCode, settings: &Settings) -> Click {
        let Client {
            address,
            user_agent,
            referrer,
        } = self.client;
        Click {
            code,
            visitor: Visitor {
                ip_address: address.and_then(|address| settings.ip_policy.apply(address)),
                user_agent: user_agent.as_deref().and_then(UserAgent::shortened),
                referrer_url: referrer.and_then(|url| url.parse().ok()),
            },
            occurred_at: None,
            // Whoever follows a link is the visitor.
            recorded_by: CallerKind::Anonymous,
            retention: settings.click_retention,
        }
    }
}

/// Whether a header says that the page is loaded before anyone has asked to see it.
fn is_prefetch(headers: &HeaderMap) -> bool {
    let says_so = |name: &str| {
        let values = headers.get_all(name);
        values.iter().any(|value| {
            let text = value.to_str().unwrap_or("").to_ascii_lowercase();
            ["prefetch", "prerender", "preview"]
                .into_iter()
                .any(|word| text.contains(word))
        })
    };
    ["sec-purpose", "purpose", "x-purpose", "x-moz"]
        .into_iter()
        .any(says_so)
}
