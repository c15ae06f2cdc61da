//! `Idempotency-Key`: one effect and one answer, byte for byte, for a day.

use serde_json::{Value, json};
use tests::flows::{ATTRIBUTIONS, CODE, CODES, MENTOR, ORG, RECORDS};
use tests::{Reply, Verv};

/// The three routes that take a key, each with a body.
fn posts() -> [(&'static str, Value); 3] {
    [
        (
            RECORDS,
            json!({"mentor_id": "usr_1", "org_id": ORG, "code": "MY-CODE"}),
        ),
        (CODES, json!({"mentor_id": "usr_2", "org_id": ORG})),
        (ATTRIBUTIONS, json!({"code": CODE})),
    ]
}

fn assert_same(again: &Reply, first: &Reply) {
    assert_eq!(again.status, first.status);
    assert_eq!(again.text, first.text);
    for header in ["location", "content-type"] {
        assert_eq!(again.header(header), first.header(header));
    }
}

async fn total(verv: &Verv, list: &str) -> i64 {
    let page = verv.get(list).await.expect(200).json();
    page["pagination"]["total"].as_i64().expect("a total")
}

#[tokio::test]
async fn the_same_request_again_gets_the_first_answer_and_has_no_effect() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    for (path, body) in posts() {
        let first = verv
            .post_once(path, "key-1", body.clone())
            .await
            .expect(201);
        assert!(first.header("location").starts_with(path));
        let before = total(&verv, path).await;
        verv.clock.advance(chrono::TimeDelta::hours(1));
        for _ in 0..2 {
            assert_same(&verv.post_once(path, "key-1", body.clone()).await, &first);
        }
        assert_eq!(total(&verv, path).await, before);
    }
}

#[tokio::test]
async fn the_answer_that_found_an_existing_code_is_kept_as_well() {
    let verv = Verv::start().await;
    let id = verv.make_example_code().await;
    let body = json!({"mentor_id": MENTOR, "org_id": ORG});
    let first = verv
        .post_once(CODES, "key-1", body.clone())
        .await
        .expect(200);
    verv.delete(&format!("{RECORDS}/{id}")).await.expect(200);
    assert_same(&verv.post_once(CODES, "key-1", body.clone()).await, &first);
    verv.post_once(CODES, "key-2", body).await.expect(201);
}

#[tokio::test]
async fn the_first_answer_holds_whatever_has_become_of_its_subject() {
    let verv = Verv::start().await;
    let example = verv.make_example_code().await;
    let mut firsts = Vec::new();
    for (path, body) in posts() {
        firsts.push(verv.post_once(path, "key-1", body).await.expect(201));
    }
    let [record, code, click] = &firsts[..] else {
        panic!("three answers");
    };
    let inactive = json!({"status": "inactive"});
    verv.put(record.header("location"), inactive)
        .await
        .expect(200);
    // Invalidated, not deleted.
    verv.delete(code.header("location")).await.expect(200);
    let click_id = click.string("/id");
    verv.confirm(&click_id, CODE, "usr_5892").await.expect(200);
    verv.delete(&format!("{RECORDS}/{example}"))
        .await
        .expect(200);
    for ((path, body), first) in posts().into_iter().zip(&firsts) {
        assert_same(&verv.post_once(path, "key-1", body).await, first);
    }
}

/// What is kept shows a visitor's address, or a code: it must not outlive the record.
#[tokio::test]
async fn deleting_a_record_deletes_the_answer_that_shows_it() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let click = json!({"code": CODE, "ip_address": "198.51.100.77", "user_agent": "Gone/1.0"});
    let first = verv
        .post_once(ATTRIBUTIONS, "key-1", click)
        .await
        .expect(201);
    verv.delete(first.header("location")).await.expect(200);
    let stored = verv.stored_text().await;
    for gone in ["198.51.100.77", "Gone/1.0"] {
        assert!(!stored.contains(gone), "{gone} in {stored}");
    }
    // The key is free again.
    let other = json!({"code": CODE});
    let again = verv.post_once(ATTRIBUTIONS, "key-1", other).await;
    assert_ne!(again.expect(201).string("/id"), first.string("/id"));

    let body = json!({"mentor_id": "usr_1", "org_id": ORG, "code": "MY-CODE"});
    let first = verv.post_once(RECORDS, "key-1", body.clone()).await;
    let first = first.expect(201);
    verv.delete(first.header("location")).await.expect(200);
    let again = verv.post_once(RECORDS, "key-1", body).await.expect(409);
    assert_eq!(again.string("/code"), "code_taken");
}

