//! How a function starts on Lambda, and how it gets its events.

mod aws;
mod batch;
mod gateway;
pub mod logs;
mod secrets;
mod unconnected;

pub use aws::{retries, timeouts};
pub use aws_config::SdkConfig;
pub use batch::BatchFailures;
pub use gateway::encode_uri;

use crate::access::Access;
use crate::app::App;
use crate::problem::Cause;
use crate::routes::Routes;
use crate::settings::{ApiAccess, SettingError, Settings, env_var};
use aws_config::BehaviorVersion;
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
    /// How other services of AWS are reached.
    pub aws: SdkConfig,
}

impl From<Started> for App {
    fn from(started: Started) -> Self {
        Self::new(started.store, started.settings, started.clock)
    }
}

/// When a function verifies tokens: only then are their keys read, and must there be some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum VerifiesTokens {
    /// No route of it takes one.
    Never,
    /// Where `API_ACCESS` requires them.
    AsSet,
    /// Whatever `API_ACCESS` says.
    Always,
}

impl VerifiesTokens {
    /// What `routes` declare.
    fn of(routes: &Routes) -> Self {
        let accesses = routes
            .declarations()
            .iter()
            .map(|route| route.access.access);
        let each = accesses.map(|access| match access {
            Access::Open => Self::Never,
            Access::Roles(_) => Self::AsSet,
            Access::Tenant | Access::Verified(_) => Self::Always,
        });
        each.max().unwrap_or(Self::Never)
    }

    fn needs_keys(self, access: Option<&str>) -> bool {
        match self {
            Self::Never => false,
            Self::AsSet => access == Some("token"),
            Self::Always => true,
        }
    }
}

/// What every function does in init: logs, settings, the keys of tokens where it verifies them,
/// and a connection that is open before the first request needs it.
///
/// # Errors
/// A setting at fault, by name.
pub async fn start(verifies: VerifiesTokens) -> Result<Started, SettingError> {
    logs::init()?;
    let config = aws::config().await?;
    let needs_keys = verifies.needs_keys(env_var("API_ACCESS").as_deref());
    let keys = async {
        match needs_keys {
            true => secrets::token_keys(&config).await,
            false => Ok(None),
        }
    };
    let (keys, held) = try_join!(keys, secrets::settings(&config))?;
    let settings = Settings::from_lookup(|name| match name {
        "TOKEN_KEYS" if keys.is_some() => keys.clone(),
        _ => held.get(name).cloned().or_else(|| env_var(name)),
    })?;
    if needs_keys {
        settings.require_token_keys()?;
    }
    if verifies != VerifiesTokens::Never && settings.api_access == ApiAccess::Public {
        tracing::warn!(
            "API_ACCESS is public: whoever reaches this API reads and changes what it holds"
        );
    }
    let client = aws_sdk_dynamodb::Client::new(&config);
    let store = UnscopedStore::new(client, &settings.table_name);
    if let Err(error) = store.warm_up().await {
        // Whether it works is the first request's concern: a policy may be too new to be known.
        tracing::error!(
            error = Cause::new(error).chain(),
            "the table {} cannot be read: TABLE_NAME, AWS_ENDPOINT_URL_DYNAMODB",
            settings.table_name
        );
    }
    Ok(Started {
        store,
        settings: Arc::new(settings),
        clock: Clock::system(),
        aws: config,
    })
}

/// Runs `routes` as a Lambda function. Where one of them verifies tokens whatever
/// `API_ACCESS` says, the function does not start without keys.
///
/// # Errors
/// A setting at fault, or the runtime's own.
pub async fn serve(routes: Routes) -> Result<(), lambda_http::Error> {
    let app = start(VerifiesTokens::of(&routes)).await?.into();
    run(routes, app).await
}

/// Runs `routes` that need neither the table nor a secret, and waits for neither.
///
/// # Errors
/// A setting at fault, or the runtime's own.
pub async fn serve_without_table(routes: Routes) -> Result<(), lambda_http::Error> {
    logs::init()?;
    let settings = Settings::from_lookup(env_var)?;
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(unconnected::http_client());
    let client = aws_sdk_dynamodb::Client::from_conf(config.build());
    let store = UnscopedStore::new(client, &settings.table_name);
    run(routes, App::new(store, Arc::new(settings), Clock::system())).await
}

async fn run(routes: Routes, app: App) -> Result<(), lambda_http::Error> {
    let handler =
        Adapter::from(routes.into_router(app)).map_request(|event: LambdaEvent<LambdaRequest>| {
            LambdaEvent {
                payload: encode_uri(event.payload),
                context: event.context,
            }
        });
    lambda_http::lambda_runtime::run(handler).await
}
