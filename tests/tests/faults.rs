//! What callers see, and what is stored, when DynamoDB throttles, conflicts, fails or loses
//! its answers.

use serde_json::{Value, json};
use tests::faults::{Fault, Faults};
use tests::{Reply, Verv};

const CODES: &str = "/api/v1/referral-codes";
const RECORDS: &str = "/api/v1/referral-code-records";
const ATTRIBUTIONS: &str = "/api/v1/referral-attributions";

async fn start() -> (Verv, Faults) {
    let faults = Faults::none();
    (Verv::through(&faults).await, faults)
}

fn pair() -> Value {
    json!({"mentor_id": "usr_1", "org_id": "org_1", "prefix": "JAN"})
}

async fn code(verv: &Verv) -> Reply {
    verv.post(CODES, pair()).await.expect(201)
}

async fn click(verv: &Verv, code: &str) -> String {
    let click = verv.post(ATTRIBUTIONS, json!({"code": code})).await;
    click.expect(201).string("/id")
}

async fn counted(verv: &Verv) -> (Value, Value) {
    let path = format!("{ATTRIBUTIONS}/mentor/usr_1/total");
    let total = verv.get(&path).await.expect(200).json();
    let listed = verv.get(ATTRIBUTIONS).await.expect(200).json();
    assert_eq!(listed["pagination"]["total"], total["total_clicks"]);
    let shown = listed["data"].as_array().map(Vec::len);
    assert_eq!(json!(shown), total["total_clicks"]);
    (
        total["total_clicks"].clone(),
        total["total_conversions"].clone(),
    )
}

/// How many code records there are, by total and by list.
async fn codes_stored(verv: &Verv) -> usize {
    let listed = verv.get(RECORDS).await.expect(200).json();
    let shown = listed["data"].as_array().map_or(0, Vec::len);
    assert_eq!(listed["pagination"]["total"], shown);
    shown
}

/// Asserts that the caller is told to come back, and nothing of the cause.
#[track_caller]
fn assert_unavailable(reply: Reply) {
    let reply = reply.expect(503);
    assert_eq!(reply.header("retry-after"), "1");
    assert_eq!(reply.header("content-type"), "application/problem+json");
    let expected = json!({
        "type": "urn:verv:problem:temporarily_unavailable",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "The service is busy. Please try again in a moment.",
        "code": "temporarily_unavailable",
    });
    assert_eq!(reply.json(), expected);
}

/// The faults after which the write was made and its caller does not know.
const ANSWER_GONE: [Fault; 2] = [Fault::LostAnswer, Fault::LateAnswer];

#[tokio::test]
async fn a_click_whose_answer_is_lost_is_recorded_once() {
    for fault in ANSWER_GONE {
        let (verv, faults) = start().await;
        let code = code(&verv).await.string("/code");
        faults.once("PutItem", fault);
        let id = click(&verv, &code).await;
        assert_eq!(faults.calls("PutItem"), 2, "the SDK tried again");
        assert_eq!(counted(&verv).await, (json!(1), json!(0)));
        verv.get(&format!("{ATTRIBUTIONS}/{id}")).await.expect(200);
    }
}

#[tokio::test]
async fn a_click_whose_answers_are_all_lost_is_503_and_recorded_once() {
    let (verv, faults) = start().await;
    let code = code(&verv).await.string("/code");
    faults.always("PutItem", Fault::LostAnswer);
    assert_unavailable(verv.post(ATTRIBUTIONS, json!({"code": code})).await);
    assert!(faults.calls("PutItem") > 1);
    assert_eq!(counted(&verv).await, (json!(1), json!(0)));
}

#[tokio::test]
async fn a_creation_whose_answer_is_lost_makes_one_code() {
    for fault in ANSWER_GONE {
        let (verv, faults) = start().await;
        faults.once("TransactWriteItems", fault);
        let made = code(&verv).await;
        assert_eq!(faults.calls("TransactWriteItems"), 2);
        assert_eq!(codes_stored(&verv).await, 1);
        let again = verv.post(CODES, pair()).await.expect(200);
        assert_eq!(again.json(), made.json());

        faults.once("TransactWriteItems", fault);
        let body = json!({"mentor_id": "usr_2", "org_id": "org_1", "code": "MY-OWN"});
        let own = verv.post(RECORDS, body).await.expect(201);
        let by_code = verv.get(&format!("{RECORDS}/lookup?code=my-own")).await;
        assert_eq!(by_code.expect(200).json(), own.json());
        assert_eq!(codes_stored(&verv).await, 2);
    }
}

