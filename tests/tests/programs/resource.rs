//! Programs themselves: made, listed, changed, archived, deleted.

use crate::{CODES, PROGRAMS, click, code, program, spring};
use axum::http::Method;
use futures::future::join_all;
use serde_json::{Value, json};
use tests::{Reply, Verv};

#[tokio::test]
async fn a_program_is_made_shown_changed_and_deleted() {
    let verv = Verv::start().await;
    let full = spring(json!({
        "eligible_user_types": [5, 2],
        "max_referrals_per_code": 10,
        "attribution_window_days": 30,
        "code_ttl_days": 90,
        "starts_at": "2026-03-01T00:00:00Z",
        "ends_at": "2026-07-01T02:00:00+02:00",
    }));
    let made = verv.post(PROGRAMS, full).await.expect(201);
    let id = made.string("/id");
    let path = format!("{PROGRAMS}/{id}");
    assert_eq!(made.header("location"), path);
    let expected = json!({
        "id": id, "org_id": "org_1", "name": "Spring", "currency_id": "NOK",
        "eligible_user_types": [2, 5], "max_referrals_per_code": 10,
        "attribution_window_days": 30, "code_ttl_days": 90,
        "starts_at": "2026-03-01T00:00:00Z", "ends_at": "2026-07-01T00:00:00Z",
        "status": "active", "created_at": "2026-03-26T12:00:00Z", "archived_at": null,
    });
    assert_eq!(made.json(), expected);
    assert_eq!(verv.get(&path).await.expect(200).json(), expected);

    let change = json!({"name": "Summer", "ends_at": null, "status": "archived"});
    let changed = verv.put(&path, change).await.expect(200).json();
    assert_eq!(changed["name"], "Summer");
    assert_eq!(changed["ends_at"], Value::Null);
    assert_eq!(changed["code_ttl_days"], 90, "what is left out stays");
    assert_eq!(changed["archived_at"], "2026-03-26T12:00:00Z");

    let deleted = verv.delete(&path).await.expect(200).json();
    assert_eq!(
        deleted,
        json!({"id": id, "deleted": true, "deleted_at": "2026-03-26T12:00:00Z"})
    );
    verv.delete(&path).await.expect(404);
    verv.get(&path).await.expect(404);
    verv.put(&path, json!({})).await.expect(404);
}

#[tokio::test]
async fn every_field_has_its_bounds() {
    let verv = Verv::start().await;
    for (field, value) in [
        ("org_id", json!("a#b")),
        ("org_id", json!(null)),
        ("name", json!("")),
        ("name", json!("x".repeat(121))),
        ("currency_id", json!("")),
        ("currency_id", json!("x".repeat(129))),
        ("eligible_user_types", json!([])),
        ("eligible_user_types", json!([4])),
        ("eligible_user_types", json!([2, 2])),
        ("max_referrals_per_code", json!(0)),
        ("max_referrals_per_code", json!(1_000_000_001)),
        ("max_referrals_per_code", json!(1.5)),
        ("attribution_window_days", json!(0)),
        ("attribution_window_days", json!(3_651)),
        ("code_ttl_days", json!(-1)),
        ("starts_at", json!("tomorrow")),
        ("ends_at", json!(1)),
        ("status", json!("deleted")),
        ("colour", json!("red")),
    ] {
        let reply = verv
            .post(PROGRAMS, spring(json!({field: value})))
            .await
            .expect(400);
        let named = reply.string("/errors/0/field");
        assert!(named.starts_with(field), "{field}: {}", reply.text);
    }
    let backwards = json!({"starts_at": "2026-05-01T00:00:00Z", "ends_at": "2026-05-01T00:00:00Z"});
    let reply = verv.post(PROGRAMS, spring(backwards)).await.expect(422);
    assert_eq!(reply.string("/code"), "ends_before_start");
    let id = program(&verv, json!({"starts_at": "2026-05-01T00:00:00Z"})).await;
    let change = json!({"ends_at": "2026-04-01T00:00:00Z"});
    verv.put(&format!("{PROGRAMS}/{id}"), change)
        .await
        .expect(422);
}

#[tokio::test]
async fn a_list_shows_an_organisations_programs_newest_first() {
    let verv = Verv::start().await;
    let mut ids = Vec::new();
    for n in 0..25 {
        ids.push(program(&verv, json!({"name": format!("Program {n}")})).await);
        verv.clock.advance(chrono::TimeDelta::seconds(1));
    }
    program(&verv, json!({"org_id": "org_2"})).await;
    ids.reverse();
    verv.put(
        &format!("{PROGRAMS}/{}", ids[3]),
        json!({"status": "archived"}),
    )
    .await
    .expect(200);
    let shown = |reply: &Reply| -> Vec<String> {
        let json = reply.json();
        let data = json["data"].as_array().expect("a list").iter();
        data.map(|program| program["id"].as_str().expect("an id").to_owned())
            .collect()
    };
    let first = verv
        .get(&format!("{PROGRAMS}?org_id=org_1"))
        .await
        .expect(200);
    assert_eq!(shown(&first), ids[..20]);
    assert_eq!(
        first.json()["pagination"],
        json!({"page": 1, "limit": 20, "total": 25})
    );
    assert!(
        first.usage.trips <= 2 && first.usage.read_units <= 16.0,
        "{:?}",
        first.usage
    );
    let cursor = first.string("/next_cursor");
    let next = format!("{PROGRAMS}?org_id=org_1&cursor={cursor}");
    assert_eq!(shown(&verv.get(&next).await.expect(200)), ids[20..]);
    let second = format!("{PROGRAMS}?org_id=org_1&page=2");
    assert_eq!(shown(&verv.get(&second).await.expect(200)), ids[20..]);
    let archived = format!("{PROGRAMS}?org_id=org_1&status=archived");
    assert_eq!(shown(&verv.get(&archived).await.expect(200)), ids[3..4]);
    verv.get(PROGRAMS).await.expect(400);
}

