//! One log line a request, which is its metrics too: route, status, time, DynamoDB trips and
//! capacity units, and what failed. No address, user agent, token or id that a caller chose is
//! in it.

use super::conventions::{Shared, echo_at};
use super::metrics::Measured;
use crate::problem::{Cause, Problem};
use crate::reply::{FailedPart, LostClick};
use crate::token::Unverified;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use domain::ids::random_bytes;
use lambda_http::request::RequestContext;
use std::sync::Arc;
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
    echo: Option<(HeaderName, HeaderValue)>,
}

/// What observing goes by.
#[derive(Debug, Clone)]
pub(super) struct Observation {
    pub(super) conventions: Shared,
    /// The stack whose metrics the lines are; `None` where no metrics are read out of the log.
    pub(super) stack: Option<Arc<str>>,
}

/// Measures and logs a request.
pub(super) async fn observe(
    State(observation): State<Observation>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let echo = echo_at(&observation.conventions, request.uri().path());
    let observed = Observed {
        method: request.method().to_string(),
        route: route(&request),
        request_id: request_id(&request),
        echo: echo.and_then(|name| self::echo(name, &request)),
    };
    let (mut response, usage) = metered(next.run(request)).await;
    let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
    let milliseconds = (milliseconds * 10.0).round() / 10.0;
    observed.log(&response, usage, milliseconds, observation.stack.as_deref());
    observed.label(&mut response);
    response.extensions_mut().insert(usage);
    response
}

impl Observed {
    fn log(&self, response: &Response, usage: Usage, milliseconds: f64, stack: Option<&str>) {
        let problem = response.extensions().get::<Problem>();
        let lost = response.extensions().get::<LostClick>();
        let cause = problem.and_then(Problem::cause);
        let part = response.extensions().get::<FailedPart>();
        let cause = cause
            .or(lost.map(LostClick::cause))
            .or(part.map(FailedPart::cause))
            .map(Cause::chain);
        // Why a credential was refused, which its bearer is not told.
        let unverified = problem
            .and_then(Problem::refused_credential)
            .map(Unverified::name);
        let measured = Measured {
            method: &self.method,
            route: &self.route,
            status: response.status(),
            milliseconds,
            usage,
            request_id: &self.request_id,
            requestid: self.echo.as_ref().and_then(|(_, id)| id.to_str().ok()),
            unverified,
            cause: cause.as_deref(),
            click_is_lost: lost.is_some(),
            part_failed: part.is_some(),
        };
        match stack {
            // The metrics are in it, so no level leaves it out.
            Some(stack) => println!("{}", measured.line(stack, epoch_millis())),
            None => trace(&measured),
        }
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

/// The line as an event of the log.
fn trace(measured: &Measured<'_>) {
    let Measured {
        method,
        route,
        milliseconds,
        request_id,
        requestid,
        unverified,
        cause,
        ..
    } = *measured;
    let (status, message) = (measured.status.as_u16(), measured.message());
    let Usage {
        trips,
        calls,
        read_units,
        write_units,
    } = measured.usage;
    // A level is part of an event's place in the code, so it cannot be a value.
    macro_rules! at {
        ($level:ident) => {
            tracing::$level!(
                message,
                method,
                route,
                status,
                milliseconds,
                trips,
                calls,
                read_units,
                write_units,
                request_id,
                requestid,
                unverified,
                cause
            )
        };
    }
    if cause.is_some() {
        at!(error);
    } else {
        at!(info);
    }
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
