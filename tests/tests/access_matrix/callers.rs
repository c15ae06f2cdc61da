//! Who calls, which routes let them in, and whose records they reach.

use crate::world::World;
use axum::http::Method;
use domain::api_key::NewApiKey;
use domain::{CallerKind, KeyMode, KeyScope, Scope};
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
    /// A server of `org_a`, with an API key for this.
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
    const PEOPLE: [Self; 7] = [
        Self::Anonymous,
        Self::Forged,
        Self::Mentor,
        Self::Customer,
        Self::Organisation,
        Self::PlatformForOrganisation,
        Self::Platform,
    ];

    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let servers = KeyScope::ALL.into_iter().map(Self::Key);
        Self::PEOPLE.into_iter().chain(servers)
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
            Self::Key(scope) => key(world, scope).await,
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

    /// Whose records the caller reaches where they are let in.
    pub(crate) fn reach(self, route: RouteAccess) -> Reach {
        let is_open = route.access == Access::Open;
        let is_identified = match self {
            Self::Key(scope) => route.key == Some(scope),
            _ => route.key.is_some(),
        };
        if is_open && !is_identified {
            return Reach::Everything;
        }
        match (self.kind(), route.access) {
            (CallerKind::Anonymous | CallerKind::Public, Access::Open) => Reach::Everything,
            (CallerKind::Anonymous | CallerKind::Public, _) => Reach::Nothing,
            (CallerKind::Owner, Access::Open) => Reach::Everything,
            (CallerKind::Owner, _) => Reach::Own,
            (CallerKind::Organisation | CallerKind::ApiKey, _) => Reach::Organisation,
            (CallerKind::Platform, _) => Reach::Everything,
        }
    }
}

/// The `Authorization` with a key of `org_a` for `scope`.
async fn key(world: &World, scope: KeyScope) -> String {
    let new = NewApiKey {
        org: "org_a".parse().expect("an id"),
        name: scope.name().parse().expect("a name"),
        scopes: vec![scope].try_into().expect("scopes"),
        expires_at: None,
    };
    let verv = &world.verv;
    let store = verv.store_of_another_process();
    let store = store.scoped(Scope::unrestricted(), None);
    let made = store.create_api_key(new, KeyMode::Test, None, verv.now());
    let text = made.await.expect("a key").value.text.expect("its text");
    tests::logs::plant(text.expose());
    // The first use in a process and on a day is read and noted.
    let bearer = format!("Bearer {}", text.expose());
    let used = verv.call_as(&bearer, Method::GET, "/api/v1/api-keys", None);
    used.await.expect(403);
    bearer
}
