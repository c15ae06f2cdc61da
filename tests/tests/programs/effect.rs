//! What a program does to codes, clicks and confirmations.

use crate::{CLICKS, CODES, click, code, program, validate};
use axum::http::Method;
use futures::future::join_all;
use serde_json::json;
use std::collections::BTreeMap;
use tests::standin::{Options, StandIn};
use tests::tokens::bearer;
use tests::{Reply, Verv};

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
        verv.clock.set(at.parse().expect("a time"));
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
    verv.clock.advance(chrono::TimeDelta::seconds(10));
    let cold = validate(&verv, &code, 2).await.expect(200).usage;
    assert_eq!(cold.trips, 2, "{cold:?}");
    assert!(cold.read_units <= 2.0, "{cold:?}");
}

#[tokio::test]
async fn a_limit_that_is_not_the_codes_own_is_its_programs_as_it_is_now() {
    let verv = Verv::start().await;
    let id = program(&verv, json!({"max_referrals_per_code": 1})).await;
    let follows = code(&verv, "usr_1", &id).await.string("/code");
    let body = json!({"mentor_id": "usr_2", "org_id": "org_1", "referral_program_id": id,
        "max_referrals": 2});
    let own = verv.post(CODES, body).await.expect(201).string("/code");
    let limit_to = async |limit: serde_json::Value| {
        let path = format!("/api/v1/referral-programs/{id}");
        let change = json!({"max_referrals_per_code": limit});
        verv.put(&path, change).await.expect(200);
    };
    let mut clicks = Vec::new();
    for code in [&follows, &own] {
        for _ in 0..4 {
            clicks.push((code.clone(), verv.click(code).await));
        }
    }
    let confirm = async |nth: usize, expected: u16| {
        let (code, click) = &clicks[nth];
        let member = format!("usr_m{nth}");
        let answer = verv.confirm(click, code, &member).await.expect(expected);
        // A cold program is one trip more.
        assert!(answer.usage.trips <= 3, "{nth}: {:?}", answer.usage);
    };
    confirm(0, 200).await;
    confirm(1, 409).await;
    is_full(&verv, &follows, "usr_1", true).await;
    limit_to(json!(3)).await;
    is_full(&verv, &follows, "usr_1", false).await;
    confirm(1, 200).await;
    confirm(2, 200).await;
    confirm(3, 409).await;
    // A code's own limit stays its own, whichever is the higher.
    confirm(4, 200).await;
    limit_to(json!(1)).await;
    confirm(5, 200).await;
    confirm(6, 409).await;
    limit_to(json!(null)).await;
    is_full(&verv, &own, "usr_2", true).await;
    is_full(&verv, &follows, "usr_1", false).await;
    confirm(6, 409).await;
    confirm(3, 200).await;
}

/// Whether every reader says that the code of `user` has confirmed as many referrals as it may.
async fn is_full(verv: &Verv, code: &str, user: &str, expected: bool) {
    let authorization = bearer(verv, user, &["ROLE_CUSTOMER"], None);
    let headers = [("companyid", "org_1"), ("authorization", &authorization)];
    for criteria in [format!("user_id={user}"), format!("referral_code={code}")] {
        let path = format!("/gafapay/v3/reward_promotion/user_referral_code?{criteria}");
        let answer = verv.call(Method::GET, &path, &headers, None).await;
        let found = answer.expect(200).json();
        let user = &found["data"]["referral_user"];
        assert_eq!(user["max_referral_limit_reach"], expected, "{criteria}");
    }
    let (validated, redirected) = if expected { (422, 404) } else { (200, 302) };
    validate(verv, code, 2).await.expect(validated);
    assert_eq!(verv.get(&format!("/r/{code}")).await.status, redirected);
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
    verv.clock.advance(chrono::TimeDelta::days(20));
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
        race(&verv, round, 1 + round * 7 % 40).await;
    }
}

/// Every confirmation holds the code's counter for 40 ms, and the others are cancelled.
#[tokio::test]
async fn two_hundred_racers_get_what_the_limit_allows_where_transactions_conflict() {
    let stand_in = StandIn::new(Options {
        limits: None,
        ..Options::default()
    });
    let verv = Verv::with_client(&[], |endpoint| stand_in.client(endpoint)).await;
    for (round, limit) in [1, 8, 16].into_iter().enumerate() {
        race(&verv, round, limit).await;
    }
    let conflicts = stand_in.tally().of(|item| item.pk.starts_with("CODE#"));
    assert!(conflicts.conflicts > 200, "{conflicts:?}");
}

/// Confirms 200 clicks of a code with a limit, all at once.
async fn race(verv: &Verv, round: usize, limit: usize) {
    let id = program(verv, json!({"max_referrals_per_code": limit})).await;
    let code = code(verv, &format!("usr_{round}"), &id)
        .await
        .string("/code");
    let clicks = join_all((0..200).map(|_| click(verv, &code))).await;
    let confirmations = clicks.iter().enumerate().map(|(n, click)| {
        let path = format!("{CLICKS}/{}", click.string("/id"));
        let body = json!({"code": code, "new_member_id": format!("usr_m{round}_{n}")});
        async move { verv.put(&path, body).await }
    });
    let answers = join_all(confirmations).await;
    let mut outcomes = BTreeMap::<_, usize>::new();
    for answer in &answers {
        let problem = answer.json()["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        *outcomes
            .entry((answer.status.as_u16(), problem))
            .or_default() += 1;
    }
    // The answer to a confirmation is the attribution, whose `code` is the code.
    let expected = BTreeMap::from([
        ((200, code.clone()), limit),
        ((409, "limit_reached".to_owned()), 200 - limit),
    ]);
    assert_eq!(outcomes, expected, "round {round}");
    let validated = validate(verv, &code, 2).await.expect(422);
    assert_eq!(validated.string("/data/reason"), "LIMIT_REACHED");
    click(verv, &code).await.expect(409);
}
