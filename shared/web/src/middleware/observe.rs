//! One log line a request: route, status, time, DynamoDB trips and capacity units. No
//! address, user agent, token or id that a caller chose is in it.

use super::conventions::{Shared, echo_at};
use super::metrics::{self, Measured};
use crate::problem::{Cause, Problem};
use crate::token::Unverified;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use domain::ids::random_bytes;
use lambda_http::request::RequestContext;
use std::time::{Instant, SystemTime};
use store::{Usage, metered};
use uuid::Uuid;

/// The header that names a request, in its answer and in the log.
const REQUEST_ID: &str = "x-request-id";

/// The longest header that is echoed, in bytes.
const LONGEST_ECHO: usize = 128;

/// What the log says of a request before it is answered.
struct Observed {
    method: String,
    /// The route's pattern, never the path, which holds ids.
    route: String,
    request_id: String,
    trace_id: Option<String>,
    echo: Option<(HeaderName, HeaderValue)>,
}

/// Measures and logs a request.
pub(super) async fn observe(
    State(conventions): State<Shared>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let observed = Observed {
        method: request.method().to_string(),
        route: route(&request),
        request_id: request_id(&request),
        trace_id: trace_id(&request),
        echo: echo_at(&conventions, request.uri().path()).and_then(|name| echo(name, &request)),
    };
    let (mut response, usage) = metered(next.run(request)).await;
    let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
    observed.log(&response, usage, (milliseconds * 10.0).round() / 10.0);
    observed.label(&mut response);
    response.extensions_mut().insert(usage);
    response
}

impl Observed {
    fn log(&self, response: &Response, usage: Usage, milliseconds: f64) {
        let Self {
            method,
            route,
            request_id,
            ..
        } = self;
        let trace_id = self.trace_id.as_deref();
        // What the client itself calls the request, on routes that echo such a name.
        let requestid = self.echo.as_ref().and_then(|(_, id)| id.to_str().ok());
        let status = response.status().as_u16();
        let Usage {
            trips,
            read_units,
            write_units,
            calls,
        } = usage;
        let problem = response.extensions().get::<Problem>();
        // Why a credential was refused, which its bearer is not told.
        let unverified = problem
            .and_then(Problem::refused_credential)
            .map(Unverified::name);
        tracing::info!(
            %method, route, status, milliseconds, trips, calls, read_units, write_units, request_id, requestid,
            trace_id, unverified, "request"
        );
        if let Some(cause) = problem.and_then(Problem::cause).map(Cause::chain) {
            tracing::error!(%method, route, status, request_id, requestid, trace_id, cause, "request failed");
        }
        let measured = Measured {
            route,
            method,
            status,
            milliseconds,
            usage,
            request_id,
            trace_id,
        };
        metrics::print(measured, epoch_millis());
    }

    /// Puts the request's names on its response.
    fn label(self, response: &mut Response) {
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::try_from(self.request_id) {
            headers.insert(REQUEST_ID, value);
        }
        if let Some((name, value)) = self.echo {
            headers.insert(name, value);
        }
    }
}

fn route(request: &Request) -> String {
    let matched = request.extensions().get::<MatchedPath>();
    matched.map_or("(none)", MatchedPath::as_str).to_owned()
}

/// API Gateway's id of the request, or a fresh one.
fn request_id(request: &Request) -> String {
    let from_gateway = match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone(),
        _ => None,
    };
    from_gateway.unwrap_or_else(|| Uuid::from_bytes(random_bytes()).simple().to_string())
}

/// X-Ray's id of the request, which its segments are found by: the `Root` of the header.
fn trace_id(request: &Request) -> Option<String> {
    let context = request.extensions().get::<lambda_http::Context>()?;
    let header = context.xray_trace_id.as_deref()?;
    let mut parts = header.split(';');
    let root = parts.find_map(|part| part.trim().strip_prefix("Root="));
    Some(root.unwrap_or(header).to_owned())
}

/// The header `name` of the request, if it fits in a log line.
fn echo(name: &HeaderName, request: &Request) -> Option<(HeaderName, HeaderValue)> {
    let value = request.headers().get(name)?;
    let fits = (1..=LONGEST_ECHO).contains(&value.len()) && value.to_str().is_ok();
    fits.then(|| (name.clone(), value.clone()))
}

/// The system's time, whatever the application's clock shows: metrics are of now.
fn epoch_millis() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(0))
}
