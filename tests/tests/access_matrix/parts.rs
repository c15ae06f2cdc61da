//! What lists, sums and doors show of others: nothing.

use crate::world::{Belongings, World, visible};
use axum::http::Method;
use chrono::TimeDelta;
use serde_json::json;
use tests::tokens::bearer;

/// The list at `path` as `who` sees it holds the codes or programs of `seen`, and no others.
async fn assert_holds(world: &World, who: &str, path: &str, seen: &[&str], hidden: &[&str]) {
    let list = world.verv.call_as(who, Method::GET, path, None).await;
    let list = list.expect(200);
    for own in seen {
        assert!(list.text.contains(own), "{path}: no {own} in {}", list.text);
    }
    for other in hidden {
        assert!(!list.text.contains(other), "{path}: {}", list.text);
    }
    let total = &list.json()["pagination"]["total"];
    assert_eq!(*total, seen.len(), "{path}: {}", list.text);
}

#[tokio::test]
async fn lists_hold_ones_own_alone() {
    let world = World::start().await;
    let first = world.belongings("org_a", "usr_a").await;
    let second = world.belongings("org_a", "usr_a2").await;
    let foreign = world.belongings("org_b", "usr_a").await;
    let as_org = bearer(&world.verv, "x", &["ROLE_ORG"], Some("org_a"));
    let as_mentor = bearer(&world.verv, "usr_a", &["ROLE_MENTOR"], Some("org_a"));
    let (one, two, other) = (&*first.code, &*second.code, &*foreign.code);
    for path in [
        "/api/v1/referral-codes",
        "/api/v1/referral-code-records",
        "/api/v1/referral-attributions",
    ] {
        assert_holds(&world, &as_org, path, &[one, two], &[other]).await;
        assert_holds(&world, &as_mentor, path, &[one], &[two, other]).await;
    }
    for path in [
        "/api/v1/referral-attributions/mentor/usr_a",
        "/api/v1/referral-codes?mentor_id=usr_a",
        "/api/v1/referral-code-records?mentor_id=usr_a",
        "/api/v1/referral-attributions?mentor_id=usr_a",
    ] {
        for who in [&as_org, &as_mentor] {
            assert_holds(&world, who, path, &[one], &[two, other]).await;
        }
    }
    let by_code = |code: &str| format!("/api/v1/referral-codes?code={code}");
    assert_holds(&world, &as_org, &by_code(one), &[one], &[two, other]).await;
    assert_holds(&world, &as_org, &by_code(other), &[], &[one, two, other]).await;

    let programs = [&*first.program, &*second.program];
    let path = "/api/v1/referral-programs";
    assert_holds(&world, &as_org, path, &programs, &[&foreign.program]).await;
}

#[tokio::test]
async fn a_ranking_holds_ones_own_organisation_alone() {
    let world = World::start().await;
    let own = world.belongings("org_a", "usr_a").await;
    let foreign = world.belongings("org_b", "usr_b").await;
    for of in [&own, &foreign] {
        let path = format!("/api/v1/referral-attributions/{}", of.attribution);
        let member = json!({"code": of.code, "new_member_id": format!("new_{}", of.mentor)});
        let confirmed = world
            .verv
            .call_as(&world.admin, Method::PUT, &path, Some(member))
            .await;
        confirmed.expect(200);
    }
    world.verv.clock.advance(TimeDelta::hours(1));
    world.verv.aggregate().await;
    let as_org = bearer(&world.verv, "x", &["ROLE_ORG"], Some("org_a"));
    let ranking = async |org: &str| {
        let path = format!("/api/v1/referral-attributions/leaderboard?org_id={org}");
        world.verv.call_as(&as_org, Method::GET, &path, None).await
    };
    let seen = ranking("org_a").await.expect(200);
    let places = seen.json()["data"].clone();
    assert_eq!(places.as_array().map(Vec::len), Some(1), "{}", seen.text);
    assert_eq!(places[0]["mentor_id"], "usr_a", "{}", seen.text);
    assert_eq!(places[0]["conversions"], 1, "{}", seen.text);
    let (foreign_seen, missing_seen) = (ranking("org_b").await, ranking("org_none").await);
    assert_eq!(foreign_seen.status, 404, "{}", foreign_seen.text);
    assert_eq!(foreign_seen.text, missing_seen.text);
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
    let seen = world
        .ask_with(&customer, (&get, by_user), &own, "org_a")
        .await;
    assert_eq!(seen.status, 200, "{}", seen.text);
    // Another customer of the same company reads like one who has no code.
    let neighbour = world.belongings("org_a", "usr_a2").await;
    let mut refused = Vec::new();
    for of in [&neighbour, &foreign, &missing] {
        let answer = world
            .ask_with(&customer, (&get, by_user), of, "org_a")
            .await;
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

    let foreign_answer = world
        .ask_with("", (&Method::POST, validate), &foreign, "org_a")
        .await;
    let missing_answer = world
        .ask_with("", (&Method::POST, validate), &missing, "org_a")
        .await;
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
