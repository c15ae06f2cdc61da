//! DynamoDB in the process: `dynoxide` on SQLite, behind DynamoDB's own protocol, so that
//! every call takes the path through the SDK that it takes on AWS.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use dynoxide::Database;
use std::fmt::Display;
use std::fs::{self, File, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A running engine. It stops when it is dropped, or in order with [`Engine::stop`].
pub struct Engine {
    address: SocketAddr,
    database: Database,
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<(), String>>,
    /// Held as long as the engine writes to its directory.
    _lock: Option<File>,
}

impl Engine {
    /// Serves `database` on `listener`.
    ///
    /// # Errors
    /// The listener's address cannot be told.
    pub fn start(database: Database, listener: TcpListener) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            // A dropped sender stops the engine as well.
            let _ = stopped.await;
        };
        let server = tokio::spawn(dynoxide::server::serve_with_shutdown(
            listener,
            database.clone(),
            shutdown,
        ));
        Ok(Self {
            address,
            database,
            stop,
            server,
            _lock: None,
        })
    }

    /// An empty engine in memory, on a free port.
    ///
    /// # Errors
    /// No port is free, or SQLite does not open.
    pub async fn in_memory() -> io::Result<Self> {
        let database = Database::memory().map_err(|error| io::Error::other(error.to_string()))?;
        Self::start(database, TcpListener::bind("127.0.0.1:0").await?)
    }

    /// An engine that keeps its data in `directory`, on `listener`.
    ///
    /// # Errors
    /// The directory cannot be written, or another process keeps its data there: two engines
    /// on one file would not see each other's transactions.
    pub fn in_directory(directory: &Path, listener: TcpListener) -> io::Result<Self> {
        let lock = fs::create_dir_all(directory)
            .and_then(|()| File::create(directory.join("lock")))
            .map_err(|error| about(directory, error))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => about(directory, "another process keeps its data here"),
            TryLockError::Error(error) => about(directory, error),
        })?;
        let file = directory.join("verv.db");
        let path = (file.to_str()).ok_or_else(|| about(directory, "the path is not UTF-8"))?;
        let database = Database::new(path).map_err(|error| about(&file, error))?;
        let engine = Self::start(database, listener)?;
        Ok(Self {
            _lock: Some(lock),
            ..engine
        })
    }

    /// Where the engine answers: `http://127.0.0.1:8000`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The database behind the protocol.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Stops taking requests, finishes those under way, and closes the database.
    pub async fn stop(self) {
        drop(self.stop);
        let _ = self.server.await;
    }
}

fn about(path: &Path, problem: impl Display) -> io::Error {
    io::Error::other(format!("{}: {problem}", path.display()))
}

/// A client of the DynamoDB at `endpoint`, with credentials that a local engine takes.
pub fn client(endpoint: &str) -> Client {
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-north-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
        .endpoint_url(endpoint);
    if endpoint.starts_with("http:") {
        // The default one reads every root certificate of the machine first.
        config.set_http_client(Some(aws_smithy_http_client::Builder::new().build_http()));
    }
    Client::from_conf(config.build())
}
