//! A limit that is reached is told once, by the confirmation that reaches it.

use crate::bed::{CODES, CONVERSIONS, ORG, PROGRAMS, code, polled, types};
use futures::future::join_all;
use serde_json::{Value, json};
use tests::Verv;
use tests::flows::ATTRIBUTIONS;

fn joined(code: &str, member: &str) -> Value {
    json!({"code": code, "new_member_id": member})
}

/// Confirms as many as there are in `clicks`, all at once; how many were.
async fn race(verv: &Verv, code: &str, clicks: &[String]) -> usize {
    let races = clicks.iter().enumerate().map(|(number, click)| async move {
        let member = format!("new_{number}");
        // Half of them by the click, half by the code alone.
        let reply = match number % 2 {
            0 => verv.confirm(click, code, &member).await,
            _ => verv.post(CONVERSIONS, joined(code, &member)).await,
        };
        reply.status.is_success()
    });
    join_all(races).await.into_iter().filter(|is| *is).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racers_for_the_last_referrals_reach_the_limit_once() {
    for limit in [1, 2, 5] {
        let verv = Verv::start().await;
        let (id, code) = code(&verv, "usr_1", json!({"max_referrals": limit})).await;
        let mut clicks = Vec::new();
        for _ in 0..12 {
            clicks.push(verv.click(&code).await);
        }
        assert_eq!(race(&verv, &code, &clicks).await, limit);
        let events = polled(&verv, ORG, 100).await;
        let confirmed: Vec<_> = events
            .iter()
            .filter(|event| event["type"] == "attribution.confirmed")
            .collect();
        assert_eq!(confirmed.len(), limit);
        let reached: Vec<_> = events
            .iter()
            .filter(|event| event["type"] == "limit.reached")
            .collect();
        let [reached] = reached[..] else {
            panic!("{limit}: {reached:?}")
        };
        assert_eq!(reached["subject"], id);
        assert_eq!(reached["data"]["limit"], limit);
        let by = &reached["data"]["attribution_id"];
        assert!(confirmed.iter().any(|event| event["subject"] == *by));
    }
}

/// A limit of the program counts like the code's own, over rotations, and again after a deletion
/// has made room.
#[tokio::test]
async fn a_limit_of_the_program_is_told_for_the_code_that_counts() {
    let verv = Verv::start().await;
    let program = json!({
        "org_id": ORG, "name": "Spring", "currency_id": "NOK", "eligible_user_types": [2],
        "max_referrals_per_code": 2,
    });
    let program = verv.post(PROGRAMS, program).await.expect(201).string("/id");
    let terms = json!({"referral_program_id": program});
    let (old_id, old) = code(&verv, "usr_1", terms).await;
    let (first, second) = (verv.click(&old).await, verv.click(&old).await);
    verv.confirm(&first, &old, "new_1").await.expect(200);
    let rotate = json!({"mentor_id": "usr_1", "action": "rotate"});
    let rotated = verv
        .put(&format!("{CODES}/{old_id}"), rotate)
        .await
        .expect(200);
    let (new, new_id) = (rotated.string("/code"), rotated.string("/id"));
    verv.confirm(&second, &old, "new_2").await.expect(200);
    verv.post(CONVERSIONS, joined(&new, "new_3"))
        .await
        .expect(409);
    verv.delete(&format!("{ATTRIBUTIONS}/{first}"))
        .await
        .expect(200);
    verv.post(CONVERSIONS, joined(&new, "new_4"))
        .await
        .expect(201);
    let events = polled(&verv, ORG, 100).await;
    let reached: Vec<_> = events
        .iter()
        .filter(|event| event["type"] == "limit.reached")
        .collect();
    assert_eq!(reached.len(), 2, "{:?}", types(&events));
    for event in reached {
        assert_eq!(
            (&event["subject"], &event["data"]["code"]),
            (&json!(new_id), &json!(new))
        );
    }
}
