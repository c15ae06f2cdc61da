//! How a function starts on Lambda, and how it gets its events.

mod aws;
mod gateway;
pub mod logs;
mod secrets;

pub use gateway::encode_query;

use crate::app::App;
use crate::routes::Routes;
use crate::settings::{SettingError, Settings, env_var};
use domain::Clock;
use futures::try_join;
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

/// When a function verifies tokens: only then are their keys read, and must there be some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifiesTokens {
    /// Whatever `API_ACCESS` says.
    Always,
    /// Where `API_ACCESS` requires them.
    AsSet,
    /// It has no callers.
    Never,
}

/// What every function does in init: logs, settings, the keys of tokens where it verifies them,
/// and a connection that is open before the first request needs it.
///
/// # Errors
/// A setting at fault, by name.
pub async fn start(verifies: VerifiesTokens) -> Result<Started, SettingError> {
    logs::init();
    let config = aws::config().await?;
    let verifies = match verifies {
        VerifiesTokens::Always => true,
        VerifiesTokens::AsSet => env_var("API_ACCESS").as_deref() == Some("token"),
        VerifiesTokens::Never => false,
    };
    let keys = async {
        match verifies {
            true => secrets::token_keys(&config).await,
            false => Ok(None),
        }
    };
    let (keys, held) = try_join!(keys, secrets::settings(&config))?;
    let settings = Settings::from_lookup(|name| match name {
        "TOKEN_KEYS" if keys.is_some() => keys.clone(),
        _ => held.get(name).cloned().or_else(|| env_var(name)),
    })?;
    if verifies {
        settings.require_token_keys()?;
    }
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
    let verifies = if verifies_always {
        VerifiesTokens::Always
    } else {
        VerifiesTokens::AsSet
    };
    let app = start(verifies).await?.into();
    let handler =
        Adapter::from(routes.into_router(app)).map_request(|event: LambdaEvent<LambdaRequest>| {
            LambdaEvent {
                payload: encode_query(event.payload),
                context: event.context,
            }
        });
    lambda_http::lambda_runtime::run(handler).await
}
