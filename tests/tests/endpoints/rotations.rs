//! A limit cannot be rotated away.

use crate::terms::{change, recruit, terms};
use domain::attribution::{Source, Visitor};
use domain::{Attribution, AttributionId};
use serde_json::json;
use tests::flows::{ATTRIBUTIONS, CODES, MENTOR, ORG};
use tests::{Reply, Verv};

async fn limited(verv: &Verv, limit: u32) -> Reply {
    let pair = json!({"mentor_id": MENTOR, "org_id": ORG, "prefix": "JAN", "max_referrals": limit});
    verv.post(CODES, pair).await.expect(201)
}

/// Rotates the code of `id`: the new string and id.
async fn rotate(verv: &Verv, id: &str) -> (String, String) {
    let rotation = json!({"mentor_id": MENTOR, "action": "rotate"});
    let rotated = verv.put(&format!("{CODES}/{id}"), rotation).await;
    let usage = rotated.usage;
    assert!(
        usage.read_units <= 2.0 && usage.write_units <= 16.0,
        "{usage:?}"
    );
    let rotated = rotated.expect(200);
    (rotated.string("/code"), rotated.string("/id"))
}

async fn confirm(verv: &Verv, click: &str, code: &str, member: &str) -> u16 {
    let reply = verv.confirm(click, code, member).await;
    if reply.status == 409 {
        assert_eq!(reply.string("/code"), "limit_reached");
    }
    reply.status.as_u16()
}

#[tokio::test]
async fn a_new_code_has_confirmed_what_the_old_one_had() {
    let verv = Verv::start().await;
    let first = limited(&verv, 3).await;
    let (mut code, mut id) = (first.string("/code"), first.string("/id"));
    for n in 0..3 {
        let click = verv.click(&code).await;
        let member = format!("usr_new_{n}");
        assert_eq!(confirm(&verv, &click, &code, &member).await, 200);
        (code, id) = rotate(&verv, &id).await;
    }
    let over = verv.post(ATTRIBUTIONS, json!({"code": code})).await;
    assert_eq!(over.expect(409).string("/code"), "limit_reached");
}

#[tokio::test]
async fn a_click_of_an_old_code_counts_on_the_newest() {
    let verv = Verv::start().await;
    let first = limited(&verv, 2).await.json();
    let old = first["code"].as_str().expect("a code");
    let mut early = Vec::new();
    for _ in 0..4 {
        early.push(verv.click(old).await);
    }
    let (_, second) = rotate(&verv, first["id"].as_str().expect("an id")).await;
    let (newest, _) = rotate(&verv, &second).await;
    let late = verv.click(&newest).await;
    assert_eq!(confirm(&verv, &early[0], old, "usr_new_0").await, 200);
    assert_eq!(confirm(&verv, &early[1], old, "usr_new_1").await, 200);
    assert_eq!(confirm(&verv, &early[2], old, "usr_new_2").await, 409);
    assert_eq!(confirm(&verv, &late, &newest, "usr_new_3").await, 409);
    // A recruitment that is deleted makes room for another, on whichever code it was.
    let deleted = format!("{ATTRIBUTIONS}/{}", early[0]);
    verv.delete(&deleted).await.expect(200);
    assert_eq!(confirm(&verv, &late, &newest, "usr_new_3").await, 200);
    assert_eq!(confirm(&verv, &early[3], old, "usr_new_2").await, 409);
}

#[tokio::test]
async fn what_was_confirmed_before_a_rotation_and_is_deleted_after_it_makes_room() {
    let verv = Verv::start().await;
    let first = limited(&verv, 1).await.json();
    let old = first["code"].as_str().expect("a code");
    let click = verv.click(old).await;
    let late = verv.click(old).await;
    assert_eq!(confirm(&verv, &click, old, "usr_new_0").await, 200);
    rotate(&verv, first["id"].as_str().expect("an id")).await;
    assert_eq!(confirm(&verv, &late, old, "usr_new_1").await, 409);
    let path = format!("{ATTRIBUTIONS}/{click}");
    verv.delete(&path).await.expect(200);
    assert_eq!(confirm(&verv, &late, old, "usr_new_1").await, 200);
}

