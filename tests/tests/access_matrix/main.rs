//! Every route as its declaration has it, every kind of caller, and what is their own, another
//! mentor's, another tenant's and no one's; where tokens are required, and where they are not.

mod callers;
mod fields;
mod parts;
mod requests;
mod world;

use axum::http::Method;
use callers::{Caller, Reach, Target};
use chrono::TimeDelta;
use domain::{CallerKind, KeyScope};
use requests::{opens, shows};
use std::collections::BTreeSet;
use tests::tokens::bearer;
use tests::{Reply, Verv};
use web::access::Access;
use web::routes::Declaration;
use world::{Belongings, World, visible};

#[tokio::test]
async fn an_undeclared_route_is_not_there_for_anyone() {
    for access in ["public", "token"] {
        let verv = Verv::with_settings(&[("API_ACCESS", access)]).await;
        let admin = bearer(&verv, "root", &["ROLE_ADMIN"], None);
        for path in ["/api/v1/secrets", "/r/ABC/more", "/api/v1"] {
            let reply = verv.call_as(&admin, Method::GET, path, None).await;
            assert_eq!(reply.status, 404, "{path}");
        }
    }
}

#[test]
fn no_route_is_declared_twice() {
    let routes = local::routes();
    let declared = routes.declarations();
    assert!(declared.len() >= 30, "{}", declared.len());
    let unique: BTreeSet<_> = declared
        .iter()
        .map(|route| (route.method.as_str(), &route.path))
        .collect();
    assert_eq!(unique.len(), declared.len());
}

#[tokio::test]
async fn no_one_reaches_beyond_their_own() {
    for route in local::routes().declarations() {
        for caller in Caller::all() {
            Cell::new(route, caller, "token").check().await;
        }
    }
}

#[tokio::test]
async fn where_access_is_public_everyone_is_the_public() {
    let callers = [
        Caller::Anonymous,
        Caller::Forged,
        Caller::Customer,
        Caller::Key(KeyScope::CodesRead),
    ];
    for route in local::routes().declarations() {
        for caller in callers {
            Cell::new(route, caller, "public").check().await;
        }
    }
}

/// A route and who calls it, on a platform of their own.
struct Cell<'a> {
    route: &'a Declaration,
    caller: Caller,
    mode: &'static str,
}

impl<'a> Cell<'a> {
    fn new(route: &'a Declaration, caller: Caller, mode: &'static str) -> Self {
        Self {
            route,
            caller,
            mode,
        }
    }

    /// Whether everyone is let in, as the public.
    fn is_public(&self) -> bool {
        let verifies_always = match self.route.access.access {
            Access::Tenant | Access::Verified(_) => true,
            Access::Open | Access::Roles(_) => false,
        };
        self.mode == "public" && !verifies_always
    }

    /// Whether the caller is let in.
    fn is_admitted(&self) -> bool {
        self.is_public() || self.caller.is_admitted(self.route.access)
    }

    /// Whose belongings the caller reaches. The payments company's routes never reach beyond
    /// the company that the request names.
    fn reach(&self) -> Reach {
        let is_public = self.is_public();
        // A record's string is chosen, and that is not an owner's to do: `fields` has the rest.
        let is_chosen =
            self.route.method == Method::POST && self.route.path == "/api/v1/referral-code-records";
        if is_chosen && !self.is_public() && self.caller.kind() == domain::CallerKind::Owner {
            return Reach::Nothing;
        }
        let reach = if is_public {
            Reach::Everything
        } else {
            self.caller.reach(self.route.access)
        };
        if self.route.path.starts_with("/gafapay") {
            reach.min(Reach::Organisation)
        } else {
            reach
        }
    }

    /// The caller is not let in, and nothing was read to find that out.
    fn assert_refused(&self, answer: &Reply, at: &str) {
        let is_known = self.caller.kind() != CallerKind::Anonymous;
        // The payments company's contract knows no 403.
        let is_forbidden = is_known && self.route.access.access != Access::Tenant;
        let expected = if is_forbidden { 403 } else { 401 };
        assert_eq!(answer.status, expected, "{at}: {}", answer.text);
        assert!(!opens(answer), "{at}");
        assert_eq!(answer.usage.calls, 0, "{at}");
    }

