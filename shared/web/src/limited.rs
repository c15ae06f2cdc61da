//! Handlers that an address may call only so often.

use crate::app::App;
use crate::buckets::Limited;
use crate::extract::Client;
use crate::problem::Problem;
use crate::quota::Quota;
use axum::extract::{FromRequestParts, Request};
use axum::handler::Handler;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use domain::CallerKind;
use domain::rate::Rate;
use std::net::IpAddr;
use std::pin::Pin;

/// `handler`, which answers 429 to an address that has used up what is `limited`. Staff, servers
/// with an API key and trusted addresses have no such limit: they are known.
pub fn limited<H>(limited: Limited, handler: H) -> RateLimited<H> {
    RateLimited { limited, handler }
}

/// A handler that an address may call only so often.
#[derive(Clone)]
pub struct RateLimited<H> {
    limited: Limited,
    handler: H,
}

impl<H, T> Handler<T, App> for RateLimited<H>
where
    H: Handler<T, App>,
    T: 'static,
{
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, request: Request, app: App) -> Self::Future {
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let allowance = Allowance::of(self.limited, &mut parts, &app).await;
            let quota = match allowance.and_then(|allowance| allowance.take()) {
                Ok(quota) => quota,
                Err(problem) => return problem.into_response(),
            };
            let request = Request::from_parts(parts, body);
            let mut response = self.handler.call(request, app).await;
            // A refusal of the handler's own limit tells of that one.
            if let Some(quota) = quota
                && response.status() != axum::http::StatusCode::TOO_MANY_REQUESTS
            {
                quota.write_to(response.headers_mut());
            }
            response
        })
    }
}

/// What an address may do of something still, where that is limited for this request.
struct Allowance {
    limited: Limited,
    counted: Option<(App, Rate, IpAddr)>,
}

impl Allowance {
    async fn of(limited: Limited, parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let limits = &app.settings().limits;
        let mut allowance = Self {
            limited,
            counted: None,
        };
        if let Some(rate) = limited.rate(limits) {
            let caller = CallerKind::from_request_parts(parts, app).await?;
            let address = Client::of(parts, limits).address;
            let address = address.filter(|address| !caller.is_staff() && !limits.trusts(*address));
            allowance.counted = address.map(|address| (app.clone(), rate, address));
        }
        Ok(allowance)
    }

    /// Takes one.
    ///
    /// # Errors
    /// 429 when nothing is left.
    fn take(&self) -> Result<Option<Quota>, Problem> {
        let Some((app, rate, address)) = &self.counted else {
            return Ok(None);
        };
        let name = self.limited.name();
        match app.take(self.limited, *rate, *address) {
            Ok(left) => Ok(Some(Quota::left(name, *rate, left))),
            Err(empty) => {
                let quota = Quota::empty(name, *rate, empty);
                Err(Problem::too_often(empty.retry_after, quota))
            }
        }
    }
}

/// The new codes that an address may make still, for a handler that makes several.
pub struct CodeAllowance(Allowance);

impl CodeAllowance {
    /// Takes one new code.
    ///
    /// # Errors
    /// 429 when none is left.
    pub fn take(&self) -> Result<Option<Quota>, Problem> {
        self.0.take()
    }
}

impl FromRequestParts<App> for CodeAllowance {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Allowance::of(Limited::Codes, parts, app).await.map(Self)
    }
}
