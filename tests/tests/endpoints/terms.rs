//! The terms of a code: shown, changed, compared, and counted from the moment they are given.

use serde_json::{Value, json};
use tests::flows::{ATTRIBUTIONS, CODE, CODES, End, MENTOR, ORG, RECORDS};
use tests::{Reply, Verv};

const PROGRAMS: &str = "/api/v1/referral-programs";

async fn program(verv: &Verv, more: Value) -> String {
    let mut body = json!({"org_id": ORG, "name": "Spring", "currency_id": "NOK"});
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    verv.post(PROGRAMS, body).await.expect(201).string("/id")
}

pub(crate) async fn change(verv: &Verv, id: &str, body: Value) -> Reply {
    verv.patch(&format!("{CODES}/{id}"), body).await
}

/// A term, and how many referrals are confirmed.
pub(crate) async fn terms(verv: &Verv, id: &str) -> Value {
    verv.get(&format!("{CODES}/{id}/terms"))
        .await
        .expect(200)
        .json()
}

/// Clicks on `code` and confirms it: the attribution's id.
pub(crate) async fn recruit(verv: &Verv, code: &str, member: &str) -> String {
    let click = verv.click(code).await;
    verv.confirm(&click, code, member).await.expect(200);
    click
}

#[tokio::test]
async fn each_term_is_shown_with_where_it_comes_from() {
    let verv = Verv::start().await;
    let id = verv.make_example_code().await;
    let shown = verv.get(&format!("{CODES}/{id}/terms")).await.expect(200);
    assert_eq!(shown.header("verv-as-of"), tests::NOW);
    assert_eq!(
        shown.json(),
        json!({
            "id": id, "code": CODE, "status": "active",
            "terms": {
                "expires_at": {"value": null, "source": "default"},
                "max_referrals": {"value": null, "source": "default"},
                "referral_program_id": {"value": null, "source": "default"},
                "user_type": {"value": 2, "source": "default"},
                "eligible_user_types": {"value": [2], "source": "default"},
            },
            "confirmed_referrals": 0, "limit_reached": false,
        })
    );
    let program = program(
        &verv,
        json!({"max_referrals_per_code": 1, "eligible_user_types": [2, 5]}),
    )
    .await;
    recruit(&verv, CODE, "usr_new_1").await;
    let body = json!({"referral_program_id": program, "expires_at": "2026-12-31T00:00:00Z"});
    change(&verv, &id, body).await.expect(200);
    let shown = terms(&verv, &id).await;
    assert_eq!(
        shown["terms"],
        json!({
            "expires_at": {"value": "2026-12-31T00:00:00Z", "source": "code"},
            "max_referrals": {"value": 1, "source": "program"},
            "referral_program_id": {"value": program, "source": "code"},
            "user_type": {"value": 2, "source": "default"},
            "eligible_user_types": {"value": [2, 5], "source": "program"},
        })
    );
    assert_eq!(shown["confirmed_referrals"], 1);
    assert_eq!(shown["limit_reached"], true);
    let missing = "rc_019d2a5c000070008000000000000003";
    verv.get(&format!("{CODES}/{missing}/terms"))
        .await
        .expect(404);
}

#[tokio::test]
async fn a_change_is_seen_by_every_reader_at_once() {
    let verv = Verv::start().await;
    let id = verv.make_example_code().await;
    let changed = change(
        &verv,
        &id,
        json!({"expires_at": "2026-04-01T00:00:00Z", "user_type": 5}),
    )
    .await
    .expect(200);
    let contract = verv.get(&format!("{CODES}/{id}")).await.expect(200);
    assert_eq!(
        changed.text, contract.text,
        "the code as the contract shows it"
    );
    let pair = json!({"mentor_id": MENTOR, "org_id": ORG});
    let existing = verv.post(CODES, pair).await.expect(200);
    assert_eq!(existing.text, contract.text);
    let validate = async |user_type: u8| {
        let path = "/gafapay/v3/reward_promotion/validate_referral_code";
        let body = json!({"referral_code": CODE, "user_type": user_type});
        let headers = [("companyid", ORG)];
        let call = verv.call(axum::http::Method::POST, path, &headers, Some(body));
        call.await.status.as_u16()
    };
    assert_eq!((validate(5).await, validate(2).await), (200, 422));
    // What is null is taken away, and a type is the default again.
    change(&verv, &id, json!({"expires_at": null, "user_type": null}))
        .await
        .expect(200);
    assert_eq!((validate(5).await, validate(2).await), (422, 200));
    verv.set_clock("2026-05-01T00:00:00Z");
    verv.click(CODE).await;
}

