//! One log line a request: route, status, time, DynamoDB trips and capacity units. No
//! address, user agent, token or id that a caller chose is in it.

use super::envelope;
use super::logs::{Measured, print_metrics};
use super::problem::Cause;
use crate::store::{Usage, metered};
use axum::extract::{MatchedPath, Request};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use lambda_http::request::RequestContext;
use std::time::{Instant, SystemTime};
use uuid::Uuid;

/// The header that names a request, in its answer and in the log.
const REQUEST_ID: &str = "x-request-id";

/// The payments company's own name for a request to its routes.
const COMPANYS_REQUEST_ID: &str = "requestid";

/// Measures and logs a request.
pub(super) async fn observe(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or("(none)", MatchedPath::as_str).to_owned();
    let request_id = request_id(&request);
    let trace_id = trace_id(&request);
    let trace_id = trace_id.as_deref();
    let companys_id = companys_request_id(&request);
    let requestid = companys_id.as_ref().and_then(|id| id.to_str().ok());

    let (mut response, usage) = metered(next.run(request)).await;

    let Usage {
        trips,
        read_units,
        write_units,
        calls,
    } = usage;
    let status = response.status().as_u16();
    let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
    let milliseconds = (milliseconds * 10.0).round() / 10.0;
    tracing::info!(
        %method, route, status, milliseconds, trips, calls, read_units, write_units, request_id, requestid,
        trace_id, "request"
    );
    if let Some(cause) = response.extensions().get::<Cause>() {
        tracing::error!(%method, route, status, request_id, requestid, trace_id, cause = cause.chain(), "request failed");
    }
    let measured = Measured {
        route: &route,
        method: method.as_str(),
        status,
        milliseconds,
        usage,
        request_id: &request_id,
        trace_id,
    };
    print_metrics(measured, epoch_millis());
    if let Ok(value) = HeaderValue::try_from(request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    if let Some(id) = companys_id {
        response.headers_mut().insert(COMPANYS_REQUEST_ID, id);
    }
    response.extensions_mut().insert(usage);
    response
}

/// What the payments company calls a request to its routes, if it can be told in a log line.
fn companys_request_id(request: &Request) -> Option<HeaderValue> {
    let given = request.headers().get(COMPANYS_REQUEST_ID);
    given
        .filter(|_| envelope::covers(request.uri().path()))
        .filter(|id| (1..=128).contains(&id.len()) && id.to_str().is_ok())
        .cloned()
}

/// API Gateway's id of the request, or a fresh one.
fn request_id(request: &Request) -> String {
    let from_gateway = match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone(),
        _ => None,
    };
    from_gateway.unwrap_or_else(|| {
        Uuid::from_bytes(crate::domain::ids::random_bytes())
            .simple()
            .to_string()
    })
}

/// X-Ray's id of the request, which its segments are found by: the `Root` of the header.
fn trace_id(request: &Request) -> Option<String> {
    let context = request.extensions().get::<lambda_http::Context>()?;
    let header = context.xray_trace_id.as_deref()?;
    let mut parts = header.split(';');
    let root = parts.find_map(|part| part.trim().strip_prefix("Root="));
    Some(root.unwrap_or(header).to_owned())
}

/// When the metrics are of: the system's time, whatever the application's clock shows.
fn epoch_millis() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(0))
}
