//! What every function is: routes, the state behind them, and how it starts on Lambda.

use super::access::guard;
use super::deadline::deadline;
use super::observe::observe;
use super::settings::{SettingError, variable};
use super::{Settings, aws, fallback, gateway, logs, secrets};
use crate::domain::Clock;
use crate::store::Table;
use axum::Router;
use axum::http::Uri;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, LambdaEvent};
use std::sync::Arc;
use tower::ServiceExt;

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
        let settings = Settings::from_lookup(|name| match name {
            "TOKEN_KEYS" if keys.is_some() => keys.clone(),
            _ => variable(name),
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
/// the guard before every route, and the log line.
pub fn finish(routes: Router<App>, app: App) -> Router {
    routes
        .fallback(async |uri: Uri| fallback::no_such_route(uri.path()))
        .method_not_allowed_fallback(async |uri: Uri| fallback::no_such_method(uri.path(), None))
        .layer(axum::middleware::from_fn_with_state(app.clone(), guard))
        .layer(axum::middleware::from_fn(deadline))
        .layer(axum::middleware::from_fn(observe))
        .with_state(app)
}

/// Runs `routes` as a Lambda function.
///
/// # Errors
/// A setting at fault, or the runtime's own.
pub async fn serve(routes: Router<App>) -> Result<(), lambda_http::Error> {
    run(routes, start(|_| Ok(())).await?).await
}

/// Runs `routes`, some of which verify tokens always, as a Lambda function.
///
/// # Errors
/// A setting at fault, missing keys among them, or the runtime's own.
pub async fn serve_verifying_tokens(routes: Router<App>) -> Result<(), lambda_http::Error> {
    run(routes, start(Settings::require_token_keys).await?).await
}

async fn run(routes: Router<App>, app: App) -> Result<(), lambda_http::Error> {
    let handler =
        Adapter::from(finish(routes, app)).map_request(|event: LambdaEvent<LambdaRequest>| {
            LambdaEvent {
                payload: gateway::tidy(event.payload),
                context: event.context,
            }
        });
    lambda_http::lambda_runtime::run(handler).await
}

/// What every function does in init: logs, settings, which must have what the function
/// `needs`, and a connection that is open before the first request needs it.
///
/// # Errors
/// A setting at fault, by name.
pub async fn start(
    needs: impl FnOnce(&Settings) -> Result<(), SettingError>,
) -> Result<App, SettingError> {
    logs::init();
    let app = App::from_env().await?;
    needs(&app.settings)?;
    app.table.warm_up().await;
    Ok(app)
}
