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
            let quota = match take(self.limited, &mut parts, &app).await {
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

/// Takes one of what is limited, where it is for this request.
async fn take(limited: Limited, parts: &mut Parts, app: &App) -> Result<Option<Quota>, Problem> {
    let limits = &app.settings().limits;
    let Some(rate) = limited.rate(limits) else {
        return Ok(None);
    };
    let caller = CallerKind::from_request_parts(parts, app).await?;
    let address = Client::of(parts, limits).address;
    let counted = address.filter(|address| !caller.is_staff() && !limits.trusts(*address));
    let Some(address) = counted else {
        return Ok(None);
    };
    let taken = app.take(limited, rate, address);
    let name = limited.name();
    match taken {
        Ok(left) => Ok(Some(Quota::left(name, rate, left))),
        Err(empty) => {
            let quota = Quota::empty(name, rate, empty);
            Err(Problem::too_often(empty.retry_after, quota))
        }
    }
}
