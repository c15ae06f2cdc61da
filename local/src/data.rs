//! The data that a command works on: that of this machine, or where
//! `AWS_ENDPOINT_URL_DYNAMODB` says.

use crate::dynamodb::DynamoDb;
use crate::engine::Engine;
use clap::Args;
use std::error::Error;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use store::UnscopedStore;
use tokio::net::TcpListener;
use web::settings::Settings;

/// Where the data is.
#[derive(Debug, Args)]
pub struct DataArguments {
    /// Where the data is kept
    #[arg(long, value_name = "PATH", default_value = ".local")]
    data: PathBuf,
}

impl DataArguments {
    /// The store, and the DynamoDB behind it.
    pub(crate) async fn open(&self) -> Result<(UnscopedStore, DynamoDb), Box<dyn Error>> {
        let settings = Settings::from_env()?;
        let database = match DynamoDb::from_env()? {
            Some(database) => database,
            None => {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
                let engine = Engine::in_directory(&self.data, listener).map_err(|error| {
                    format!(
                        "{error}. Where `local` runs on it, reach it through its DynamoDB: \
                         AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:8000"
                    )
                })?;
                DynamoDb::embedded(engine)
            }
        };
        let store = database.open(&settings.table_name).await?;
        Ok((store, database))
    }
}
