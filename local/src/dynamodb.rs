//! The DynamoDB behind the platform: embedded in this process, or any other that the
//! environment names, AWS's own included.

use crate::engine::{self, Engine};
use crate::stream::Stream;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region, SharedHttpClient};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use std::error::Error;
use std::fs;
use store::UnscopedStore;
use web::settings::{check_endpoint, env_var};

/// A DynamoDB, and how it is reached.
pub struct DynamoDb {
    /// Its client.
    pub client: Client,
    /// Where it answers.
    pub endpoint: String,
    engine: Option<Engine>,
}

impl DynamoDb {
    /// The one that `AWS_ENDPOINT_URL_DYNAMODB` names, if it names one: reached with the
    /// region, the credentials and the certificates of the environment, as a function reaches
    /// it. Without credentials it is taken for a local engine, which takes any.
    ///
    /// # Errors
    /// The variable at fault, by name.
    pub fn from_env() -> Result<Option<Self>, Box<dyn Error>> {
        let Some(endpoint) = env_var("AWS_ENDPOINT_URL_DYNAMODB") else {
            return Ok(None);
        };
        check_endpoint(Some(&endpoint))?;
        let region = env_var("AWS_REGION").or_else(|| env_var("AWS_DEFAULT_REGION"));
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.unwrap_or_else(|| "eu-north-1".into())))
            .credentials_provider(credentials()?)
            .endpoint_url(&endpoint);
        if let Some(path) = env_var("AWS_CA_BUNDLE") {
            let trusting = client_that_trusts(&path);
            config = config.http_client(trusting.map_err(|error| {
                format!("AWS_CA_BUNDLE must name a file of PEM certificates: {error}")
            })?);
        }
        Ok(Some(Self {
            client: Client::from_conf(config.build()),
            endpoint,
            engine: None,
        }))
    }

    /// The engine that runs in this process.
    pub fn embedded(engine: Engine) -> Self {
        Self {
            client: engine::client(&engine.endpoint()),
            endpoint: engine.endpoint(),
            engine: Some(engine),
        }
    }

    /// The store in its table `table_name`, which is made where it is not there.
    ///
    /// # Errors
    /// The endpoint and the table that do not answer, by name and variable.
    pub async fn open(&self, table_name: &str) -> Result<UnscopedStore, String> {
        let store = UnscopedStore::new(self.client.clone(), table_name);
        let made = store.create_table_if_absent().await;
        made.map(|()| store).map_err(|error| {
            format!(
                "the table {table_name} (TABLE_NAME) at {} (AWS_ENDPOINT_URL_DYNAMODB): {}",
                self.endpoint,
                with_sources(&error)
            )
        })
    }

    /// What is written to `table` from now on, where the engine is this process's own: another one
    /// has whoever reads its stream.
    ///
    /// # Errors
    /// The engine has no such table.
    pub async fn stream(&self, table: &str) -> Result<Option<Stream>, Box<dyn Error>> {
        match &self.engine {
            Some(engine) => Ok(Some(Stream::open(engine, table).await?)),
            None => Ok(None),
        }
    }

    /// Whether it runs in this process.
    pub fn is_embedded(&self) -> bool {
        self.engine.is_some()
    }

    /// Closes the engine where it is this process's own.
    pub async fn stop(self) {
        if let Some(engine) = self.engine {
            engine.stop().await;
        }
    }
}

/// An error and its sources on one line.
fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text.replace('\n', " ")
}

fn credentials() -> Result<Credentials, Box<dyn Error>> {
    match (
        env_var("AWS_ACCESS_KEY_ID"),
        env_var("AWS_SECRET_ACCESS_KEY"),
    ) {
        (Some(id), Some(secret)) => {
            let session = env_var("AWS_SESSION_TOKEN");
            Ok(Credentials::new(id, secret, session, None, "environment"))
        }
        (None, None) => Ok(Credentials::new("local", "local", None, None, "local")),
        (Some(_), None) => Err("AWS_SECRET_ACCESS_KEY must be set, as AWS_ACCESS_KEY_ID is".into()),
        (None, Some(_)) => Err("AWS_ACCESS_KEY_ID must be set, as AWS_SECRET_ACCESS_KEY is".into()),
    }
}

/// A client that trusts the certificates in the file `path`, and no others.
fn client_that_trusts(path: &str) -> Result<SharedHttpClient, Box<dyn Error>> {
    let pem = fs::read(path)?;
    if !pem
        .windows(27)
        .any(|part| part == b"-----BEGIN CERTIFICATE-----")
    {
        return Err("it holds none".into());
    }
    let trusted = TrustStore::empty().with_pem_certificate(pem);
    let context = TlsContext::builder().with_trust_store(trusted).build()?;
    Ok(Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(context)
        .build_https())
}
