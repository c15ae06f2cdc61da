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
];

const FIELDS: [Field; 6] = [
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
        route: "/api/v1/api-keys",
        field: "org_id",
        value: || json!("org_b"),
        refused_to: STAFF_OF_ONE_TENANT,
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
                // Everything else about the request is good.
                let good = post(body(route)).await;
                assert_eq!(good.status, 201, "{at}: {}", good.text);
            }
        }
    }
}
