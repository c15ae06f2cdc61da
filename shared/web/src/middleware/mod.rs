//! What surrounds every request, from the outside in: the audit trail, the log line, the headers
//! of every answer, the form of errors, the deadline; and the answers where there is no handler.

mod audit;
mod conventions;
mod deadline;
mod errors;
mod fallback;
mod headers;
mod links;
mod metrics;
mod observe;

pub(crate) use audit::TARGET as AUDIT_TARGET;
pub(crate) use conventions::PathConventions;
pub use deadline::{RESERVE, end_of};

use crate::app::App;
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use observe::Observation;

/// The routes with what surrounds them everywhere.
pub(crate) fn with_middleware(
    routes: Router<App>,
    conventions: Vec<PathConventions>,
    app: App,
) -> Router {
    let conventions: conventions::Shared = conventions.into();
    let observation = Observation {
        conventions: conventions.clone(),
        stack: app.settings().stack_name.as_deref().map(Into::into),
    };
    routes
        .fallback(fallback::route_not_found)
        .method_not_allowed_fallback(fallback::method_not_allowed)
        .layer(from_fn(deadline::deadline))
        .layer(from_fn_with_state(conventions, errors::render))
        .layer(from_fn(links::link_next_page))
        .layer(map_response(headers::protect))
        .layer(from_fn_with_state(observation, observe::observe))
        .layer(from_fn_with_state(app.clone(), audit::audit))
        .with_state(app)
}
