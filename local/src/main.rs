//! `cargo run -p local`: the platform on this machine.

use clap::{Parser, Subcommand};
use domain::Clock;
use dynoxide::Database;
use local::api_key::{self, ApiKeyArguments};
use local::cors::with_cors;
use local::deliveries::{deliver_regularly, deliverer};
use local::demo;
use local::dynamodb::DynamoDb;
use local::engine::Engine;
use local::gateway::as_at_the_gateway;
use local::repair::{self, RebuildArguments, VerifyArguments};
use local::stream::tell_regularly;
use local::token::{self, TokenArguments};
use local::transfer::{self, ExportArguments, ImportArguments};
use std::error::Error;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use store::UnscopedStore;
use tokio::net::TcpListener;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use web::App;
use web::lambda::logs::filter;
use web::settings::{ApiAccess, SettingError, Settings, env_var};

/// Runs Verv on this machine, with DynamoDB embedded.
#[derive(Parser)]
#[command(version)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Where the API is served; 0 takes a free port
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// The address that the API listens on
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::from(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// Where the DynamoDB API is served; 0 takes a free port
    #[arg(long, default_value_t = 8000)]
    dynamodb_port: u16,
    /// The address that the DynamoDB API listens on; containers on Linux cannot reach 127.0.0.1
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::from(Ipv4Addr::LOCALHOST))]
    dynamodb_host: IpAddr,
    /// Where the data is kept
    #[arg(long, value_name = "PATH", default_value = ".local")]
    data: PathBuf,
    /// Keep nothing
    #[arg(long, conflicts_with = "data")]
    in_memory: bool,
    /// Fill an empty table with an organisation, its mentors and 60 days of clicks
    #[arg(long)]
    demo: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Print a development token
    Token(TokenArguments),
    /// Print what the audit trail calls a caller or a person
    AuditName {
        /// The `sub` of a token, the id of an API key, a member's or a mentor's id
        id: String,
    },
    /// Make an API key and print it
    ApiKey(ApiKeyArguments),
    /// Recount the statistics from the facts
    Verify(VerifyArguments),
    /// Write the statistics anew from the facts
    Rebuild(RebuildArguments),
    /// Write an organisation to a file
    Export(ExportArguments),
    /// Read an organisation from a file
    Import(ImportArguments),
}