#[tokio::test]
async fn a_rotation_whose_answer_is_lost_happens_once() {
    for fault in ANSWER_GONE {
        let (verv, faults) = start().await;
        let old = code(&verv).await;
        faults.once("TransactWriteItems", fault);
        let path = format!("{CODES}/{}", old.string("/id"));
        let body = json!({"mentor_id": "usr_1", "action": "rotate"});
        let new = verv.put(&path, body).await.expect(200);
        assert_eq!(new.json()["previous_code"], old.json()["code"]);
        assert_eq!(codes_stored(&verv).await, 2);
        let active = format!("{RECORDS}/active?mentor_id=usr_1&org_id=org_1");
        let active = verv.get(&active).await.expect(200);
        assert_eq!(active.json()["id"], new.json()["id"]);
        assert_eq!(verv.get(&path).await.json()["status"], "inactive");
    }
}

#[tokio::test]
async fn a_confirmation_whose_answer_is_lost_counts_once() {
    for fault in ANSWER_GONE {
        let (verv, faults) = start().await;
        let code = code(&verv).await.string("/code");
        let path = format!("{ATTRIBUTIONS}/{}", click(&verv, &code).await);
        faults.once("TransactWriteItems", fault);
        let body = json!({"code": code, "new_member_id": "new_1"});
        let confirmed = verv.put(&path, body.clone()).await.expect(200);
        assert_eq!(confirmed.string("/new_member_id"), "new_1");
        assert_eq!(counted(&verv).await, (json!(1), json!(1)));
        let again = verv.put(&path, body).await.expect(200);
        assert_eq!(again.text, confirmed.text);
    }
}

#[tokio::test]
async fn a_deletion_whose_answer_is_lost_counts_once() {
    for fault in ANSWER_GONE {
        let (verv, faults) = start().await;
        let made = code(&verv).await;
        let path = format!(
            "{ATTRIBUTIONS}/{}",
            click(&verv, &made.string("/code")).await
        );
        faults.once("TransactWriteItems", fault);
        verv.delete(&path).await.expect(200);
        assert_eq!(counted(&verv).await, (json!(0), json!(0)));
        verv.delete(&path).await.expect(404);

        for (base, status) in [(CODES, 200), (RECORDS, 404)] {
            let path = format!("{base}/{}", made.string("/id"));
            faults.once("TransactWriteItems", fault);
            verv.delete(&path).await.expect(200);
            verv.delete(&path).await.expect(status);
        }
        assert_eq!(codes_stored(&verv).await, 0);
    }
}

#[tokio::test]
async fn a_caller_who_never_got_the_answer_gets_it_by_asking_again() {
    let (verv, faults) = start().await;
    let lost = |faults: &Faults| faults.always("TransactWriteItems", Fault::LostAnswer);

    lost(&faults);
    assert_unavailable(verv.post(CODES, pair()).await);
    faults.clear();
    let made = verv.post(CODES, pair()).await.expect(200);
    let code = made.string("/code");
    assert_eq!(codes_stored(&verv).await, 1);

    // A creation and a click with a key give the first answer, not a conflict.
    let key = [("idempotency-key", "a key")];
    for (path, body) in [
        (
            RECORDS,
            json!({"mentor_id": "usr_2", "org_id": "org_1", "code": "MY-OWN"}),
        ),
        (ATTRIBUTIONS, json!({"code": code})),
    ] {
        lost(&faults);
        let post = || verv.call(http::Method::POST, path, &key, Some(body.clone()));
        assert_unavailable(post().await);
        faults.clear();
        let first = post().await.expect(201);
        assert_eq!(post().await.expect(201).text, first.text);
        let stored = verv.get(first.header("location")).await.expect(200);
        assert_eq!(stored.json(), first.json());
    }
    assert_eq!(counted(&verv).await, (json!(1), json!(0)));

    let path = format!("{ATTRIBUTIONS}/{}", click(&verv, &code).await);
    let body = json!({"code": code, "new_member_id": "new_1"});
    lost(&faults);
    assert_unavailable(verv.put(&path, body.clone()).await);
    faults.clear();
    verv.put(&path, body).await.expect(200);
    assert_eq!(counted(&verv).await, (json!(2), json!(1)));
}

