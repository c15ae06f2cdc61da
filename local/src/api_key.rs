//! `cargo run -p local -- api-key`: an API key for trying things out.

use crate::data::{DataArguments, close};
use clap::Args;
use domain::api_key::{ApiKeyName, ApiKeyRefusal, KeyScopes, NewApiKey};
use domain::{Clock, KeyScope, KeyText, OrgId, Scope, Timestamp};
use std::error::Error;
use store::{TransactError, UnscopedStore};
use web::settings::Settings;

/// Makes an API key and prints it.
#[derive(Debug, Args)]
pub struct ApiKeyArguments {
    /// The organisation whose server will use it
    #[arg(long, value_parser = |text: &str| text.parse::<OrgId>())]
    org: OrgId,
    /// What people call it
    #[arg(long, default_value = "local", value_parser = |text: &str| text.parse::<ApiKeyName>())]
    name: ApiKeyName,
    /// What it is for; may be given more than once, and is everything unless given
    #[arg(long, value_parser = scope)]
    scope: Vec<KeyScope>,
    /// When it ends, such as 2027-01-01T00:00:00Z; never unless given
    #[arg(long, value_parser = |text: &str| text.parse::<Timestamp>())]
    expires_at: Option<Timestamp>,
    #[command(flatten)]
    data: DataArguments,
}

fn scope(text: &str) -> Result<KeyScope, String> {
    let named = KeyScope::ALL.into_iter().find(|scope| scope.name() == text);
    named.ok_or_else(|| {
        let names = KeyScope::ALL.map(KeyScope::name).join(", ");
        format!("must be one of {names}")
    })
}

/// Makes the key that `arguments` describe, and prints it.
///
/// # Errors
/// A setting is at fault, the key would have ended already, or DynamoDB does not answer.
pub async fn make(arguments: &ApiKeyArguments) -> Result<(), Box<dyn Error>> {
    let settings = Settings::from_env()?;
    let (store, engine) = arguments.data.open().await?;
    let made = issue(arguments, &store, &settings, &Clock::system()).await;
    close(engine).await;
    println!("{}", made?.expose());
    Ok(())
}

async fn issue(
    arguments: &ApiKeyArguments,
    store: &UnscopedStore,
    settings: &Settings,
    clock: &Clock,
) -> Result<KeyText, Box<dyn Error>> {
    let scopes = match arguments.scope.as_slice() {
        [] => KeyScope::ALL.to_vec(),
        given => given.to_vec(),
    };
    let new = NewApiKey {
        org: arguments.org.clone(),
        name: arguments.name.clone(),
        scopes: KeyScopes::try_from(scopes).map_err(|error| format!("--scope {error}"))?,
        expires_at: arguments.expires_at,
    };
    let store = store.scoped(Scope::unrestricted(), None);
    let made = store.create_api_key(new, settings.key_mode, None, clock.now());
    match made.await {
        Ok(reply) => reply.value.text.ok_or_else(|| "the key was lost".into()),
        Err(TransactError::Refused(ApiKeyRefusal::ExpiresInThePast)) => {
            Err("--expires-at must be ahead".into())
        }
        Err(TransactError::Refused(ApiKeyRefusal::OutOfScope) | TransactError::KeyReused) => {
            Err("the key was refused".into())
        }
        Err(TransactError::Store(error)) => Err(error.into()),
    }
}