#[tokio::test]
async fn the_first_answer_holds_when_the_same_request_would_be_refused_by_now() {
    let verv = Verv::start().await;
    for (path, mut body) in [
        (
            RECORDS,
            json!({"mentor_id": "usr_1", "org_id": ORG, "code": "MY-CODE"}),
        ),
        (CODES, json!({"mentor_id": "usr_2", "org_id": ORG})),
    ] {
        verv.set_clock("2026-03-26T12:00:00Z");
        body["expires_at"] = "2026-03-26T13:00:00Z".into();
        let first = verv
            .post_once(path, "key-1", body.clone())
            .await
            .expect(201);
        verv.set_clock("2026-03-26T14:00:00Z");
        assert_same(&verv.post_once(path, "key-1", body.clone()).await, &first);
        verv.post_once(path, "key-2", body.clone())
            .await
            .expect(422);
        body["user_type"] = 3.into();
        let reused = verv.post_once(path, "key-1", body).await.expect(422);
        assert_eq!(reused.string("/code"), "idempotency_key_reused");
    }
}

#[tokio::test]
async fn the_same_key_with_another_body_is_refused() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let others = [
        json!({"mentor_id": "usr_1", "org_id": ORG, "code": "MY-OTHER-CODE"}),
        json!({"mentor_id": "usr_3", "org_id": ORG}),
        json!({"code": CODE, "user_agent": "other"}),
    ];
    for ((path, body), other) in posts().into_iter().zip(others) {
        let first = verv
            .post_once(path, "key-1", body.clone())
            .await
            .expect(201);
        let refused = verv.post_once(path, "key-1", other).await.expect(422);
        assert_eq!(refused.string("/code"), "idempotency_key_reused", "{path}");
        assert_same(&verv.post_once(path, "key-1", body).await, &first);
    }
    assert_eq!(total(&verv, RECORDS).await, 3);
    assert_eq!(total(&verv, ATTRIBUTIONS).await, 1);
}

#[tokio::test]
async fn a_key_belongs_to_its_route() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    for (path, body) in posts() {
        verv.post_once(path, "key-1", body).await.expect(201);
    }
    // Two routes that take the very same body, too.
    let pair = json!({"mentor_id": MENTOR, "org_id": ORG});
    verv.post_once(CODES, "key-2", pair.clone())
        .await
        .expect(200);
    verv.post_once(RECORDS, "key-2", pair).await.expect(400);
}

#[tokio::test]
async fn an_answer_is_kept_for_24_hours() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let firsts = {
        let mut firsts = Vec::new();
        for (path, body) in posts() {
            firsts.push(verv.post_once(path, "key-1", body).await.expect(201));
        }
        firsts
    };
    verv.set_clock("2026-03-27T11:59:59Z");
    for ((path, body), first) in posts().into_iter().zip(&firsts) {
        assert_same(&verv.post_once(path, "key-1", body).await, first);
    }
    verv.set_clock("2026-03-27T12:00:00Z");
    let [(_, record), (_, code), (_, click)] = posts();
    verv.post_once(RECORDS, "key-1", record).await.expect(409);
    verv.post_once(CODES, "key-1", code).await.expect(200);
    let second = verv
        .post_once(ATTRIBUTIONS, "key-1", click.clone())
        .await
        .expect(201);
    assert_ne!(second.text, firsts[2].text);
    // And the new answer is kept in its place.
    assert_same(&verv.post_once(ATTRIBUTIONS, "key-1", click).await, &second);
}

#[tokio::test]
async fn a_refused_request_does_not_use_its_key_up() {
    let verv = Verv::start().await;
    let click = json!({"code": CODE});
    verv.post_once(ATTRIBUTIONS, "key-1", click.clone())
        .await
        .expect(404);
    let id = verv.make_code("usr_1", ORG, "MY-CODE").await;
    let record = json!({"mentor_id": "usr_1", "org_id": ORG, "code": "NEXT-CODE"});
    verv.post_once(RECORDS, "key-1", record.clone())
        .await
        .expect(409);
    verv.put(&format!("{RECORDS}/{id}"), json!({"status": "inactive"}))
        .await
        .expect(200);
    verv.post_once(RECORDS, "key-1", record).await.expect(201);
    verv.make_example_code().await;
    verv.post_once(ATTRIBUTIONS, "key-1", click)
        .await
        .expect(201);
}

#[tokio::test]
async fn racers_with_one_key_have_one_effect_and_one_answer() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    for (path, body) in posts() {
        let before = total(&verv, path).await;
        let racers = (0..8).map(|_| verv.post_once(path, "key-1", body.clone()));
        let replies = futures::future::join_all(racers).await;
        for reply in &replies {
            assert_eq!(reply.status, 201, "{path} {}", reply.text);
            assert_same(reply, &replies[0]);
        }
        assert_eq!(total(&verv, path).await, before + 1, "{path}");
    }
}

#[tokio::test]
async fn without_a_key_every_click_counts() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let (first, second) = (verv.click(CODE).await, verv.click(CODE).await);
    assert_ne!(first, second);
    assert_eq!(total(&verv, ATTRIBUTIONS).await, 2);
}
