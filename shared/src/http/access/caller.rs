//! Who calls, and what of the platform is theirs.

use super::token::{Role, Verified};
use crate::domain::{MentorId, OrgId, Reach};
use crate::http::extract::Client;
use crate::http::{App, Problem};
use crate::store::misses::Guesses;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// Who calls. Only the guard makes one, so that a route which it does not know has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Anyone: the route is open, or the whole API is.
    Public,
    Admin {
        sub: String,
    },
    Org(OrgId),
    /// A mentor or a customer, within an organisation where the token names one.
    Owner {
        mentor: MentorId,
        org: Option<OrgId>,
    },
}

impl Caller {
    /// What a verified token makes its bearer in `role`; `None` where it lacks what the
    /// role goes by.
    pub(super) fn in_role(role: Role, token: &Verified) -> Option<Self> {
        let claims = &token.claims;
        match role {
            Role::Admin => Some(Self::Admin {
                sub: claims.sub.clone(),
            }),
            Role::Org => claims.org_id.clone().map(Self::Org),
            Role::Mentor | Role::Customer => Some(Self::Owner {
                mentor: claims.sub.parse().ok()?,
                org: claims.org_id.clone(),
            }),
        }
    }

    /// Whose records the caller may touch.
    pub fn reach(&self) -> Reach {
        match self {
            Self::Public | Self::Admin { .. } => Reach::default(),
            Self::Org(org) => Reach::org(org.clone()),
            Self::Owner { mentor, org } => Reach::mentor(mentor.clone(), org.clone()),
        }
    }

    /// Passes if the caller may make something for `mentor` in `org`.
    ///
    /// # Errors
    /// 403, whether or not there is such a mentor or organisation.
    pub fn may_act_for(&self, mentor: &MentorId, org: &OrgId) -> Result<(), Problem> {
        if self.reach().covers(mentor, org) {
            Ok(())
        } else {
            Err(Problem::forbidden())
        }
    }

    /// Passes if the caller may make something for `org` as a whole.
    ///
    /// # Errors
    /// 403, whether or not there is such an organisation.
    pub fn may_act_for_org(&self, org: &OrgId) -> Result<(), Problem> {
        if self.reach().covers_org(org) {
            Ok(())
        } else {
            Err(Problem::forbidden())
        }
    }

    /// The name under which the caller's idempotency keys are kept apart from others'.
    /// Callers' ids hold no `/`.
    pub fn scope(&self) -> String {
        match self {
            Self::Public => "public".to_owned(),
            Self::Admin { sub } => format!("admin/{sub}"),
            Self::Org(org) => format!("org/{org}"),
            Self::Owner { mentor, org: None } => format!("owner/{mentor}"),
            Self::Owner {
                mentor,
                org: Some(org),
            } => format!("owner/{mentor}/{org}"),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>();
        caller.cloned().ok_or_else(Problem::unauthorized)
    }
}

/// The application as the caller may use it: its table finds what is theirs and takes the
/// rest for absent, and counts the unknown codes that their address asks for.
pub struct Scoped(pub App);

impl FromRequestParts<App> for Scoped {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        Ok(Self(scoped(app, caller.reach(), parts).await))
    }
}

/// `app` for a request that has this reach.
pub(super) async fn scoped(app: &App, reach: Reach, parts: &mut Parts) -> App {
    let Ok(client) = Client::from_request_parts(parts, app).await;
    let guesses = client
        .address
        .zip(app.settings.miss_limit)
        .map(|(address, limit)| Guesses::of(address, limit, app.clock.now()));
    App {
        table: app.table.asked_by(reach, guesses),
        ..app.clone()
    }
}
