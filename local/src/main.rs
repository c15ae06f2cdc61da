//! `cargo run -p local`: the platform on this machine.

use clap::{Parser, Subcommand};
use dynoxide::Database;
use local::engine::{self, Engine};
use local::token::{self, TokenArguments};
use shared::domain::Clock;
use shared::http::logs::filter;
use shared::http::settings::variable;
use shared::http::{App, Settings};
use shared::store::Table;
use std::error::Error;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;

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
}

#[tokio::main]
async fn main() {
    if let Err(error) = run(Arguments::parse()).await {
        eprintln!("local: {error}");
        std::process::exit(1);
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    if let Some(Command::Token(wanted)) = &arguments.command {
        let token = token::issue(wanted, &Settings::from_env()?, &Clock::system())?;
        println!("{token}");
        return Ok(());
    }
    let level = variable("RUST_LOG")
        .unwrap_or_else(|| "warn,dynoxide=error,shared=info,local=info".to_owned());
    tracing_subscriber::fmt()
        .with_env_filter(filter(&level))
        .with_target(false)
        .with_writer(std::io::stderr)
        .init();
    let settings = Settings::from_env()?;
    let listener = listen((Ipv4Addr::LOCALHOST, arguments.port).into(), "--port").await?;

    let (engine, endpoint) = match variable("AWS_ENDPOINT_URL_DYNAMODB") {
        Some(endpoint) => (None, endpoint),
        None => {
            let engine = start_engine(&arguments).await?;
            let endpoint = engine.endpoint();
            (Some(engine), endpoint)
        }
    };
    let table = Table::new(engine::client(&endpoint), &settings.table_name);
    table.create_if_absent().await?;
    let app = App {
        table,
        settings: Arc::new(settings),
        clock: Clock::system(),
    };

    if arguments.demo {
        match local::demo::fill(&app.table, app.clock.now()).await? {
            Some(demo) => println!(
                "Demo: {} codes, {} clicks and {} recruitments in organisation {}.\n",
                demo.codes,
                demo.clicks,
                demo.recruitments,
                local::demo::ORG
            ),
            None => println!("Demo: left out, as the table holds codes already.\n"),
        }
    }
    let address = listener.local_addr()?;
    // Before it says that it is up: whoever reads that may ask it to stop at once.
    let stop = asked_to_stop()?;
    greet(address, &endpoint, &app, &arguments, engine.is_some());
    let aggregator = tokio::spawn(local::aggregate_regularly(app.clone()));
    let service = local::router(app).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(stop)
        .await?;
    aggregator.abort();
    if let Some(engine) = engine {
        engine.stop().await;
    }
    Ok(())
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

/// Listens for Ctrl-C and `SIGTERM` from now on; the future ends at the first of them.
fn asked_to_stop() -> std::io::Result<impl Future<Output = ()>> {
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

fn greet(address: SocketAddr, endpoint: &str, app: &App, arguments: &Arguments, embedded: bool) {
    let kept = match (embedded, arguments.in_memory) {
        (false, _) => "as AWS_ENDPOINT_URL_DYNAMODB says".to_owned(),
        (true, true) => "embedded, kept in memory only".to_owned(),
        (true, false) => format!("embedded, kept in {}", arguments.data.display()),
    };
    println!(
        "Verv is up.

  API       http://{address}
  DynamoDB  {endpoint}  ({kept}; table {table})

Try:

  curl -s http://{address}/api/v1/referral-codes -H 'content-type: application/json' \\
       -d '{{\"mentor_id\":\"usr_4491\",\"org_id\":\"org_002\",\"prefix\":\"JAN-VERV\"}}'
  curl -s http://{address}/api/v1/referral-codes
  curl -s http://{address}/api/v1/referral-attributions/mentor/usr_4491/total

Ctrl-C stops it.
",
        table = app.table.name(),
    );
}
