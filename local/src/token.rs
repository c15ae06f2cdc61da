//! `cargo run -p local -- token`: a token for trying things out.

use clap::Args;
use domain::{Clock, OrgId};
use web::settings::Settings;
use web::token::{Claims, Role};

/// Prints a token signed with the first of TOKEN_KEYS for its organisation.
#[derive(Debug, Args)]
pub struct TokenArguments {
    /// Whom the token is for: a mentor's or user's id
    #[arg(long)]
    sub: String,
    /// What they may do; may be given more than once
    #[arg(long, required = true, value_parser = role)]
    role: Vec<Role>,
    /// The organisation they belong to
    #[arg(long, value_parser = |text: &str| text.parse::<OrgId>())]
    org: Option<OrgId>,
    /// How long the token is valid
    #[arg(long, value_name = "HOURS", default_value_t = 12, value_parser = clap::value_parser!(i64).range(1..=8_760))]
    hours: i64,
}

/// A role as tokens name it, or without its `ROLE_`, in any case.
fn role(text: &str) -> Result<Role, String> {
    let upper = text.to_ascii_uppercase();
    let is_named = |role: &Role| {
        let name = role.name();
        upper == name || name.strip_prefix("ROLE_") == Some(&upper)
    };
    Role::ALL.into_iter().find(is_named).ok_or_else(|| {
        let names = Role::ALL.map(Role::name).join(", ");
        format!("must be one of {names}")
    })
}

/// The token that `arguments` describe.
///
/// # Errors
/// There is no key to sign it with.
pub fn issue(
    arguments: &TokenArguments,
    settings: &Settings,
    clock: &Clock,
) -> Result<String, String> {
    let claims = Claims {
        sub: arguments.sub.clone(),
        roles: arguments
            .role
            .iter()
            .map(|role| role.name().to_owned())
            .collect(),
        exp: clock.now().timestamp() + arguments.hours * 3_600,
        nbf: None,
        org_id: arguments.org.clone(),
    };
    settings
        .token_keys
        .issue(&claims)
        .ok_or_else(|| "TOKEN_KEYS holds no key for this organisation".to_owned())
}