#[tokio::test]
async fn a_list_costs_the_same_however_many_there_are() {
    let verv = Verv::start().await;
    let long = "x".repeat(120);
    let bodies = (0..400).map(|n| spring(json!({"name": format!("{n}{}", &long[..110])})));
    for body in bodies {
        verv.post(PROGRAMS, body).await.expect(201);
    }
    let list = verv
        .get(&format!("{PROGRAMS}?org_id=org_1"))
        .await
        .expect(200);
    assert!(
        list.usage.read_units <= 16.0 && list.usage.trips <= 2,
        "{:?}",
        list.usage
    );
    assert_eq!(list.json()["pagination"]["total_is_lower_bound"], true);
}

#[tokio::test]
async fn one_idempotency_key_makes_one_program() {
    let verv = Verv::start().await;
    let headers = [("idempotency-key", "k1")];
    let make = || verv.call(Method::POST, PROGRAMS, &headers, Some(spring(json!({}))));
    let answers = join_all((0..20).map(|_| make())).await;
    for answer in &answers {
        assert_eq!(
            (answer.status.as_u16(), &answer.text),
            (201, &answers[0].text)
        );
    }
    let other = Some(spring(json!({"name": "Other"})));
    verv.call(Method::POST, PROGRAMS, &headers, other)
        .await
        .expect(422);
}

#[tokio::test]
async fn a_program_that_codes_refer_to_is_archived_and_takes_no_new_ones() {
    let verv = Verv::start().await;
    let id = program(&verv, json!({})).await;
    let made = code(&verv, "usr_1", &id).await;
    // Two of them are the event's.
    assert!(made.usage.write_units <= 14.0, "{:?}", made.usage);
    let later = code(&verv, "usr_2", &id).await;
    assert!(later.usage.write_units <= 14.0, "{:?}", later.usage);
    let path = format!("{PROGRAMS}/{id}");
    let gone = verv.delete(&path).await.expect(200);
    let at = "2026-03-26T12:00:00Z";
    let archived = json!({"id": id, "deleted": false, "status": "archived", "archived_at": at});
    assert_eq!(gone.json(), archived);
    verv.clock.advance(chrono::TimeDelta::seconds(5));
    assert_eq!(
        verv.delete(&path).await.expect(200).json(),
        archived,
        "again, the same"
    );
    let body = json!({"mentor_id": "usr_3", "org_id": "org_1", "referral_program_id": id});
    let refused = verv.post(CODES, body).await.expect(422);
    assert_eq!(refused.string("/code"), "program_archived");
    click(&verv, &made.string("/code")).await.expect(201);
}

#[tokio::test]
async fn the_first_answer_stands_when_the_program_is_archived_since() {
    let verv = Verv::start().await;
    let id = program(&verv, json!({})).await;
    let headers = [("idempotency-key", "k1")];
    let body = json!({"mentor_id": "usr_1", "org_id": "org_1", "referral_program_id": id});
    let make = || verv.call(Method::POST, CODES, &headers, Some(body.clone()));
    let first = make().await.expect(201);
    verv.delete(&format!("{PROGRAMS}/{id}")).await.expect(200);
    assert_eq!(make().await.expect(201).text, first.text);
}

#[tokio::test]
async fn deletion_and_a_first_code_never_pass_each_other() {
    for _ in 0..10 {
        let verv = Verv::start().await;
        let id = program(&verv, json!({})).await;
        let path = format!("{PROGRAMS}/{id}");
        let body = json!({"mentor_id": "usr_1", "org_id": "org_1", "referral_program_id": id});
        let (made, gone) = futures::join!(verv.post(CODES, body), verv.delete(&path));
        let gone = gone.expect(200).json();
        match made.status.as_u16() {
            201 => assert_eq!(gone["deleted"], false, "{gone}"),
            422 => assert_eq!(gone["deleted"], true, "{gone}"),
            other => panic!("{other}: {}", made.text),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_does_not_undo_the_mark_of_a_code_made_meanwhile() {
    let verv = Verv::start().await;
    let id = program(&verv, json!({})).await;
    let tries = std::cell::Cell::new(0);
    // Between its read and its write, the change meets the first code.
    let change = |program| {
        tries.set(tries.get() + 1);
        if tries.get() == 1 {
            let make = code(&verv, "usr_1", &id);
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(make));
        }
        let mut changed: domain::Program = program;
        changed.terms.starts_at = Some(verv.now().into());
        changed
    };
    let parsed = id.parse().expect("an id");
    let store = verv.unrestricted();
    let changed = store.update_program(parsed, change, verv.now()).await;
    assert!(changed.is_ok_and(|program| program.is_referred));
    assert_eq!(tries.get(), 2);
    let gone = verv.delete(&format!("{PROGRAMS}/{id}")).await.expect(200);
    assert_eq!(gone.json()["deleted"], false);
}
