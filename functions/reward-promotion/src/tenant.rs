//! Who calls: the tenant that the `companyid` header names, and the bearer of their token.

use crate::envelope::Refusal;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use domain::{MentorId, OrgId};
use store::Store;
use web::App;
use web::access::tenant_access;
use web::token::{Role, VerifiedToken};

/// The tenant that a request is for.
pub(crate) struct Tenant {
    pub(crate) org: OrgId,
    /// Scoped to the tenant.
    pub(crate) store: Store,
}

/// A tenant's caller, whose token was verified whatever `API_ACCESS` says.
pub(crate) struct VerifiedCaller {
    pub(crate) tenant: Tenant,
    /// The only user whose code the caller may see by user id; `None` is any.
    only: Option<String>,
}

impl FromRequestParts<App> for Tenant {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let org = named_tenant(&parts.headers)?;
        let store = tenant_access(app, &org, parts)?.store;
        Ok(Self { org, store })
    }
}

impl FromRequestParts<App> for VerifiedCaller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let org = named_tenant(&parts.headers)?;
        let access = tenant_access(app, &org, parts)?;
        let token = access
            .token
            .ok_or_else(web::problem::Problem::unauthorized)?;
        Ok(Self {
            tenant: Tenant {
                org,
                store: access.store,
            },
            only: only_user(token),
        })
    }
}

impl VerifiedCaller {
    /// Whether the caller may see the code of `user`.
    pub(crate) fn may_see_code_of(&self, user: &MentorId) -> bool {
        self.only.as_ref().is_none_or(|own| own == user.as_str())
    }
}

/// The tenant in the `companyid` header, which is given once.
fn named_tenant(headers: &HeaderMap) -> Result<OrgId, Refusal> {
    let mut given = headers.get_all("companyid").iter();
    let org = match (given.next(), given.next()) {
        (None, _) => return Err(Refusal::BadRequest),
        (Some(id), None) => id.to_str().ok().and_then(|id| id.parse().ok()),
        (Some(_), Some(_)) => None,
    };
    org.ok_or(Refusal::InvalidParameters)
}

/// The user that a mentor's or customer's token is limited to.
fn only_user(token: VerifiedToken) -> Option<String> {
    let is_own = |role: &Role| match role {
        Role::Admin | Role::Org => false,
        Role::Mentor | Role::Customer => true,
    };
    token.roles.iter().all(is_own).then_some(token.claims.sub)
}
