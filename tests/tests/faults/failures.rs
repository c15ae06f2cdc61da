//! DynamoDB does not do what it is asked, for a moment or for good.

use crate::{
    ATTRIBUTIONS, CODES, RECORDS, assert_unavailable, click, code, codes_stored, counted, start,
};
use serde_json::{Value, json};
use store::StoreError;
use tests::faults::{Fault, Faults};
use tests::functions::SCHEDULED;
use tests::policy::as_function;
use tests::{EVERY_RUN, Verv};

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
            Method::PATCH,
            format!("{CODES}/{id}"),
            Some(json!({"max_referrals": 3})),
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
                if path.starts_with("/r/") && !reads_fail {
                    // A visitor is led on, whatever becomes of the click.
                    reply.expect(302);
                } else {
                    assert_unavailable(reply);
                }
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
        verv.clock.advance(chrono::TimeDelta::milliseconds(1));
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
        let shards = domain::Shard::all().len();
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

/// A run of the aggregator takes the checkpoints of both folds in one batch.
#[tokio::test]
async fn keys_that_a_batch_of_reads_puts_off_are_read_again() {
    let (verv, faults) = start().await;
    let code = code(&verv).await;
    click(&verv, &code.string("/code")).await;
    verv.clock.advance(chrono::TimeDelta::minutes(5));
    faults.set(|operation, number| {
        (operation == "BatchGetItem" && number <= 2).then_some(Fault::PutOff)
    });
    let report = verv.aggregate().await;
    assert!(
        report.run.is_complete() && report.run.facts() == 2,
        "{report:?}"
    );
    assert!(faults.calls("BatchGetItem") > 3);
}

#[tokio::test]
async fn a_batch_of_reads_that_is_put_off_for_good_is_unavailable() {
    let (verv, faults) = start().await;
    faults.always("BatchGetItem", Fault::PutOff);
    let aggregator = verv.store.aggregator();
    let run = aggregator.run(verv.now(), &EVERY_RUN, || false);
    let run = as_function(SCHEDULED, run).await;
    assert!(matches!(run, Err(StoreError::Unavailable(_))), "{run:?}");
    assert_eq!(faults.calls("BatchGetItem"), 12);
}
