//! Every route of every router, every role, what is one's own, another's and no one's.

mod parts;

use axum::http::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::tokens::bearer;
use tests::{Reply, Verv};
use web::access::Access;
use web::token::Role;

const PLATFORM: &str = "platform-key-that-is-long-enough-for-hs256";

/// An owner with one of everything.
#[derive(Debug, Clone)]
struct Belongings {
    org: String,
    mentor: String,
    code: String,
    code_id: String,
    attribution: String,
    program: String,
    /// The receipt of somebody's erasure.
    erasure: String,
}

impl Belongings {
    /// What belongs to nobody.
    fn nobodys() -> Self {
        let id = "019d2a5c00007000800000000000dead".replace("dead", "0003");
        Self {
            org: "org_none".to_owned(),
            mentor: "usr_none".to_owned(),
            code: "NO-NE-0000".to_owned(),
            code_id: format!("rc_{id}"),
            attribution: format!("attr_{id}"),
            program: format!("prg_{id}"),
            erasure: format!("erased_{id}"),
        }
    }

    /// `text` with what is these belongings' replaced by what they are.
    fn nameless(&self, text: &str) -> String {
        text.replace(&self.code_id, "CODE_ID")
            .replace(&self.attribution, "ATTRIBUTION")
            .replace(&self.program, "PROGRAM")
            .replace(&self.erasure, "ERASURE")
            .replace(&self.code, "CODE")
            .replace(&self.mentor, "MENTOR")
            .replace(&self.org, "ORG")
    }
}

struct World {
    verv: Verv,
    admin: String,
}

impl World {
    async fn start() -> Self {
        let keys = json!({"*": [PLATFORM]}).to_string();
        let verv = Verv::with_settings(&[("API_ACCESS", "token"), ("TOKEN_KEYS", &keys)]).await;
        let admin = bearer(&verv, "root", &["ROLE_ADMIN"], None);
        Self { verv, admin }
    }

    async fn make(&self, method: Method, path: &str, body: Value) -> Reply {
        let made = self.verv.call_as(&self.admin, method, path, Some(body));
        made.await.expect(201)
    }

    /// One of everything for `mentor` in `org`.
    async fn belongings(&self, org: &str, mentor: &str) -> Belongings {
        let program = json!({"org_id": org, "name": "Spring", "currency_id": "NOK"});
        let program = self
            .make(Method::POST, "/api/v1/referral-programs", program)
            .await;
        let pair = json!({"mentor_id": mentor, "org_id": org});
        let code = self
            .make(Method::POST, "/api/v1/referral-codes", pair)
            .await;
        let click = json!({"code": code.string("/code"), "ip_address": "185.12.34.56"});
        let click = self
            .make(Method::POST, "/api/v1/referral-attributions", click)
            .await;
        Belongings {
            org: org.to_owned(),
            mentor: mentor.to_owned(),
            code: code.string("/code"),
            code_id: code.string("/id"),
            attribution: click.string("/id"),
            program: program.string("/id"),
            erasure: Self::nobodys_erasure(),
        }
    }
}

impl World {
    /// A receipt that nobody has.
    fn nobodys_erasure() -> String {
        Belongings::nobodys().erasure
    }

    /// What the routes of privacy find of somebody: a member who came by their click, and the
    /// erasure of another mentor of theirs.
    async fn with_persons(&self, of: &mut Belongings) {
        let click = format!("/api/v1/referral-attributions/{}", of.attribution);
        let member = json!({"code": of.code, "new_member_id": member_of(of)});
        let confirmed = self
            .verv
            .call_as(&self.admin, Method::PUT, &click, Some(member));
        confirmed.await.expect(200);
        let pair = json!({"mentor_id": "usr_gone", "org_id": of.org});
        self.make(Method::POST, "/api/v1/referral-codes", pair)
            .await;
        let gone = format!("/api/v1/privacy/mentors/usr_gone?org_id={}", of.org);
        let erased = self.verv.call_as(&self.admin, Method::DELETE, &gone, None);
        of.erasure = erased.await.expect(202).string("/id");
    }
}

