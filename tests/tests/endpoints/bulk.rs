//! Many codes in one request: each is answered as by itself, and one call finishes another that
//! was killed.

use axum::http::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::faults::{Fault, Faults};
use tests::flows::{CODES, MENTOR, ORG};
use tests::gate::{Gate, Stop};
use tests::tokens::bearer;
use tests::{Reply, Verv};

const BULK: &str = "/api/v1/referral-codes/bulk";

fn pair(mentor: &str) -> Value {
    json!({"mentor_id": mentor, "org_id": ORG})
}

fn of(codes: &[Value]) -> Value {
    json!({"codes": codes})
}

fn results(reply: &Reply) -> Vec<Value> {
    let json = reply.json();
    json["results"].as_array().expect("results").clone()
}

fn statuses(reply: &Reply) -> Vec<u64> {
    let statuses = results(reply).into_iter();
    let statuses = statuses.map(|result| result["status"].as_u64().expect("a status"));
    statuses.collect()
}

/// How many codes there are, and how many the events tell of.
async fn made(verv: &Verv) -> (u64, usize) {
    let codes = verv.get(CODES).await.expect(200).json();
    let total = codes["pagination"]["total"].as_u64().expect("a total");
    verv.clock.advance(chrono::TimeDelta::minutes(1));
    let path = format!("/api/v1/events?org_id={ORG}&limit=100");
    let events = verv.get(&path).await.expect(200).json();
    let told = events["data"].as_array().expect("events").len();
    (total, told)
}

#[tokio::test]
async fn each_is_answered_in_its_place_as_by_itself() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let refused = [
        json!({"mentor_id": MENTOR, "org_id": ORG, "max_referrals": 7}),
        json!({"mentor_id": "usr_1", "org_id": "not an id"}),
        json!({"mentor_id": "usr_1", "org_id": ORG, "colour": "red"}),
        json!({"org_id": ORG}),
        json!({}),
        json!({"mentor_id": "usr_1", "org_id": ORG, "expires_at": "2020-01-01T00:00:00Z"}),
        json!({
            "mentor_id": "usr_1", "org_id": ORG,
            "referral_program_id": "prg_019d2a5c000070008000000000000099",
        }),
    ];
    let mut codes = refused.to_vec();
    codes.insert(0, pair("usr_new"));
    codes.push(json!({"mentor_id": "usr_last", "org_id": ORG, "prefix": "LAST"}));
    codes.push(pair(MENTOR));
    let reply = verv.post(BULK, of(&codes)).await.expect(200);
    assert_eq!(
        statuses(&reply),
        [201, 409, 400, 400, 400, 400, 422, 422, 201, 200]
    );
    let results = results(&reply);
    for (body, result) in codes.into_iter().zip(&results) {
        let alone = verv.post(CODES, body).await;
        match result.get("error") {
            Some(error) => {
                assert_eq!(u64::from(alone.status.as_u16()), result["status"]);
                assert_eq!(error, &alone.json());
            }
            None => assert_eq!(result["data"], alone.expect(200).json()),
        }
    }
    let last = results[8]["data"]["code"].as_str().expect("a code");
    assert!(last.starts_with("LAST-"), "{last}");
}

#[tokio::test]
async fn a_hundred_are_made_at_once() {
    let verv = Verv::start().await;
    let codes: Vec<_> = (0..100).map(|n| pair(&format!("usr_{n:03}"))).collect();
    let reply = verv.post(BULK, of(&codes)).await.expect(200);
    assert_eq!(statuses(&reply), [201; 100]);
    let owners = results(&reply).into_iter();
    let owners: Vec<_> = owners.map(|it| it["data"]["mentor_id"].clone()).collect();
    let wanted: Vec<_> = codes.iter().map(|it| it["mentor_id"].clone()).collect();
    assert_eq!(owners, wanted);
    assert_eq!(made(&verv).await, (100, 100));
}

#[tokio::test]
async fn two_of_one_pair_are_answered_as_one_after_the_other() {
    let verv = Verv::start().await;
    let limited = json!({"mentor_id": "usr_1", "org_id": ORG, "max_referrals": 3});
    let mut codes = vec![pair("usr_1"), pair("usr_2"), pair("usr_1"), limited];
    codes.extend((0..20).map(|_| pair("usr_1")));
    let reply = verv.post(BULK, of(&codes)).await.expect(200);
    let mut expected = vec![201, 201, 200, 409];
    expected.extend([200; 20]);
    assert_eq!(statuses(&reply), expected);
    let results = results(&reply);
    assert_eq!(results[0]["data"], results[2]["data"]);
    assert_eq!(results[3]["error"]["code_id"], results[0]["data"]["id"]);
    assert_eq!(made(&verv).await, (2, 2));
}