#[tokio::test]
async fn each_change_that_cannot_be_says_why() {
    let verv = Verv::start().await;
    let id = verv.make_example_code().await;
    let ended = program(&verv, json!({"ends_at": "2026-03-26T12:00:00Z"})).await;
    let archived = program(&verv, json!({"status": "archived"})).await;
    let foreign = program(&verv, json!({"org_id": "org_other"})).await;
    let missing = foreign.replace("prg_0", "prg_1");
    for (body, code, field) in [
        (
            json!({"expires_at": tests::NOW}),
            "expires_in_the_past",
            "expires_at",
        ),
        (
            json!({"referral_program_id": ended}),
            "program_ended",
            "referral_program_id",
        ),
        (
            json!({"referral_program_id": archived}),
            "program_archived",
            "referral_program_id",
        ),
        (
            json!({"referral_program_id": foreign}),
            "program_not_found",
            "referral_program_id",
        ),
        (
            json!({"referral_program_id": missing}),
            "program_not_found",
            "referral_program_id",
        ),
        (
            json!({"status": "inactive"}),
            "status_not_allowed",
            "status",
        ),
    ] {
        let refused = change(&verv, &id, body).await.expect(422);
        assert_eq!(refused.string("/code"), code);
        assert_eq!(refused.string("/errors/0/field"), field);
        assert_eq!(refused.usage.write_units, 0.0, "{code}");
    }
    let pair = json!({"mentor_id": "usr_other", "org_id": ORG, "referral_program_id": ended});
    let refused = verv.post(CODES, pair.clone()).await.expect(422);
    assert_eq!(refused.string("/code"), "program_ended");
    let mut record = pair;
    record["code"] = json!("UNDER-ENDED");
    verv.post(RECORDS, record).await.expect(422);
    // Nothing to change is no fault.
    change(&verv, &id, json!({})).await.expect(200);
}

#[tokio::test]
async fn a_code_that_has_ended_for_good_is_not_changed() {
    let verv = Verv::start().await;
    for (n, (end, status, code)) in [
        (End::Rotated, 409, "code_inactive"),
        (End::Invalidated, 409, "code_invalidated"),
        (End::Deleted, 404, "not_found"),
    ]
    .into_iter()
    .enumerate()
    {
        let mentor = format!("usr_{n}");
        let id = verv
            .make_ended_code(&mentor, ORG, &format!("END-{n}"), end)
            .await;
        for body in [json!({"status": "active"}), json!({"max_referrals": 3})] {
            let refused = change(&verv, &id, body).await.expect(status);
            assert_eq!(refused.string("/code"), code, "{end:?}");
            if end == End::Rotated {
                let active = format!("{RECORDS}/active?mentor_id={mentor}&org_id={ORG}");
                let active = verv.get(&active).await.expect(200).string("/id");
                assert_eq!(refused.string("/code_id"), active);
            }
        }
    }
}

#[tokio::test]
async fn an_inactive_code_is_active_again_where_its_pair_has_no_other() {
    let verv = Verv::start().await;
    let first = verv
        .make_ended_code(MENTOR, ORG, CODE, End::Deactivated)
        .await;
    verv.post(ATTRIBUTIONS, json!({"code": CODE}))
        .await
        .expect(409);
    let back = change(&verv, &first, json!({"status": "active"}))
        .await
        .expect(200);
    assert_eq!(back.string("/status"), "active");
    verv.click(CODE).await;
    let record = verv.get(&format!("{RECORDS}/{first}")).await.expect(200);
    assert_eq!(record.json()["deactivated_at"], Value::Null);
    let pair = json!({"mentor_id": MENTOR, "org_id": ORG});
    let existing = verv.post(CODES, pair.clone()).await.expect(200);
    assert_eq!(existing.string("/id"), first);

    verv.put(&format!("{RECORDS}/{first}"), json!({"status": "inactive"}))
        .await
        .expect(200);
    let second = verv
        .post(CODES, pair.clone())
        .await
        .expect(201)
        .string("/id");
    let refused = change(&verv, &first, json!({"status": "active"}))
        .await
        .expect(409);
    assert_eq!(refused.string("/code"), "active_code_exists");
    assert_eq!(refused.string("/code_id"), second);
    // Its terms may change all the same.
    change(&verv, &first, json!({"max_referrals": 3}))
        .await
        .expect(200);
    let existing = verv.post(CODES, pair).await.expect(200);
    assert_eq!(existing.string("/id"), second);
}