fn member_of(of: &Belongings) -> String {
    format!("new_of_{}", of.mentor)
}

/// A request on a route for someone's belongings.
fn request(method: &Method, route: &str, of: &Belongings) -> (String, Option<Value>) {
    let member = member_of(of);
    let id = if route.contains("privacy/members") {
        &member
    } else if route.contains("privacy/mentors") {
        &of.mentor
    } else if route.contains("privacy/erasures") {
        &of.erasure
    } else if route.contains("referral-attributions") {
        &of.attribution
    } else if route.contains("referral-programs") {
        &of.program
    } else {
        &of.code_id
    };
    let path = route
        .replace("{id}", id)
        .replace("{mentor_id}", &of.mentor)
        .replace("{code}", &of.code);
    let pair = format!("mentor_id={}&org_id={}", of.mentor, of.org);
    if route.contains("privacy/m") {
        return (format!("{path}?org_id={}", of.org), None);
    }
    let path = match (
        method.as_str(),
        route.rsplit('/').next().unwrap_or_default(),
    ) {
        (
            "GET",
            "active" | "referral-codes" | "referral-code-records" | "referral-attributions",
        ) => {
            format!("{path}?{pair}")
        }
        ("GET", "lookup") => format!("{path}?code={}", of.code),
        ("GET", "referral-programs" | "leaderboard" | "total" | "timeseries") => {
            format!("{path}?org_id={}", of.org)
        }
        ("GET", "user_referral_code") => format!("{path}?user_id={}", of.mentor),
        _ => path,
    };
    let body = match (method.as_str(), route) {
        ("POST", "/api/v1/referral-codes") => json!({"mentor_id": of.mentor, "org_id": of.org}),
        ("POST", "/api/v1/referral-code-records") => {
            json!({"mentor_id": of.mentor, "org_id": of.org, "code": "FRESH-0001"})
        }
        ("POST", "/api/v1/referral-attributions") => json!({"code": of.code}),
        ("POST", "/api/v1/referral-programs") => {
            json!({"org_id": of.org, "name": "Autumn", "currency_id": "NOK"})
        }
        ("POST", _) => json!({"referral_code": of.code, "user_type": 2}),
        ("PUT", "/api/v1/referral-codes/{id}") => {
            json!({"mentor_id": of.mentor, "action": "rotate"})
        }
        ("PUT", "/api/v1/referral-code-records/{id}") => json!({"status": "inactive"}),
        ("PUT", "/api/v1/referral-attributions/{id}") => {
            json!({"code": of.code, "new_member_id": "usr_new"})
        }
        ("PUT", _) => json!({"name": "Summer"}),
        _ => return (path, None),
    };
    (path, Some(body))
}

async fn ask(
    world: &World,
    who: &str,
    method: &Method,
    route: &str,
    of: &Belongings,
    company: &str,
) -> Reply {
    let (path, body) = request(method, route, of);
    let mut headers = vec![("companyid", company)];
    if !who.is_empty() {
        headers.push(("authorization", who));
    }
    world.verv.call(method.clone(), &path, &headers, body).await
}

/// All that a caller can tell one answer from another by, names aside.
fn visible(reply: &Reply, of: &Belongings) -> (u16, Vec<(String, String)>, String) {
    let headers = reply
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id" && *name != "content-length")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("").to_owned()))
        .collect();
    (reply.status.as_u16(), headers, of.nameless(&reply.text))
}

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

/// Who calls: a role, and whether its token names `org_a`.
const CALLERS: [(Option<Role>, bool); 6] = [
    (None, false),
    (Some(Role::Admin), false),
    (Some(Role::Org), true),
    (Some(Role::Mentor), true),
    (Some(Role::Mentor), false),
    (Some(Role::Customer), true),
];

#[tokio::test]
async fn no_role_reaches_beyond_its_own() {
    let routes = local::routes();
    for route in routes.declarations() {
        let Access::Roles(taken) = route.access else {
            continue;
        };
        for (role, with_org) in CALLERS {
            check(&route.method, &route.path, taken, role, with_org).await;
        }
    }
}

