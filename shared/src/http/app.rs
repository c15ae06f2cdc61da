//! What every function is: routes, the state behind them, and how it starts on Lambda.

use super::deadline::deadline;
use super::observe::observe;
use super::settings::SettingError;
use super::{Problem, Settings, aws, logs, secrets};
use crate::domain::Clock;
use crate::store::Table;
use axum::Router;
use axum::http::StatusCode;
use std::sync::Arc;

/// What handlers share. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    pub table: Table,
    pub settings: Arc<Settings>,
    pub clock: Clock,
}

impl App {
    /// The application that the environment describes: settings, credentials, endpoint.
    ///
    /// # Errors
    /// The setting at fault, by name.
    pub async fn from_env() -> Result<Self, SettingError> {
        let config = aws::config().await?;
        let keys = secrets::token_keys(&config).await?;
        let settings = Settings::from_lookup(|variable| match variable {
            "TOKEN_KEYS" if keys.is_some() => keys.clone(),
            _ => std::env::var(variable).ok(),
        })?;
        let client = aws_sdk_dynamodb::Client::new(&config);
        Ok(Self {
            table: Table::new(client, &settings.table_name),
            settings: Arc::new(settings),
            clock: Clock::system(),
        })
    }
}

/// The routes with what surrounds them everywhere: problems for unknown routes and methods,
/// and the log line.
pub fn finish(routes: Router<App>, app: App) -> Router {
    routes
        .fallback(async || {
            Problem::not_found("route_not_found", "There is nothing at this address.")
        })
        .method_not_allowed_fallback(async || {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This address does not take this method; see the Allow header.",
            )
        })
        .layer(axum::middleware::from_fn(deadline))
        .layer(axum::middleware::from_fn(observe))
        .with_state(app)
}

/// Runs `routes` as a Lambda function.
///
/// # Errors
/// A setting at fault, or the runtime's own.
pub async fn serve(routes: Router<App>) -> Result<(), lambda_http::Error> {
    let app = start().await?;
    lambda_http::run(finish(routes, app)).await
}

/// What every function does in init: logs, settings, and a connection that is open before
/// the first request needs it.
///
/// # Errors
/// A setting at fault, by name.
pub async fn start() -> Result<App, SettingError> {
    logs::init();
    let app = App::from_env().await?;
    app.table.warm_up().await;
    Ok(app)
}
