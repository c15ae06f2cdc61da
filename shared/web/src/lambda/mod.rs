//! How a function starts on Lambda, and how it gets its events.

mod aws;
mod gateway;
pub mod logs;
mod secrets;

pub use gateway::encode_uri;

use crate::app::App;
use crate::routes::Routes;
use crate::settings::{SettingError, Settings, env_var};
use domain::Clock;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, LambdaEvent};
use std::sync::Arc;
use store::UnscopedStore;
use tower::ServiceExt;

/// What a function has once it is started.
pub struct Started {
    /// The whole table, reached as the environment says.
    pub store: UnscopedStore,
    /// The settings of the environment.
    pub settings: Arc<Settings>,
    /// The system's clock.
    pub clock: Clock,
}

impl From<Started> for App {
    fn from(started: Started) -> Self {
        Self::new(started.store, started.settings, started.clock)
    }
}

/// What every function does in init: logs, settings, which must have what the function
/// `needs`, and a connection that is open before the first request needs it.
///
/// # Errors
/// A setting at fault, by name.
pub async fn start(
    needs: impl FnOnce(&Settings) -> Result<(), SettingError>,
) -> Result<Started, SettingError> {
    logs::init();
    let config = aws::config().await?;
    let keys = secrets::token_keys(&config).await?;
    let settings = Settings::from_lookup(|name| match name {
        "TOKEN_KEYS" if keys.is_some() => keys.clone(),
        _ => env_var(name),
    })?;
    needs(&settings)?;
    let client = aws_sdk_dynamodb::Client::new(&config);
    let store = UnscopedStore::new(client, &settings.table_name);
    store.warm_up().await;
    Ok(Started {
        store,
        settings: Arc::new(settings),
        clock: Clock::system(),
    })
}

/// Runs `routes` as a Lambda function. Where one of them verifies tokens whatever
/// `API_ACCESS` says, the function does not start without keys.
///
/// # Errors
/// A setting at fault, or the runtime's own.
pub async fn serve(routes: Routes) -> Result<(), lambda_http::Error> {
    let mut declared = routes.declarations().iter();
    let verifies_always = declared.any(|route| route.access.verifies_always());
    let needs = |settings: &Settings| {
        if verifies_always {
            settings.require_token_keys()
        } else {
            Ok(())
        }
    };
    let app = start(needs).await?.into();
    let handler =
        Adapter::from(routes.into_router(app)).map_request(|event: LambdaEvent<LambdaRequest>| {
            LambdaEvent {
                payload: encode_uri(event.payload),
                context: event.context,
            }
        });
    lambda_http::lambda_runtime::run(handler).await
}
