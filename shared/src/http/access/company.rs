//! The door of the payments company's routes: the `companyid` header, and the token where
//! the route asks for one.

use super::caller::scoped;
use super::token::{self, Issuer, Role};
use crate::domain::{MentorId, OrgId, Reach};
use crate::http::App;
use crate::http::envelope::Refusal;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// The company that a request is for, and the application scoped to it.
pub struct Company {
    pub org: OrgId,
    pub app: App,
}

impl FromRequestParts<App> for Company {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let mut given = parts.headers.get_all("companyid").iter();
        let org: OrgId = match (given.next(), given.next()) {
            (None, _) => return Err(Refusal::BadRequest),
            (Some(id), None) => id.to_str().ok().and_then(|id| id.parse().ok()),
            (Some(_), Some(_)) => None,
        }
        .ok_or(Refusal::InvalidParameters)?;
        let app = scoped(app, Reach::org(org.clone()), parts).await;
        Ok(Self { org, app })
    }
}

/// A company's request whose token was verified, whatever `API_ACCESS` says.
pub struct Visitor {
    pub company: Company,
    /// Whom alone the visitor may ask for by user id; `None` is anyone.
    only: Option<String>,
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let company = Company::from_request_parts(parts, app).await?;
        let (keys, now) = (&app.settings.token_keys, app.clock.now());
        let issuer = Issuer::Company(&company.org);
        let token = token::verify(&parts.headers, keys, issuer, now)
            .map_err(|token::Unverified| Refusal::Unauthorized)?;
        let is_own = |role: &Role| match role {
            Role::Admin | Role::Org => false,
            Role::Mentor | Role::Customer => true,
        };
        let only = token.roles.iter().all(is_own).then_some(token.claims.sub);
        Ok(Self { company, only })
    }
}

impl Visitor {
    /// Whether the visitor may ask for the code of `user`.
    pub fn may_ask_for(&self, user: &MentorId) -> bool {
        self.only.as_ref().is_none_or(|own| own == user.as_str())
    }
}
