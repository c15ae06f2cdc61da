//! What lists, sums and doors show of others: nothing.

use crate::{Belongings, World, ask, visible};
use axum::http::Method;
use serde_json::json;
use tests::tokens::bearer;

#[tokio::test]
async fn lists_hold_ones_own_alone() {
    let world = World::start().await;
    world.belongings("org_a", "usr_a").await;
    let second = world.belongings("org_a", "usr_a2").await;
    let foreign = world.belongings("org_b", "usr_a").await;
    let as_org = bearer(&world.verv, "x", &["ROLE_ORG"], Some("org_a"));
    let as_mentor = bearer(&world.verv, "usr_a", &["ROLE_MENTOR"], Some("org_a"));
    for path in [
        "/api/v1/referral-codes",
        "/api/v1/referral-code-records",
        "/api/v1/referral-attributions",
        "/api/v1/referral-attributions/mentor/usr_a",
        "/api/v1/referral-codes?mentor_id=usr_a",
    ] {
        for who in [&as_org, &as_mentor] {
            let list = world
                .verv
                .call_as(who, Method::GET, path, None)
                .await
                .expect(200);
            assert!(!list.text.contains(&foreign.code), "{path}: {}", list.text);
            if who == &as_mentor {
                assert!(!list.text.contains(&second.code), "{path}: {}", list.text);
                assert_eq!(
                    list.json()["pagination"]["total"],
                    1,
                    "{path}: {}",
                    list.text
                );
            }
        }
    }
    let own = format!("/api/v1/referral-codes?code={}", foreign.code);
    let list = world
        .verv
        .call_as(&as_org, Method::GET, &own, None)
        .await
        .expect(200);
    assert_eq!(list.json()["pagination"]["total"], 0);
    let programs = "/api/v1/referral-programs";
    let list = world
        .verv
        .call_as(&as_org, Method::GET, programs, None)
        .await
        .expect(200);
    assert_eq!(list.json()["pagination"]["total"], 2);
}

#[tokio::test]
async fn an_organisation_sees_its_part_of_a_mentor() {
    let world = World::start().await;
    world.belongings("org_a", "usr_a").await;
    world.belongings("org_b", "usr_a").await;
    let as_org = bearer(&world.verv, "x", &["ROLE_ORG"], Some("org_a"));
    let total = "/api/v1/referral-attributions/mentor/usr_a/total";
    let seen = world
        .verv
        .call_as(&as_org, Method::GET, total, None)
        .await
        .expect(200);
    assert_eq!(seen.json()["total_clicks"], 1);
    let all = world
        .verv
        .call_as(&world.admin, Method::GET, total, None)
        .await
        .expect(200);
    assert_eq!(all.json()["total_clicks"], 2);
    let other = format!("{total}?org_id=org_b");
    world
        .verv
        .call_as(&as_org, Method::GET, &other, None)
        .await
        .expect(404);
}

#[tokio::test]
async fn company_doors_tell_nothing_of_other_companies() {
    let world = World::start().await;
    let own = world.belongings("org_a", "usr_a").await;
    let foreign = world.belongings("org_b", "usr_b").await;
    let missing = Belongings::nobodys();
    let customer = bearer(&world.verv, "usr_a", &["ROLE_CUSTOMER"], None);
    let by_user = "/gafapay/v3/reward_promotion/user_referral_code";
    let by_code = |of: &Belongings| format!("{by_user}?referral_code={}", of.code);
    let validate = "/gafapay/v3/reward_promotion/validate_referral_code";
    let get = Method::GET;
    let seen = ask(&world, &customer, &get, by_user, &own, "org_a").await;
    assert_eq!(seen.status, 200, "{}", seen.text);
    // Another customer of the same company reads like one who has no code.
    let neighbour = world.belongings("org_a", "usr_a2").await;
    let mut refused = Vec::new();
    for of in [&neighbour, &foreign, &missing] {
        let answer = ask(&world, &customer, &get, by_user, of, "org_a").await;
        refused.push(visible(&answer, of));
    }
    assert_eq!(refused[0], refused[1]);
    assert_eq!(refused[1], refused[2]);
    assert_eq!(refused[0].0, 404);

    let headers = [("companyid", "org_a"), ("authorization", customer.as_str())];
    let code = world
        .verv
        .call(get.clone(), &by_code(&neighbour), &headers, None)
        .await;
    assert_eq!(code.status, 200, "any code of the company: {}", code.text);
    let foreign_code = world
        .verv
        .call(get.clone(), &by_code(&foreign), &headers, None)
        .await;
    let missing_code = world
        .verv
        .call(get, &by_code(&missing), &headers, None)
        .await;
    assert_eq!(
        visible(&foreign_code, &foreign),
        visible(&missing_code, &missing)
    );
    assert_eq!(foreign_code.status, 404);

    let foreign_answer = ask(&world, "", &Method::POST, validate, &foreign, "org_a").await;
    let missing_answer = ask(&world, "", &Method::POST, validate, &missing, "org_a").await;
    assert_eq!(
        visible(&foreign_answer, &foreign),
        visible(&missing_answer, &missing)
    );
    assert_eq!(foreign_answer.status, 422);
}

#[tokio::test]
async fn idempotency_keys_of_two_callers_are_two_keys() {
    let world = World::start().await;
    let make = async |org: &str| {
        let who = bearer(&world.verv, "x", &["ROLE_ORG"], Some(org));
        let headers = [("authorization", who.as_str()), ("idempotency-key", "one")];
        let body = json!({"mentor_id": "usr_a", "org_id": org});
        let path = "/api/v1/referral-codes";
        world
            .verv
            .call(Method::POST, path, &headers, Some(body))
            .await
            .expect(201)
    };
    let (first, second, again) = (
        make("org_a").await,
        make("org_b").await,
        make("org_a").await,
    );
    assert_ne!(first.string("/id"), second.string("/id"));
    assert_eq!(first.text, again.text);
}