#[tokio::test]
async fn transactions_that_meet_others_are_tried_until_they_do_not() {
    let (verv, faults) = start().await;
    let conflict_twice = |faults: &Faults| {
        faults.set(|operation, number| {
            (operation == "TransactWriteItems" && number <= 2).then_some(Fault::Conflict)
        });
    };
    conflict_twice(&faults);
    let made = code(&verv).await;
    assert_eq!(faults.calls("TransactWriteItems"), 3);
    let path = format!(
        "{ATTRIBUTIONS}/{}",
        click(&verv, &made.string("/code")).await
    );
    conflict_twice(&faults);
    let body = json!({"code": made.string("/code"), "new_member_id": "new_1"});
    verv.put(&path, body).await.expect(200);
    assert_eq!(counted(&verv).await, (json!(1), json!(1)));
    conflict_twice(&faults);
    let body = json!({"mentor_id": "usr_1", "action": "rotate"});
    let path = format!("{CODES}/{}", made.string("/id"));
    verv.put(&path, body).await.expect(200);
    conflict_twice(&faults);
    verv.delete(&path).await.expect(200);
    assert_eq!(codes_stored(&verv).await, 2);
}

/// Every write there is, as (method, path, body).
async fn writes(verv: &Verv) -> Vec<(http::Method, String, Option<Value>)> {
    use http::Method;
    let made = code(verv).await;
    let (id, code) = (made.string("/id"), made.string("/code"));
    let click = click(verv, &code).await;
    vec![
        (
            Method::POST,
            CODES.to_owned(),
            Some(json!({"mentor_id": "usr_2", "org_id": "org_1"})),
        ),
        (
            Method::POST,
            RECORDS.to_owned(),
            Some(json!({"mentor_id": "usr_3", "org_id": "org_1", "code": "MY-OWN"})),
        ),
        (
            Method::PUT,
            format!("{CODES}/{id}"),
            Some(json!({"mentor_id": "usr_1", "action": "rotate"})),
        ),
        (
            Method::PUT,
            format!("{RECORDS}/{id}"),
            Some(json!({"status": "inactive"})),
        ),
        (Method::DELETE, format!("{CODES}/{id}"), None),
        (Method::DELETE, format!("{RECORDS}/{id}"), None),
        (
            Method::PUT,
            format!("{ATTRIBUTIONS}/{click}"),
            Some(json!({"code": code, "new_member_id": "new_1"})),
        ),
        (Method::DELETE, format!("{ATTRIBUTIONS}/{click}"), None),
        (
            Method::POST,
            ATTRIBUTIONS.to_owned(),
            Some(json!({"code": code})),
        ),
        (Method::GET, format!("/r/{code}"), None),
    ]
}

/// Everything that lists show.
async fn everything(verv: &Verv) -> [Value; 3] {
    let list = async |path: &str| verv.get(path).await.expect(200).json();
    [
        list(CODES).await,
        list(RECORDS).await,
        list(ATTRIBUTIONS).await,
    ]
}

#[tokio::test]
async fn conflicts_without_end_are_503_and_write_nothing() {
    let (verv, faults) = start().await;
    let writes = writes(&verv).await;
    let before = everything(&verv).await;
    for (method, path, body) in writes {
        faults.always("TransactWriteItems", Fault::Conflict);
        let reply = verv.call(method, &path, &[], body).await;
        if faults.calls("TransactWriteItems") == 0 {
            // A click is no transaction, and meets no conflict.
            assert!(reply.status.as_u16() < 400, "{path}: {}", reply.text);
            let id = match reply.header("location").rsplit_once("click=") {
                Some((_, id)) => id.to_owned(),
                None => reply.string("/id"),
            };
            faults.clear();
            verv.delete(&format!("{ATTRIBUTIONS}/{id}"))
                .await
                .expect(200);
        } else {
            assert_unavailable(reply);
        }
        faults.clear();
        assert_eq!(everything(&verv).await, before, "{path}");
    }
}

