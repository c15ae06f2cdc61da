//! The time of a request.

use crate::app::App;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use std::convert::Infallible;

/// The time that the application's clock shows as the request is read.
pub struct Now(pub DateTime<Utc>);

impl FromRequestParts<App> for Now {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self(app.clock().now()))
    }
}
