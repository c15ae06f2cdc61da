//! Who calls, which routes let them in, and whose records they reach.

use crate::world::World;
use axum::http::Method;
use domain::{CallerKind, KeyScope};
use serde_json::json;
use tests::tokens::bearer;
use web::access::{Access, RouteAccess};
use web::token::Role;

/// Who calls: someone of `org_a`, whose mentor and customer is `usr_a`; or of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Without a credential.
    Anonymous,
    /// With a token that was tampered with.
    Forged,
    Mentor,
    Customer,
    Organisation,
    /// The platform's staff for `org_a`.
    PlatformForOrganisation,
    Platform,
    /// A server of `org_a`, with an API key for this alone.
    Key(KeyScope),
}

/// Whose belongings a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Missing,
    OtherTenant,
    OtherMentor,
    Own,
}

/// Whose belongings someone reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    Nothing,
    Own,
    Organisation,
    Everything,
}

impl Target {
    /// The last ones to be asked for are those that a request may change.
    pub(crate) const ALL: [Self; 4] = [
        Self::Missing,
        Self::OtherTenant,
        Self::OtherMentor,
        Self::Own,
    ];
}

impl Reach {
    pub(crate) fn covers(self, target: Target) -> bool {
        let needed = match target {
            Target::Missing => return false,
            Target::OtherTenant => Self::Everything,
            Target::OtherMentor => Self::Organisation,
            Target::Own => Self::Own,
        };
        self >= needed
    }
}

impl Caller {
    pub(crate) fn all() -> Vec<Self> {
        let people = [
            Self::Anonymous,
            Self::Forged,
            Self::Mentor,
            Self::Customer,
            Self::Organisation,
            Self::PlatformForOrganisation,
            Self::Platform,
        ];
        let servers = KeyScope::ALL.map(Self::Key);
        people.into_iter().chain(servers).collect()
    }

    /// What the caller sends as `Authorization`; nothing where it is empty.
    pub(crate) async fn authorization(self, world: &World) -> String {
        let verv = &world.verv;
        let token =
            |sub: &str, role: Role, org: Option<&str>| bearer(verv, sub, &[role.name()], org);
        match self {
            Self::Anonymous => String::new(),
            Self::Forged => {
                let mut token = token("x", Role::Org, Some("org_a"));
                let last = if token.ends_with('A') { 'Q' } else { 'A' };
                token.pop();
                token.push(last);
                token
            }
            Self::Mentor => token("usr_a", Role::Mentor, Some("org_a")),
            Self::Customer => token("usr_a", Role::Customer, Some("org_a")),
            Self::Organisation => token("x", Role::Org, Some("org_a")),
            Self::PlatformForOrganisation => token("root", Role::Admin, Some("org_a")),
            Self::Platform => token("root", Role::Admin, None),
            Self::Key(scope) => {
                let key = json!({"org_id": "org_a", "name": "Server", "scopes": [scope]});
                let made = world.make(Method::POST, "/api/v1/api-keys", key).await;
                let key = made.string("/key");
                tests::logs::plant(&key);
                let bearer = format!("Bearer {key}");
                // The first use in a process and on a day is read and noted.
                let used = verv.call_as(&bearer, Method::GET, "/api/v1/api-keys", None);
                used.await.expect(403);
                bearer
            }
        }
    }

    /// The kind that a handler learns, where the API requires tokens.
    pub(crate) fn kind(self) -> CallerKind {
        match self {
            Self::Anonymous | Self::Forged => CallerKind::Anonymous,
            Self::Mentor | Self::Customer => CallerKind::Owner,
            Self::Organisation | Self::PlatformForOrganisation => CallerKind::Organisation,
            Self::Platform => CallerKind::Platform,
            Self::Key(_) => CallerKind::ApiKey,
        }
    }

    /// The role that a route's declaration must name.
    fn role(self) -> Option<Role> {
        match self {
            Self::Anonymous | Self::Forged | Self::Key(_) => None,
            Self::Mentor => Some(Role::Mentor),
            Self::Customer => Some(Role::Customer),
            Self::Organisation | Self::PlatformForOrganisation => Some(Role::Org),
            Self::Platform => Some(Role::Admin),
        }
    }

    /// Whether a declaration lets the caller in.
    pub(crate) fn is_admitted(self, route: RouteAccess) -> bool {
        match (self, route.access) {
            (_, Access::Open) => true,
            (Self::Key(scope), _) => route.key == Some(scope),
            (_, Access::Tenant) => self.kind() != CallerKind::Anonymous,
            (_, Access::Roles(roles) | Access::Verified(roles)) => {
                self.role().is_some_and(|role| roles.contains(&role))
            }
        }
    }

    /// Whose records the caller reaches where they are let in. A key that is not for an open
    /// route is no credential there.
    pub(crate) fn reach(self, route: RouteAccess) -> Reach {
        let is_open = route.access == Access::Open;
        match (self, self.kind()) {
            (Self::Key(scope), _) if is_open && route.key != Some(scope) => Reach::Everything,
            (_, CallerKind::Anonymous | CallerKind::Public | CallerKind::Owner) if is_open => {
                Reach::Everything
            }
            (_, CallerKind::Anonymous | CallerKind::Public) => Reach::Nothing,
            (_, CallerKind::Owner) => Reach::Own,
            (_, CallerKind::Organisation | CallerKind::ApiKey) => Reach::Organisation,
            (_, CallerKind::Platform) => Reach::Everything,
        }
    }
}