#[tokio::test]
async fn what_is_no_list_of_objects_is_refused_as_a_whole() {
    let verv = Verv::start().await;
    let too_many: Vec<_> = (0..101).map(|n| pair(&format!("usr_{n}"))).collect();
    for body in [
        of(&[]),
        of(&too_many),
        of(&[pair("usr_1"), json!(5)]),
        of(&[pair("usr_1"), Value::Null]),
        json!({"codes": pair("usr_1")}),
        json!({}),
        json!({"codes": [pair("usr_1")], "org_id": ORG}),
    ] {
        let reply = verv.post(BULK, body).await.expect(400);
        assert_eq!(reply.usage.calls, 0, "{}", reply.text);
        assert!(reply.json()["errors"][0]["field"].is_string());
    }
    assert_eq!(made(&verv).await, (0, 0));
}

#[tokio::test]
async fn the_same_call_again_gets_the_first_answers_and_tries_what_was_refused() {
    let verv = Verv::start().await;
    let later = json!({"org_id": ORG, "name": "Spring", "currency_id": "NOK"});
    let program = verv.post("/api/v1/referral-programs", later).await;
    let program = program.expect(201).string("/id");
    let path = format!("/api/v1/referral-programs/{program}");
    let archive = json!({"status": "archived"});
    verv.put(&path, archive).await.expect(200);
    let of_program = json!({"mentor_id": "usr_2", "org_id": ORG, "referral_program_id": program});
    let body = of(&[pair("usr_1"), of_program, pair("usr_1")]);
    let first = verv.post_once(BULK, "key-1", body.clone()).await;
    assert_eq!(statuses(&first), [201, 422, 200]);
    let before = made(&verv).await;

    let other = of(&[pair("usr_1"), pair("usr_3")]);
    let reused = verv.post_once(BULK, "key-1", other.clone()).await;
    assert_eq!(reused.expect(422).string("/code"), "idempotency_key_reused");
    assert_eq!(made(&verv).await, before);

    // What became of the code since does not show in the answers that are kept.
    let id = results(&first)[0]["data"]["id"].clone();
    let id = id.as_str().expect("an id");
    verv.delete(&format!("{CODES}/{id}")).await.expect(200);
    let active = json!({"status": "active"});
    verv.put(&path, active).await.expect(200);
    // A program is held in memory for ten seconds.
    verv.clock.advance(chrono::TimeDelta::seconds(11));
    let again = verv.post_once(BULK, "key-1", body.clone()).await;
    assert_eq!(statuses(&again), [201, 201, 200]);
    for place in [0, 2] {
        assert_eq!(results(&again)[place], results(&first)[place]);
    }
    let third = verv.post_once(BULK, "key-1", body).await;
    assert_eq!(third.text, again.text);
    // The key is the caller's for this route: alone it is another.
    verv.post_once(CODES, "key-1", pair("usr_1"))
        .await
        .expect(201);
    verv.post_once(BULK, "key-2", other).await.expect(200);
}

#[tokio::test]
async fn racers_with_one_key_have_one_effect_and_one_answer() {
    let verv = Verv::start().await;
    let mut codes: Vec<_> = (0..10).map(|n| pair(&format!("usr_{n}"))).collect();
    codes.extend([pair("usr_0"), pair("usr_1")]);
    let send = || verv.post_once(BULK, "key-1", of(&codes));
    let replies = futures::future::join_all((0..12).map(|_| send())).await;
    let texts: BTreeSet<_> = replies.iter().map(|reply| reply.text.as_str()).collect();
    assert_eq!(texts.len(), 1, "{texts:?}");
    let mut expected = vec![201; 10];
    expected.extend([200, 200]);
    assert_eq!(statuses(&replies[0]), expected);
    assert_eq!(made(&verv).await, (10, 10));
}

