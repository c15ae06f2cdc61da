//! `cargo run -p local -- token`: a token for trying things out.

use chrono::TimeDelta;
use clap::Args;
use domain::{Clock, OrgId};
use web::settings::Settings;
use web::token::{Claims, Role};

/// Prints a token signed with the first of TOKEN_KEYS for its organisation, or for the platform
/// where it is an administrator's.
#[derive(Debug, Args)]
pub struct TokenArguments {
    /// Whom the token is for: a mentor's or user's id
    #[arg(long)]
    sub: String,
    /// What they may do; may be given more than once
    #[arg(long, required = true, value_parser = role)]
    role: Vec<Role>,
    /// The organisation they belong to: all roles but ROLE_ADMIN need one
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
/// There is no key to sign it with, or it would live longer than tokens may.
pub fn issue(
    arguments: &TokenArguments,
    settings: &Settings,
    clock: &Clock,
) -> Result<String, String> {
    if TimeDelta::hours(arguments.hours) > settings.tokens.rules.lifetime {
        return Err("TOKEN_LIFETIME_HOURS is less than --hours".to_owned());
    }
    let now = clock.now().timestamp();
    let claims = Claims {
        sub: arguments.sub.clone(),
        roles: arguments
            .role
            .iter()
            .map(|role| role.name().to_owned())
            .collect(),
        exp: now + arguments.hours * 3_600,
        nbf: None,
        iat: Some(now),
        iss: None,
        aud: None,
        org_id: arguments.org.clone(),
    };
    settings
        .tokens
        .issue(&claims)
        .ok_or_else(|| "TOKEN_KEYS holds no key for this role and organisation".to_owned())
}