#[tokio::test]
async fn a_rotation_and_a_confirmation_after_it_take_two_trips() {
    let verv = Verv::start().await;
    for limit in [json!(null), json!(50)] {
        let mentor = format!("usr_{limit}");
        let pair = json!({"mentor_id": mentor, "org_id": ORG, "max_referrals": limit});
        let first = verv.post(CODES, pair).await.expect(201);
        let (mut code, mut id) = (first.string("/code"), first.string("/id"));
        for n in 0..3 {
            let clicks = [verv.click(&code).await, verv.click(&code).await];
            let member = |of: &str| format!("usr_{of}{limit}{n}");
            let usage = verv.confirm(&clicks[0], &code, &member("a")).await;
            assert_eq!(usage.expect(200).usage.trips, 2, "{limit} {n}");
            let rotation = json!({"mentor_id": mentor, "action": "rotate"});
            let rotated = verv
                .put(&format!("{CODES}/{id}"), rotation)
                .await
                .expect(200);
            assert_eq!(rotated.usage.trips, 2, "{limit} {n}: {:?}", rotated.usage);
            let usage = verv.confirm(&clicks[1], &code, &member("b")).await;
            assert_eq!(usage.expect(200).usage.trips, 2, "{limit} {n}");
            (code, id) = (rotated.string("/code"), rotated.string("/id"));
        }
    }
}

/// A rotation is known to the code that it replaced, and each further one is read.
#[tokio::test]
async fn a_click_before_several_rotations_takes_a_trip_for_each() {
    let verv = Verv::start().await;
    let first = limited(&verv, 50).await;
    let (code, mut id) = (first.string("/code"), first.string("/id"));
    for rotations in 0..4_u32 {
        let click = seeded_click(&verv, &code).await;
        let member = format!("usr_new_{rotations}");
        let usage = verv.confirm(&click, &code, &member).await.expect(200).usage;
        // The transaction finds that there was another: what was read first is read again.
        let trips = if rotations < 2 { 2 } else { 4 + rotations };
        assert_eq!(usage.trips, trips, "{rotations}: {usage:?}");
        (_, id) = rotate(&verv, &id).await;
    }
}

/// A click of a code that takes none any more, from when it did; the attribution's id.
async fn seeded_click(verv: &Verv, code: &str) -> String {
    let click = Attribution {
        id: AttributionId::new(verv.now()),
        source: Source::Click,
        program: None,
        code: code.parse().expect("a code"),
        mentor: MENTOR.parse().expect("an id"),
        org: ORG.parse().expect("an id"),
        visitor: Visitor::default(),
        occurred_at: verv.now().into(),
        conversion: None,
        expires_at: None,
    };
    verv.put_attribution(&click).await;
    click.id.to_string()
}

/// What was counted before the count ended is no part of the one that begins later.
#[tokio::test]
async fn a_code_whose_count_has_ended_and_begun_anew_is_rotated_in_two_trips() {
    let verv = Verv::start().await;
    let first = limited(&verv, 5).await;
    let (mut code, mut id) = (first.string("/code"), first.string("/id"));
    recruit(&verv, &code, "usr_new_0").await;
    for (limit, confirmed) in [(json!(null), 2), (json!(5), 3)] {
        let changed = change(&verv, &id, json!({"max_referrals": limit})).await;
        changed.expect(200);
        recruit(&verv, &code, &format!("usr_new_{confirmed}")).await;
        let path = format!("{CODES}/{id}");
        let rotation = json!({"mentor_id": MENTOR, "action": "rotate"});
        let rotated = verv.put(&path, rotation).await.expect(200);
        assert_eq!(rotated.usage.trips, 2, "{limit}: {:?}", rotated.usage);
        (code, id) = (rotated.string("/code"), rotated.string("/id"));
    }
    assert_eq!(terms(&verv, &id).await["confirmed_referrals"], 3);
}
