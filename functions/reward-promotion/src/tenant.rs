//! Who calls: the tenant that the `companyid` header names, and the bearer of their token.

use crate::envelope::Refusal;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use domain::{CallerKind, MentorId, OrgId};
use store::Store;
use web::App;
use web::access::tenant_access;

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
    only: Option<MentorId>,
}

impl FromRequestParts<App> for Tenant {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let org = named_tenant(&parts.headers)?;
        let store = tenant_access(app, &org, parts).await?.store;
        Ok(Self { org, store })
    }
}

impl FromRequestParts<App> for VerifiedCaller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let org = named_tenant(&parts.headers)?;
        let access = tenant_access(app, &org, parts).await?;
        if !is_verified(access.kind) {
            return Err(web::problem::Problem::unauthorized().into());
        }
        Ok(Self {
            tenant: Tenant {
                org,
                store: access.store,
            },
            only: access.owner,
        })
    }
}

impl VerifiedCaller {
    /// Whether the caller may see the code of `user`.
    pub(crate) fn may_see_code_of(&self, user: &MentorId) -> bool {
        self.only.as_ref().is_none_or(|own| own == user)
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

/// Whether the caller has shown a credential.
fn is_verified(kind: CallerKind) -> bool {
    match kind {
        CallerKind::Public | CallerKind::Anonymous => false,
        CallerKind::Owner
        | CallerKind::Organisation
        | CallerKind::Platform
        | CallerKind::ApiKey => true,
    }
}
