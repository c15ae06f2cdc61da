//! What short links begin with.

use crate::app::App;
use crate::problem::{Cause, Problem};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::Code;
use lambda_http::request::RequestContext;

/// What short links begin with: `SHORT_BASE_URL`, or else `/r` at the address where the request
/// reached the API. A deployment cannot know that address while it is being made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortBase(String);

impl ShortBase {
    /// The short link of `code`.
    pub fn url(&self, code: &Code) -> String {
        format!("{}/{code}", self.0)
    }

    /// The page of `code` that messengers preview, where short links are served by the platform's
    /// own path. Elsewhere nobody knows its address.
    pub fn share_url(&self, code: &Code) -> Option<String> {
        let root = self.0.strip_suffix("/r")?;
        Some(format!("{root}/s/{code}"))
    }

    /// The short link of `code` as a QR code has it: who scans it can be told from who taps it.
    pub fn scanned_url(&self, code: &Code) -> String {
        format!("{}?qr=1", self.url(code))
    }
}

impl FromRequestParts<App> for ShortBase {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if let Some(url) = &app.settings().short_base_url {
            return Ok(Self(url.as_str().trim_end_matches('/').to_owned()));
        }
        let domain = match parts.extensions.get::<RequestContext>() {
            // API Gateway routes by this name: a caller cannot make one up.
            Some(RequestContext::ApiGatewayV2(context)) => context.domain_name.as_deref(),
            _ => None,
        };
        let domain = domain.ok_or_else(|| {
            Problem::internal(Cause::new(
                "SHORT_BASE_URL is not set, and the event names no domain",
            ))
        })?;
        Ok(Self(format!("https://{domain}/r")))
    }
}
