//! The data that a command works on: that of this machine, or where
//! `AWS_ENDPOINT_URL_DYNAMODB` says.

use crate::engine::{self, Engine};
use clap::Args;
use std::error::Error;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use store::UnscopedStore;
use tokio::net::TcpListener;
use web::settings::{Settings, env_var};

/// Where the data is.
#[derive(Debug, Args)]
pub struct DataArguments {
    /// Where the data is kept
    #[arg(long, value_name = "PATH", default_value = ".local")]
    data: PathBuf,
}

impl DataArguments {
    /// The store, and the engine behind it where it is this process's own.
    pub(crate) async fn open(&self) -> Result<(UnscopedStore, Option<Engine>), Box<dyn Error>> {
        let settings = Settings::from_env()?;
        let (endpoint, engine) = match env_var("AWS_ENDPOINT_URL_DYNAMODB") {
            Some(endpoint) => (endpoint, None),
            None => {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
                let engine = Engine::in_directory(&self.data, listener).map_err(|error| {
                    format!(
                        "{error}. Where `local` runs on it, reach it through its DynamoDB: \
                         AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:8000"
                    )
                })?;
                (engine.endpoint(), Some(engine))
            }
        };
        let store = UnscopedStore::new(engine::client(&endpoint), &settings.table_name);
        store.create_table_if_absent().await?;
        Ok((store, engine))
    }
}

/// Ends what [`DataArguments::open`] began.
pub(crate) async fn close(engine: Option<Engine>) {
    if let Some(engine) = engine {
        engine.stop().await;
    }
}
