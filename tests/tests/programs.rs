//! Programs: their life, and the terms that they give codes.

use axum::http::Method;
use futures::future::join_all;
use serde_json::{Value, json};
use tests::{Reply, Verv};

const PROGRAMS: &str = "/api/v1/referral-programs";
const CODES: &str = "/api/v1/referral-codes";
const CLICKS: &str = "/api/v1/referral-attributions";
const VALIDATE: &str = "/gafapay/v3/reward_promotion/validate_referral_code";

fn spring(change: Value) -> Value {
    let mut program = json!({"org_id": "org_1", "name": "Spring", "currency_id": "NOK"});
    for (name, value) in change.as_object().expect("an object") {
        program[name] = value.clone();
    }
    program
}

async fn program(verv: &Verv, change: Value) -> String {
    let made = verv.post(PROGRAMS, spring(change)).await.expect(201);
    made.string("/id")
}

/// A code of `mentor` under `program`.
async fn code(verv: &Verv, mentor: &str, program: &str) -> Reply {
    let body = json!({"mentor_id": mentor, "org_id": "org_1", "referral_program_id": program});
    verv.post(CODES, body).await.expect(201)
}

async fn click(verv: &Verv, code: &str) -> Reply {
    verv.post(CLICKS, json!({"code": code})).await
}

async fn validate(verv: &Verv, code: &str, user_type: u8) -> Reply {
    let body = json!({"referral_code": code, "user_type": user_type});
    verv.call(
        Method::POST,
        VALIDATE,
        &[("companyid", "org_1")],
        Some(body),
    )
    .await
}

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
        verv.app.clock.advance(chrono::TimeDelta::seconds(1));
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
    assert!(made.usage.write_units <= 12.0, "{:?}", made.usage);
    let later = code(&verv, "usr_2", &id).await;
    assert!(later.usage.write_units <= 12.0, "{:?}", later.usage);
    let path = format!("{PROGRAMS}/{id}");
    let gone = verv.delete(&path).await.expect(200);
    let at = "2026-03-26T12:00:00Z";
    let archived = json!({"id": id, "deleted": false, "status": "archived", "archived_at": at});
    assert_eq!(gone.json(), archived);
    verv.app.clock.advance(chrono::TimeDelta::seconds(5));
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
        let mut changed: shared::domain::Program = program;
        changed.terms.starts_at = Some(verv.now().into());
        changed
    };
    let parsed = id.parse().expect("an id");
    let changed = verv.app.table.update_program(parsed, change).await;
    assert!(changed.is_ok_and(|program| program.is_referred));
    assert_eq!(tries.get(), 2);
    let gone = verv.delete(&format!("{PROGRAMS}/{id}")).await.expect(200);
    assert_eq!(gone.json()["deleted"], false);
}

#[tokio::test]
async fn a_code_names_a_program_of_its_own_organisation() {
    let verv = Verv::start().await;
    let foreign = program(&verv, json!({"org_id": "org_2"})).await;
    let missing = foreign.replace("prg_0", "prg_1");
    let mut answers = Vec::new();
    for id in [foreign, missing] {
        let body = json!({"mentor_id": "usr_1", "org_id": "org_1", "referral_program_id": id});
        let record = json!({"mentor_id": "usr_1", "org_id": "org_1", "code": "ABC-1",
            "referral_program_id": id});
        answers.push(verv.post(CODES, body).await.expect(422).text);
        answers.push(
            verv.post("/api/v1/referral-code-records", record)
                .await
                .expect(422)
                .text,
        );
    }
    assert!(answers[0].contains("program_not_found"), "{}", answers[0]);
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
}

#[tokio::test]
async fn a_code_takes_its_end_from_its_program() {
    let verv = Verv::start().await;
    let id = program(&verv, json!({"code_ttl_days": 30})).await;
    let own = code(&verv, "usr_1", &id).await;
    assert_eq!(own.json()["expires_at"], "2026-04-25T12:00:00Z");
    let body = json!({"mentor_id": "usr_2", "org_id": "org_1", "referral_program_id": id,
        "expires_at": "2026-12-31T00:00:00Z"});
    let given = verv.post(CODES, body).await.expect(201);
    assert_eq!(given.json()["expires_at"], "2026-12-31T00:00:00Z");
}