/// What `role` gets of a route for someone else's belongings, for missing ones and its own.
async fn check(method: &Method, route: &str, taken: &[Role], role: Option<Role>, with_org: bool) {
    let at = format!("{method} {route} as {role:?}, org {with_org}");
    let world = World::start().await;
    let mut own = world.belongings("org_a", "usr_a").await;
    let mut foreign = world.belongings("org_b", "usr_b").await;
    if route.contains("/privacy/") {
        world.with_persons(&mut own).await;
        world.with_persons(&mut foreign).await;
    }
    let missing = Belongings::nobodys();
    let who = role.map_or_else(String::new, |role| {
        let org = with_org.then_some("org_a");
        bearer(&world.verv, "usr_a", &[role.name()], org)
    });
    let mut answers = Vec::new();
    for of in [&foreign, &missing, &own] {
        answers.push(ask(&world, &who, method, route, of, "org_a").await);
    }
    let [foreign_answer, missing_answer, own_answer] = &answers[..] else {
        panic!("three answers");
    };
    match role {
        None => {
            for answer in &answers {
                assert_eq!(answer.status, 401, "{at}: {}", answer.text);
            }
        }
        Some(role) if !taken.contains(&role) => {
            for answer in &answers {
                assert_eq!(answer.status, 403, "{at}: {}", answer.text);
                assert_eq!(answer.usage.calls, 0, "{at}");
            }
        }
        Some(Role::Admin) => {
            for (answer, of) in [(own_answer, &own), (foreign_answer, &foreign)] {
                assert!(opens(answer), "{at}: {}", answer.text);
                assert!(shows(answer, method, route, of), "{at}: {}", answer.text);
            }
        }
        Some(_) => {
            assert!(opens(own_answer), "{at}: {}", own_answer.text);
            let shown = shows(own_answer, method, route, &own);
            assert!(shown, "{at}: {}", own_answer.text);
            let foreign_seen = visible(foreign_answer, &foreign);
            assert_eq!(foreign_seen, visible(missing_answer, &missing), "{at}");
            let leaks = |secret: &str| foreign_answer.text.contains(secret);
            assert!(!leaks("185.12.34.56") && !leaks(&foreign.code), "{at}");
            assert_unchanged(&world, &foreign, &at).await;
        }
    }
}

/// Whether the caller was let in: the answer is about the object, not about the caller.
fn opens(answer: &Reply) -> bool {
    // The pair has an active code already: a conflict that only its owner hears of.
    answer.status.is_success() || answer.status == 409
}

/// Whether a `GET` shows what it was asked for: an empty list opens too, and proves nothing.
fn shows(answer: &Reply, method: &Method, route: &str, of: &Belongings) -> bool {
    if method != Method::GET {
        return true;
    }
    let json = answer.json();
    match route.rsplit('/').next().unwrap_or_default() {
        "total" | "stats" => json["total_clicks"] == 1,
        "timeseries" => {
            let points = json["data"].as_array().expect("points");
            points.iter().any(|point| point["clicks"] == 1)
        }
        // Empty until something is confirmed and folded: `parts` does both.
        "leaderboard" => json["org_id"] == of.org.as_str(),
        _ => [
            &of.code,
            &of.code_id,
            &of.attribution,
            &of.program,
            &of.erasure,
        ]
        .iter()
        .any(|own| answer.text.contains(own.as_str())),
    }
}

/// What belongs to others is as it was made.
async fn assert_unchanged(world: &World, of: &Belongings, at: &str) {
    for path in [
        format!("/api/v1/referral-codes/{}", of.code_id),
        format!("/api/v1/referral-attributions/{}", of.attribution),
        format!("/api/v1/referral-programs/{}", of.program),
    ] {
        let reply = world
            .verv
            .call_as(&world.admin, Method::GET, &path, None)
            .await;
        assert_eq!(reply.status, 200, "{at}: {path}");
        let json = reply.json();
        let is_theirs = json["new_member_id"] == member_of(of).as_str();
        let is_as_made = ["active", "pending"]
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
