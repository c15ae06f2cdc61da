//! Who sent the request, as far as the network knows.

use crate::app::App;
use crate::settings::Limits;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;
use lambda_http::request::RequestContext;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

/// Who sent the request.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// API Gateway's `sourceIp`, or the peer's address; never `X-Forwarded-For`. Behind a proxy
    /// that proves itself, whom it names in its own header.
    pub address: Option<IpAddr>,
    /// The header `User-Agent`, unless it is no text.
    pub user_agent: Option<String>,
    /// The header `Referer`, unless it is no text.
    pub referrer: Option<String>,
}

impl Client {
    /// Who sent the request with these parts.
    pub(crate) fn of(parts: &Parts, limits: &Limits) -> Self {
        let gateway = match parts.extensions.get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.as_deref(),
            _ => None,
        };
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|peer| peer.0.ip());
        let text = |name| {
            let value = parts.headers.get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        let proxy = limits.proxy.as_ref();
        let named = proxy.and_then(|proxy| proxy.client(&parts.headers));
        let gateway = gateway.and_then(|ip| ip.parse().ok());
        Self {
            address: named.or(gateway).or(peer),
            user_agent: text(header::USER_AGENT),
            referrer: text(header::REFERER),
        }
    }
}

impl FromRequestParts<App> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self::of(parts, &app.settings().limits))
    }
}