    /// Each target, with what it has.
    async fn targets(&self, world: &World) -> Vec<(Target, Belongings)> {
        let mut targets = Vec::new();
        for target in Target::ALL {
            let mut of = match target {
                Target::Missing => Belongings::nobodys(),
                Target::OtherTenant => world.belongings("org_b", "usr_b").await,
                Target::OtherMentor => world.belongings("org_a", "usr_a2").await,
                Target::Own => world.belongings("org_a", "usr_a").await,
            };
            let is_there = target != Target::Missing;
            if self.route.path.contains("/privacy/") && is_there {
                world.add_persons(&mut of).await;
            }
            if self.route.path == "/api/v1/referral-conversions" && is_there {
                world.add_member(&of).await;
            }
            targets.push((target, of));
        }
        if self.route.path == "/api/v1/events" {
            // An event is listed once nothing older can be committed any more.
            world.verv.clock.advance(TimeDelta::minutes(1));
        }
        targets
    }

    /// Sends a request for each target, and compares with what the declaration promises.
    async fn check(&self) {
        let world = World::with_access(self.mode).await;
        let mut missing_seen = None;
        for (target, of) in self.targets(&world).await {
            let at = format!("{} as {:?} for {target:?}", self.route, self.caller);
            let at = format!("{at}, {}", self.mode);
            let call = (&self.route.method, self.route.path.as_str());
            let answer = world.ask(self.caller, call, &of, "org_a").await;
            if !self.is_admitted() {
                self.assert_refused(&answer, &at);
            } else if self.reach().covers(target) {
                assert!(shows(&answer, call, &of), "{at}: {}", answer.text);
            }
            // What is not reached reads like what does not exist, byte for byte.
            let seen = visible(&answer, &of);
            let missing_seen = missing_seen.get_or_insert_with(|| seen.clone());
            if !(self.is_admitted() && self.reach().covers(target)) {
                assert_eq!(&seen, missing_seen, "{at}");
                // The contract's examples have this address, and the document has them all.
                let is_document = self.route.path == "/openapi.yaml";
                let leaks = |secret: &str| !is_document && answer.text.contains(secret);
                assert!(!leaks("185.12.34.56") && !leaks(&of.code), "{at}");
            }
            if !(self.is_admitted() && self.reach().covers(target)) && target != Target::Missing {
                assert!(!shows(&answer, call, &of), "{at}: {}", answer.text);
                assert_unchanged(&world, &of, &at).await;
            }
        }
    }
}

/// The payments company's routes for another company than the caller's token names: one answer,
/// whether or not there is such a company.
#[tokio::test]
async fn a_token_of_one_company_opens_no_other() {
    let world = World::start().await;
    let foreign = world.belongings("org_b", "usr_b").await;
    let missing = Belongings::nobodys();
    let routes = local::routes();
    let mut asked = 0;
    for route in routes.declarations() {
        if route.access.access != Access::Tenant {
            continue;
        }
        let call = (&route.method, route.path.as_str());
        for caller in Caller::all() {
            let theirs = world.ask(caller, call, &foreign, &foreign.org).await;
            let nobodys = world.ask(caller, call, &missing, &missing.org).await;
            if caller == Caller::Platform {
                assert_eq!(
                    (theirs.status.as_u16(), nobodys.status.as_u16()),
                    (200, 404)
                );
                continue;
            }
            assert_eq!(theirs.status, 401, "{caller:?}: {}", theirs.text);
            assert_eq!(visible(&theirs, &foreign), visible(&nobodys, &missing));
            asked += 1;
        }
    }
    assert_eq!(asked, Caller::all().count() - 1);
}

/// What belongs to others is as it was made.
async fn assert_unchanged(world: &World, of: &Belongings, at: &str) {
    for path in [
        format!("/api/v1/referral-codes/{}", of.code_id),
        format!("/api/v1/referral-attributions/{}", of.attribution),
        format!("/api/v1/referral-programs/{}", of.program),
        format!("/api/v1/api-keys/{}", of.api_key),
        format!("/api/v1/webhooks/{}", of.webhook),
    ] {
        let reply = world
            .verv
            .call_as(&world.admin, Method::GET, &path, None)
            .await;
        assert_eq!(reply.status, 200, "{at}: {path}");
        let json = reply.json();
        let is_theirs = json["new_member_id"] == of.member().as_str();
        let is_as_made = ["active", "pending", "enabled"]
            .iter()
            .any(|status| json["status"] == *status)
            || (json["status"] == "confirmed" && is_theirs);
        assert!(
            is_as_made && json["name"] != "Summer",
            "{at}: {}",
            reply.text
        );
    }
}