#[tokio::test]
async fn a_call_that_was_killed_anywhere_is_finished_by_its_repetition() {
    let codes = [pair("usr_1"), pair("usr_2"), pair("usr_3"), pair("usr_1")];
    let mut kills = 0;
    for call in 0.. {
        let mut is_killed = false;
        for stop in [Stop::Before(call), Stop::After(call)] {
            let gate = Gate::new();
            let verv = Verv::with_client(&[], |endpoint| gate.client(endpoint)).await;
            gate.arm(stop);
            is_killed |= tokio::select! {
                biased;
                () = gate.stopped() => true,
                _ = verv.post_once(BULK, "key-1", of(&codes)) => false,
            };
            gate.arm(Stop::Never);
            kills += usize::from(is_killed);
            let again = verv.post_once(BULK, "key-1", of(&codes)).await;
            assert_eq!(statuses(&again), [201, 201, 201, 200], "{stop:?}");
            let third = verv.post_once(BULK, "key-1", of(&codes)).await;
            assert_eq!(third.text, again.text, "{stop:?}");
            assert_eq!(made(&verv).await, (3, 3), "{stop:?}");
        }
        if !is_killed {
            break;
        }
    }
    assert!(kills > 20, "{kills}");
}

#[tokio::test]
async fn one_that_fails_is_no_failure_of_the_others() {
    let faults = Faults::none();
    let verv = Verv::through(&faults).await;
    verv.make_example_code().await;
    faults.always("TransactWriteItems", Fault::Throttled);
    let body = of(&[pair("usr_1"), pair(MENTOR)]);
    let reply = verv.post(BULK, body.clone()).await.expect(200);
    assert_eq!(statuses(&reply), [503, 200]);
    let error = &results(&reply)[0]["error"];
    assert_eq!(error["code"], "temporarily_unavailable");
    faults.clear();
    let reply = verv.post(BULK, body).await.expect(200);
    assert_eq!(statuses(&reply), [201, 200]);
}

#[tokio::test]
async fn each_counts_as_a_new_code_of_its_address() {
    let settings = [("CODE_RATE", "6"), ("CODE_BURST", "3")];
    let verv = Verv::with_settings(&settings).await;
    let codes = [pair("usr_1"), json!({}), pair("usr_2"), pair("usr_3")];
    let reply = verv.post(BULK, of(&codes)).await.expect(200);
    assert_eq!(statuses(&reply), [201, 400, 201, 429]);
    let error = &results(&reply)[3]["error"];
    assert_eq!(error["code"], "too_many_requests");
    assert_eq!(reply.header("ratelimit-policy"), "\"codes\";q=3;w=30");
    assert_eq!(reply.header("ratelimit"), "\"codes\";r=0;t=30");
    let none = verv.post(BULK, of(&[pair("usr_3")])).await.expect(200);
    assert_eq!(statuses(&none), [429]);
    assert_eq!(none.header("ratelimit"), "\"codes\";r=0;t=30");
    verv.post(CODES, pair("usr_3")).await.expect(429);
    verv.clock.advance(chrono::TimeDelta::seconds(10));
    verv.post(CODES, pair("usr_3")).await.expect(201);
}

#[tokio::test]
async fn each_is_within_its_callers_scope() {
    let verv = Verv::with_settings(&[("API_ACCESS", "token")]).await;
    let chosen = json!({"mentor_id": "usr_1", "org_id": "org_a", "max_referrals": 3});
    let body = of(&[
        json!({"mentor_id": "usr_1", "org_id": "org_a"}),
        json!({"mentor_id": "usr_2", "org_id": "org_a"}),
        json!({"mentor_id": "usr_1", "org_id": "org_b"}),
        chosen,
    ]);
    for (role, expected) in [
        ("ROLE_MENTOR", [201, 403, 403, 403]),
        ("ROLE_ORG", [200, 201, 403, 409]),
    ] {
        let who = bearer(&verv, "usr_1", &[role], Some("org_a"));
        let reply = verv.call_as(&who, Method::POST, BULK, Some(body.clone()));
        let reply = reply.await.expect(200);
        assert_eq!(statuses(&reply), expected, "{role}");
        let codes = results(&reply).into_iter();
        let codes: Vec<_> = codes.map(|it| it["error"]["code"].clone()).collect();
        assert_eq!(codes[2], "forbidden");
        if role == "ROLE_MENTOR" {
            assert_eq!(codes[3], "field_not_permitted");
        }
    }
}