#[tokio::main]
async fn main() {
    if let Err(error) = run(Arguments::parse()).await {
        eprintln!("local: {error}");
        std::process::exit(1);
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    match &arguments.command {
        Some(Command::Token(wanted)) => {
            let token = token::issue(wanted, &Settings::from_env()?, &Clock::system())?;
            println!("{token}");
            Ok(())
        }
        Some(Command::AuditName { id }) => {
            println!("{}", Settings::from_env()?.audit_key.hash(id));
            Ok(())
        }
        Some(Command::ApiKey(wanted)) => api_key::make(wanted).await,
        Some(Command::Verify(wanted)) => repair::verify(wanted).await,
        Some(Command::Rebuild(wanted)) => repair::rebuild(wanted).await,
        Some(Command::Export(wanted)) => transfer::export(wanted).await,
        Some(Command::Import(wanted)) => transfer::import(wanted).await,
        None => serve(&arguments).await,
    }
}

async fn serve(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    log_to_stderr()?;
    let settings = Settings::from_env()?;
    let listener = listen((arguments.host, arguments.port).into(), "--port").await?;
    let database = start_dynamodb(arguments).await?;
    let store = database.open(&settings.table_name).await?;
    let clock = Clock::system();
    let address = listener.local_addr()?;
    let calls = match arguments.demo {
        true => calls_of_demo(&store, &clock, address).await?,
        false => None,
    };
    // After the demonstration: hundreds of its events would bury the greeting.
    let stream = database.stream(store.table_name()).await?;
    let app = App::new(store.clone(), Arc::new(settings.clone()), clock.clone());
    let router = with_cors(as_at_the_gateway(local::router(app)))?;
    // Before the greeting: whoever reads that may stop the process at once.
    let stop = stop_signal()?;
    warn_of_public(&settings, address);
    greet(
        address,
        &location(arguments, &database),
        &database.endpoint,
        store.table_name(),
        &calls.unwrap_or_else(|| first_calls(address)),
    );
    if settings.api_access == ApiAccess::Token {
        println!("{WITH_TOKEN}");
    }
    let events =
        stream.map(|stream| tokio::spawn(tell_regularly(stream, store.clone(), clock.clone())));
    let deliveries = tokio::spawn(deliver_regularly(deliverer(&settings, &store, &clock)));
    let aggregator = tokio::spawn(local::aggregate_regularly(
        store,
        clock,
        settings.fold_pace,
        settings.visitor_retention,
    ));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(stop)
        .await?;
    aggregator.abort();
    deliveries.abort();
    if let Some(events) = events {
        events.abort();
    }
    database.stop().await;
    Ok(())
}

fn log_to_stderr() -> Result<(), SettingError> {
    let level = env_var("RUST_LOG")
        .unwrap_or_else(|| "warn,dynoxide=error,store=info,web=info,local=info".to_owned());
    let filter = filter(&level)?;
    let lines = tracing_subscriber::fmt::layer()
        .with_target(false)
        .with_writer(std::io::stderr);
    tracing_subscriber::registry()
        .with(lines)
        .with(filter)
        .init();
    Ok(())
}

/// The DynamoDB behind the API: embedded, or the one that the environment names.
async fn start_dynamodb(arguments: &Arguments) -> Result<DynamoDb, Box<dyn Error>> {
    match DynamoDb::from_env()? {
        Some(named) => Ok(named),
        None => Ok(DynamoDb::embedded(start_engine(arguments).await?)),
    }
}

async fn start_engine(arguments: &Arguments) -> Result<Engine, Box<dyn Error>> {
    let address = SocketAddr::from((arguments.dynamodb_host, arguments.dynamodb_port));
    let listener = listen(address, "--dynamodb-port").await?;
    if !address.ip().is_loopback() {
        eprintln!(
            "Warning: DynamoDB listens on {}: whoever reaches that address can read and change \
             the data.\n",
            address.ip()
        );
    }
    if arguments.in_memory {
        return Ok(Engine::start(Database::memory()?, listener)?);
    }
    let engine = Engine::in_directory(&arguments.data, listener);
    engine.map_err(|error| format!("{error}. Choose another directory with --data.").into())
}

async fn listen(address: SocketAddr, flag: &str) -> Result<TcpListener, Box<dyn Error>> {
    TcpListener::bind(address).await.map_err(|error| {
        let advice = match error.kind() {
            ErrorKind::AddrNotAvailable => "It is not an address of this machine.".to_owned(),
            _ => format!("Choose another port with {flag}, 0 for a free one."),
        };
        format!("{address}: {error}. {advice}").into()
    })
}

/// Fills an empty table with the demonstration; the calls that show it, where it is there.
async fn calls_of_demo(
    store: &UnscopedStore,
    clock: &Clock,
    address: SocketAddr,
) -> Result<Option<String>, Box<dyn Error>> {
    match demo::fill(store, clock.now()).await? {
        Some(demo) => println!(
            "Demo: {} codes, {} clicks and {} recruitments in organisation {}.\n",
            demo.codes,
            demo.clicks,
            demo.recruitments,
            demo::ORG
        ),
        None => println!("Demo: left out, as the table holds codes already.\n"),
    }
    let examples = demo::examples(store, clock.now()).await?;
    Ok(examples.map(|examples| examples.calls(address)))
}

/// Listens for Ctrl-C and `SIGTERM` from now on; the future ends at the first of them.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        Ok(async move {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

/// Where the data is kept, for the greeting.
fn location(arguments: &Arguments, database: &DynamoDb) -> String {
    if !database.is_embedded() {
        "as AWS_ENDPOINT_URL_DYNAMODB says".to_owned()
    } else if arguments.in_memory {
        "embedded, kept in memory only".to_owned()
    } else {
        format!("embedded, kept in {}", arguments.data.display())
    }
}

fn warn_of_public(settings: &Settings, address: SocketAddr) {
    if !address.ip().is_loopback() && settings.api_access == ApiAccess::Public {
        eprintln!(
            "Warning: the API listens on {} and is public: whoever reaches that address can read \
             and change everything. API_ACCESS=token requires a token or an API key.\n",
            address.ip()
        );
    }
}

/// What to do about a 401, where calls need a token.
const WITH_TOKEN: &str = "API_ACCESS is token, so give each call a token:

  TOKEN=$(cargo run -q -p local -- token --sub me --role ROLE_ADMIN)
  curl … -H \"authorization: Bearer $TOKEN\"
";

fn greet(address: SocketAddr, location: &str, endpoint: &str, table: &str, calls: &str) {
    println!(
        "Verv is up.

  API       http://{address}
  Console   http://{address}/console
  DynamoDB  {endpoint}  ({location}; table {table})

Try:

{calls}
Ctrl-C stops it.
"
    );
}

/// What to try on an empty table.
fn first_calls(address: SocketAddr) -> String {
    format!(
        "  curl -s http://{address}/api/v1/referral-codes -H 'content-type: application/json' \\
       -d '{{\"mentor_id\":\"usr_4491\",\"org_id\":\"org_002\",\"prefix\":\"JAN-VERV\"}}'
  curl -s http://{address}/api/v1/referral-codes
  curl -s http://{address}/api/v1/referral-attributions/mentor/usr_4491/total
"
    )
}