#[tokio::test]
async fn an_expired_code_lives_on_where_its_pair_has_no_other() {
    let verv = Verv::start().await;
    let body = |mentor: &str| json!({"mentor_id": mentor, "org_id": ORG, "expires_at": "2026-03-27T00:00:00Z"});
    let lives_on = verv
        .post(CODES, body("usr_1"))
        .await
        .expect(201)
        .string("/id");
    let replaced = verv
        .post(CODES, body("usr_2"))
        .await
        .expect(201)
        .string("/id");
    verv.set_clock("2026-03-28T00:00:00Z");
    let pair = json!({"mentor_id": "usr_2", "org_id": ORG});
    let newer = verv.post(CODES, pair).await.expect(201).string("/id");
    let refused = change(&verv, &lives_on, json!({"status": "active"}))
        .await
        .expect(409);
    assert_eq!(refused.string("/code"), "code_expired");
    let later = json!({"expires_at": "2026-04-30T00:00:00Z"});
    let back = change(&verv, &lives_on, later.clone()).await.expect(200);
    assert_eq!(back.string("/status"), "active");
    let pair = json!({"mentor_id": "usr_1", "org_id": ORG});
    assert_eq!(
        verv.post(CODES, pair).await.expect(200).string("/id"),
        lives_on
    );
    let refused = change(&verv, &replaced, later).await.expect(409);
    assert_eq!(refused.string("/code_id"), newer);
    // An expired code stays so with other terms.
    change(&verv, &replaced, json!({"user_type": 3}))
        .await
        .expect(200);
    let record = verv.get(&format!("{RECORDS}/{replaced}")).await.expect(200);
    assert_eq!(record.string("/status"), "expired");
}

#[tokio::test]
async fn get_or_create_names_the_terms_that_the_existing_code_has_otherwise() {
    let verv = Verv::start().await;
    let program = program(
        &verv,
        json!({"code_ttl_days": 30, "max_referrals_per_code": 10}),
    )
    .await;
    let own = json!({"mentor_id": MENTOR, "org_id": ORG, "user_type": 5, "max_referrals": 3,
        "referral_program_id": program, "expires_at": "2026-12-31T00:00:00Z"});
    let made = verv
        .post(CODES, own.clone())
        .await
        .expect(201)
        .string("/id");
    verv.post(CODES, own.clone()).await.expect(200);
    let pair = json!({"mentor_id": MENTOR, "org_id": ORG, "prefix": "OTHER"});
    verv.post(CODES, pair).await.expect(200);
    let mut other = own.clone();
    for (field, value, named) in [
        ("user_type", json!(2), vec!["user_type"]),
        (
            "max_referrals",
            json!(10),
            vec!["user_type", "max_referrals"],
        ),
        (
            "expires_at",
            json!("2026-12-31T00:00:01Z"),
            vec!["user_type", "max_referrals", "expires_at"],
        ),
    ] {
        other[field] = value;
        let refused = verv.post(CODES, other.clone()).await.expect(409);
        assert_eq!(refused.string("/code"), "terms_differ");
        assert_eq!(refused.string("/code_id"), made);
        let json = refused.json();
        let errors = json["errors"].as_array().expect("errors").iter();
        let fields: Vec<_> = errors.map(|error| error["field"].clone()).collect();
        assert_eq!(fields, named);
    }
    // What is the code's already is no new code under a program that takes none.
    let archived = json!({"status": "archived"});
    verv.put(&format!("{PROGRAMS}/{program}"), archived)
        .await
        .expect(200);
    verv.post(CODES, own).await.expect(200);
    verv.post(CODES, other).await.expect(422);
}

/// Changes that meet: each is there afterwards.
#[tokio::test]
async fn changes_at_the_same_moment_do_not_undo_each_other() {
    let verv = Verv::start().await;
    for round in 0..10 {
        let (mentor, code) = (format!("usr_{round}"), format!("MEET-{round}"));
        let id = verv.make_code(&mentor, ORG, &code).await;
        let rotation = json!({"mentor_id": mentor, "action": "rotate"});
        let path = format!("{CODES}/{id}");
        let (limit, end, rotated) = futures::join!(
            change(&verv, &id, json!({"max_referrals": 7})),
            change(&verv, &id, json!({"expires_at": "2026-12-31T00:00:00Z"})),
            verv.put(&path, rotation)
        );
        let rotated = rotated.expect(200).string("/id");
        let terms = terms(&verv, &rotated).await;
        for (changed, term) in [(limit, "max_referrals"), (end, "expires_at")] {
            let is_there = !terms["terms"][term]["value"].is_null();
            let status = changed.status.as_u16();
            assert_eq!(is_there, status == 200, "{round} {term}: {status} {terms}");
            assert!(status == 200 || status == 409, "{}", changed.text);
        }
    }
}