#[tokio::test]
async fn whatever_fails_for_good_is_503_and_leaks_nothing() {
    for fault in [
        Fault::Throttled,
        Fault::ThroughputExceeded,
        Fault::InternalError,
        Fault::BadGateway,
    ] {
        let (verv, faults) = start().await;
        let writes = writes(&verv).await;
        let before = everything(&verv).await;
        for (method, path, body) in writes {
            for reads_fail in [true, false] {
                if reads_fail && path == RECORDS {
                    // A creation with the caller's own string reads nothing.
                    continue;
                }
                faults.set(move |operation, _| {
                    let is_read = matches!(operation, "GetItem" | "Query" | "BatchGetItem");
                    (is_read == reads_fail).then_some(fault)
                });
                let reply = verv.call(method.clone(), &path, &[], body.clone()).await;
                assert_unavailable(reply);
                faults.clear();
                assert_eq!(everything(&verv).await, before, "{path}, {fault:?}");
            }
        }
        faults.set(move |_, _| Some(fault));
        for path in [
            CODES,
            RECORDS,
            ATTRIBUTIONS,
            "/api/v1/referral-code-records/lookup?code=ABC",
            "/api/v1/referral-code-records/active?mentor_id=usr_1&org_id=org_1",
            "/api/v1/referral-attributions/mentor/usr_1",
            "/api/v1/referral-attributions/mentor/usr_1/total",
        ] {
            assert_unavailable(verv.get(path).await);
        }
    }
}

#[tokio::test]
async fn a_passing_failure_is_never_seen() {
    let (verv, faults) = start().await;
    for fault in [
        Fault::Throttled,
        Fault::ThroughputExceeded,
        Fault::InternalError,
        Fault::BadGateway,
    ] {
        // The first call of every operation fails.
        let first_fails = || faults.set(move |_, number| (number == 1).then_some(fault));
        first_fails();
        let body = json!({"mentor_id": format!("usr_{fault:?}"), "org_id": "org_1"});
        let code = verv.post(CODES, body).await.expect(201).string("/code");
        first_fails();
        let path = format!("{ATTRIBUTIONS}/{}", click(&verv, &code).await);
        first_fails();
        let body = json!({"code": code, "new_member_id": format!("new_{fault:?}")});
        verv.put(&path, body).await.expect(200);
        first_fails();
        let of_mentor = format!("{ATTRIBUTIONS}/mentor/usr_{fault:?}/total");
        let total = verv.get(&of_mentor).await.expect(200).json();
        assert_eq!(total["total_conversions"], 1);
        faults.clear();
    }
}

#[tokio::test]
async fn an_empty_page_with_a_key_does_not_end_a_list() {
    let (verv, faults) = start().await;
    let made = code(&verv).await;
    for _ in 0..30 {
        verv.app.clock.advance(chrono::TimeDelta::milliseconds(1));
        click(&verv, &made.string("/code")).await;
    }
    let paths = [
        format!("{ATTRIBUTIONS}?limit=7"),
        format!("{ATTRIBUTIONS}?limit=7&page=3"),
        format!("{ATTRIBUTIONS}?mentor_id=usr_1&limit=100"),
        format!("{ATTRIBUTIONS}?org_id=org_1&status=pending"),
        format!("{ATTRIBUTIONS}/mentor/usr_1?limit=20"),
        format!("{ATTRIBUTIONS}/mentor/usr_1/total"),
        format!("{CODES}?status=active"),
        format!("{RECORDS}?org_id=org_1"),
    ];
    for path in paths {
        faults.clear();
        let whole = verv.get(&path).await.expect(200);
        // Eight shards: the first page of each is empty.
        let shards = shared::domain::Shard::all().len();
        faults.set(move |operation, number| {
            (operation == "Query" && number <= shards).then_some(Fault::EmptyPage)
        });
        let page = verv.get(&path).await.expect(200);
        assert!(faults.calls("Query") > shards);
        assert_eq!(page.json(), whole.json(), "{path}");
        // And where the page begins behind a cursor.
        if let Some(cursor) = whole.json()["next_cursor"].as_str() {
            let base = path.split("&page").next().expect("a path");
            let path = format!("{base}&cursor={cursor}");
            faults.clear();
            let whole = verv.get(&path).await.expect(200);
            faults.set(move |operation, number| {
                (operation == "Query" && number <= shards).then_some(Fault::EmptyPage)
            });
            let page = verv.get(&path).await.expect(200);
            assert_eq!(page.json(), whole.json(), "{path}");
        }
    }
}