#[tokio::test]
async fn a_code_is_used_within_its_programs_season() {
    let verv = Verv::start().await;
    let season = json!({"starts_at": "2026-04-01T00:00:00Z", "ends_at": "2026-05-01T00:00:00Z"});
    let id = program(&verv, season).await;
    let code = code(&verv, "usr_1", &id).await.string("/code");
    for (at, refusal) in [
        ("2026-03-31T23:59:59Z", Some("program_not_started")),
        ("2026-04-01T00:00:00Z", None),
        ("2026-04-30T23:59:59Z", None),
        ("2026-05-01T00:00:00Z", Some("program_ended")),
    ] {
        verv.app.clock.set(at.parse().expect("a time"));
        let clicked = click(&verv, &code).await;
        let validated = validate(&verv, &code, 2).await;
        let redirected = verv.get(&format!("/r/{code}")).await;
        match refusal {
            None => {
                assert_eq!(clicked.status, 201, "{at}: {}", clicked.text);
                assert_eq!(validated.status, 200, "{at}: {}", validated.text);
                assert_eq!(redirected.status, 302, "{at}");
            }
            Some(refusal) => {
                assert_eq!(clicked.expect(409).string("/code"), refusal, "{at}");
                assert_eq!(
                    validated.expect(422).string("/data/reason"),
                    "EXPIRED",
                    "{at}"
                );
                assert_eq!(redirected.status, 404, "{at}");
            }
        }
    }
}

#[tokio::test]
async fn a_change_of_a_program_is_seen_within_ten_seconds() {
    let verv = Verv::start().await;
    let id = program(&verv, json!({})).await;
    let code = code(&verv, "usr_1", &id).await.string("/code");
    validate(&verv, &code, 2).await.expect(200);
    let warm = validate(&verv, &code, 2).await.expect(200).usage;
    assert_eq!(warm.trips, 1, "{warm:?}");
    assert!(warm.read_units <= 2.0, "{warm:?}");
    verv.app.clock.advance(chrono::TimeDelta::seconds(10));
    let cold = validate(&verv, &code, 2).await.expect(200).usage;
    assert_eq!(cold.trips, 2, "{cold:?}");
    assert!(cold.read_units <= 2.0, "{cold:?}");
}

#[tokio::test]
async fn a_recruitment_is_confirmed_within_the_window() {
    let verv = Verv::start().await;
    let id = program(&verv, json!({"attribution_window_days": 7})).await;
    let code = code(&verv, "usr_1", &id).await.string("/code");
    let clicks = [click(&verv, &code).await, click(&verv, &code).await];
    let confirm = async |click: &Reply, member: &str, at: &str| {
        let path = format!("{CLICKS}/{}", click.string("/id"));
        let body = json!({"code": code, "new_member_id": member, "confirmed_at": at});
        verv.put(&path, body).await
    };
    verv.app.clock.advance(chrono::TimeDelta::days(20));
    let late = confirm(&clicks[0], "usr_m1", "2026-04-02T12:00:01Z")
        .await
        .expect(422);
    assert_eq!(late.string("/code"), "outside_attribution_window");
    assert_eq!(late.string("/errors/0/field"), "confirmed_at");
    confirm(&clicks[0], "usr_m1", "2026-04-02T12:00:00Z")
        .await
        .expect(200);
    // The record of the code may go; its program's window stays.
    let record = verv
        .get(&format!("/api/v1/referral-code-records/lookup?code={code}"))
        .await;
    let record = format!("/api/v1/referral-code-records/{}", record.string("/id"));
    verv.delete(&record).await.expect(200);
    confirm(&clicks[1], "usr_m2", "2026-04-03T12:00:00Z")
        .await
        .expect(422);
}

#[tokio::test]
async fn two_hundred_racers_get_what_the_limit_allows() {
    let verv = Verv::start().await;
    for round in 0..20 {
        let limit = 1 + round * 7 % 40;
        let id = program(&verv, json!({"max_referrals_per_code": limit})).await;
        let code = code(&verv, &format!("usr_{round}"), &id)
            .await
            .string("/code");
        let clicks = join_all((0..200).map(|_| click(&verv, &code))).await;
        let confirmations = clicks.iter().enumerate().map(|(n, click)| {
            let path = format!("{CLICKS}/{}", click.string("/id"));
            let body = json!({"code": code, "new_member_id": format!("usr_m{round}_{n}")});
            let verv = &verv;
            async move { verv.put(&path, body).await }
        });
        let answers = join_all(confirmations).await;
        let of = |status: u16| answers.iter().filter(|a| a.status == status).count();
        assert_eq!((of(200), of(409)), (limit, 200 - limit), "round {round}");
        let refused = answers.iter().find(|answer| answer.status == 409);
        assert_eq!(
            refused.map(|r| r.string("/code")).as_deref(),
            Some("limit_reached")
        );
        assert_eq!(
            validate(&verv, &code, 2)
                .await
                .expect(422)
                .string("/data/reason"),
            "LIMIT_REACHED"
        );
        click(&verv, &code).await.expect(409);
    }
}
