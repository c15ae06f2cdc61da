//! Fields that a caller may not set, or not to this value.

use crate::callers::Caller;
use crate::world::World;
use axum::http::Method;
use domain::KeyScope;
use serde_json::{Value, json};

/// A field of a request's body, a value for it, and whom it is refused to.
struct Field {
    route: &'static str,
    field: &'static str,
    value: fn() -> Value,
    refused_to: &'static [Caller],
}

const OWNERS: &[Caller] = &[Caller::Mentor, Caller::Customer];
const OF_ONE_TENANT: &[Caller] = &[
    Caller::Mentor,
    Caller::Customer,
    Caller::Organisation,
    Caller::PlatformForOrganisation,
    Caller::Key(KeyScope::CodesWrite),
];
const STAFF_OF_ONE_TENANT: &[Caller] = &[
    Caller::Organisation,
    Caller::PlatformForOrganisation,
    Caller::Key(KeyScope::ProgramsWrite),
    Caller::Key(KeyScope::WebhooksWrite),
];

const FIELDS: [Field; 17] = [
    Field {
        route: "/api/v1/api-keys",
        field: "org_id",
        value: || json!("org_b"),
        refused_to: STAFF_OF_ONE_TENANT,
    },
    Field {
        route: "/api/v1/webhooks",
        field: "org_id",
        value: || json!("org_b"),
        refused_to: STAFF_OF_ONE_TENANT,
    },
    Field {
        route: "/api/v1/referral-codes",
        field: "mentor_id",
        value: || json!("usr_a2"),
        refused_to: OWNERS,
    },
    Field {
        route: "/api/v1/referral-codes",
        field: "org_id",
        value: || json!("org_b"),
        refused_to: OF_ONE_TENANT,
    },
    Field {
        route: "/api/v1/referral-code-records",
        field: "mentor_id",
        value: || json!("usr_a2"),
        refused_to: OWNERS,
    },
    Field {
        route: "/api/v1/referral-code-records",
        field: "org_id",
        value: || json!("org_b"),
        refused_to: OF_ONE_TENANT,
    },
    Field {
        route: "/api/v1/referral-programs",
        field: "org_id",
        value: || json!("org_b"),
        refused_to: STAFF_OF_ONE_TENANT,
    },
    Field {
        route: "/api/v1/referral-codes",
        field: "prefix",
        value: || json!("JAN"),
        refused_to: &[],
    },
    Field {
        route: "/api/v1/referral-codes",
        field: "user_type",
        value: || json!(5),
        refused_to: OWNERS,
    },
    Field {
        route: "/api/v1/referral-codes",
        field: "max_referrals",
        value: || json!(1_000_000),
        refused_to: OWNERS,
    },
    Field {
        route: "/api/v1/referral-codes",
        field: "expires_at",
        value: || json!("2099-01-01T00:00:00Z"),
        refused_to: OWNERS,
    },
    Field {
        route: "/api/v1/referral-codes",
        field: "referral_program_id",
        value: || json!(null),
        refused_to: &[],
    },
    Field {
        route: "/api/v1/referral-code-records",
        field: "code",
        value: || json!("OTHER-0001"),
        refused_to: OWNERS,
    },
    Field {
        route: "/api/v1/referral-code-records",
        field: "user_type",
        value: || json!(5),
        refused_to: OWNERS,
    },
    Field {
        route: "/api/v1/referral-code-records",
        field: "max_referrals",
        value: || json!(1_000_000),
        refused_to: OWNERS,
    },
    Field {
        route: "/api/v1/referral-code-records",
        field: "expires_at",
        value: || json!("2099-01-01T00:00:00Z"),
        refused_to: OWNERS,
    },
    Field {
        route: "/api/v1/referral-code-records",
        field: "referral_program_id",
        value: || json!(null),
        refused_to: OWNERS,
    },
];

/// What a request on the route has beside the field in question.
fn body(route: &str) -> Value {
    match route {
        "/api/v1/referral-codes" => json!({"mentor_id": "usr_a", "org_id": "org_a"}),
        "/api/v1/referral-code-records" => {
            json!({"mentor_id": "usr_a", "org_id": "org_a", "code": "FRESH-0001"})
        }
        "/api/v1/referral-programs" => {
            json!({"org_id": "org_a", "name": "Autumn", "currency_id": "NOK"})
        }
        "/api/v1/api-keys" => json!({"org_id": "org_a", "name": "New", "scopes": ["codes:read"]}),
        "/api/v1/webhooks" => {
            json!({"org_id": "org_a", "url": "https://hooks.example/", "events": ["*"]})
        }
        _ => panic!("no body for {route}"),
    }
}

#[tokio::test]
async fn a_field_is_refused_to_whom_it_is_not_for_and_taken_from_others() {
    for field in FIELDS {
        let Field { route, .. } = field;
        let routes = local::routes();
        let mut declared = routes.declarations().iter();
        let access = declared
            .find(|known| known.path == route && known.method == Method::POST)
            .unwrap_or_else(|| panic!("no route {route}"))
            .access;
        for caller in Caller::all() {
            if !caller.is_admitted(access) {
                continue;
            }
            let at = format!("{route} {} as {caller:?}", field.field);
            let world = World::start().await;
            let authorization = caller.authorization(&world).await;
            let post = async |body: Value| {
                let call = world
                    .verv
                    .call_as(&authorization, Method::POST, route, Some(body));
                call.await
            };
            let mut changed = body(route);
            changed[field.field] = (field.value)();
            let reply = post(changed).await;
            let is_refused = field.refused_to.contains(&caller);
            let expected = if is_refused { 403 } else { 201 };
            assert_eq!(reply.status, expected, "{at}: {}", reply.text);
            if is_refused {
                assert_eq!(reply.usage.write_units, 0.0, "{at}");
                // Everything else about the request is good, unless what it must have is
                // refused as well.
                let good = post(body(route)).await;
                let is_chosen = route == "/api/v1/referral-code-records";
                let expected = if is_chosen && OWNERS.contains(&caller) {
                    assert_eq!(good.string("/code"), "field_not_permitted", "{at}");
                    assert_eq!(good.string("/errors/0/field"), "code", "{at}");
                    403
                } else {
                    201
                };
                assert_eq!(good.status, expected, "{at}: {}", good.text);
            }
        }
    }
}

/// The fields that are staff's are all named at once, whatever a mentor's request is about.
#[tokio::test]
async fn a_mentor_who_chooses_terms_is_told_every_field_and_nothing_else() {
    let world = World::start().await;
    let authorization = Caller::Customer.authorization(&world).await;
    let terms = json!({"mentor_id": "usr_a", "org_id": "org_a", "prefix": "JAN",
        "max_referrals": 1_000_000, "user_type": 5, "expires_at": "2099-01-01T00:00:00Z"});
    let path = "/api/v1/referral-codes";
    let reply = world
        .verv
        .call_as(&authorization, Method::POST, path, Some(terms));
    let reply = reply.await.expect(403);
    assert_eq!(reply.string("/code"), "field_not_permitted");
    let json = reply.json();
    let named = json["errors"].as_array().expect("errors").iter();
    let named: Vec<_> = named.map(|error| error["field"].clone()).collect();
    assert_eq!(named, ["user_type", "max_referrals", "expires_at"]);
    assert_eq!(reply.usage.calls, 0);
}

/// Case 6: what another tenant has issued is not found out by making codes.
#[tokio::test]
async fn a_customer_learns_of_no_string_and_takes_none() {
    let world = World::start().await;
    let foreign = world.belongings("org_b", "usr_b").await;
    let authorization = Caller::Customer.authorization(&world).await;
    let mut answers = Vec::new();
    for code in [foreign.code.as_str(), "NOBODY-0001"] {
        let body = json!({"mentor_id": "usr_a", "org_id": "org_a", "code": code});
        let path = "/api/v1/referral-code-records";
        let call = world
            .verv
            .call_as(&authorization, Method::POST, path, Some(body));
        let reply = call.await.expect(403);
        assert_eq!(reply.usage.calls, 0);
        answers.push(reply.text);
    }
    assert_eq!(answers[0], answers[1]);
    // Another's prefix gives a code of one's own, whose end nobody chose.
    let prefix = foreign
        .code
        .rsplit_once('-')
        .map_or("", |(prefix, _)| prefix);
    let body = json!({"mentor_id": "usr_a", "org_id": "org_a", "prefix": prefix});
    let path = "/api/v1/referral-codes";
    let call = world
        .verv
        .call_as(&authorization, Method::POST, path, Some(body));
    let made = call.await.expect(201).string("/code");
    assert!(made.starts_with(prefix) && made != foreign.code, "{made}");
}

/// What is said about a visit counts from staff alone.
#[tokio::test]
async fn a_visit_is_as_staff_say_and_as_anyone_else_is_seen() {
    for caller in Caller::all() {
        let world = World::start().await;
        let own = world.belongings("org_a", "usr_a").await;
        let authorization = caller.authorization(&world).await;
        let body = json!({"code": own.code, "ip_address": "203.0.113.77",
            "user_agent": "Stated/1.0", "occurred_at": "2026-01-01T00:00:00Z"});
        let headers = [
            ("authorization", authorization.as_str()),
            ("user-agent", "Seen/1.0"),
        ];
        let given = if authorization.is_empty() { 1 } else { 0 };
        let path = "/api/v1/referral-attributions";
        let verv = &world.verv;
        let call = verv.call(Method::POST, path, &headers[given..], Some(body));
        let json = call.await.expect(201).json();
        let seen = [
            &json["ip_address"],
            &json["user_agent"],
            &json["occurred_at"],
        ];
        // A key for something else identifies nobody here.
        let is_believed = match caller {
            Caller::Key(scope) => scope == KeyScope::ClicksWrite,
            person => person.kind().is_staff(),
        };
        let expected = match is_believed {
            true => ["203.0.113.77", "Stated/1.0", "2026-01-01T00:00:00Z"],
            false => ["127.0.0.1", "Seen/1.0", tests::NOW],
        };
        assert_eq!(seen, expected, "{caller:?}");
    }
}
