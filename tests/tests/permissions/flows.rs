//! Requests that take every path to the table that a function has.

use crate::platform::Platform;
use chrono::TimeDelta;
use serde_json::{Value, json};

const RECORDS: &str = "/api/v1/referral-code-records";
const CODES: &str = "/api/v1/referral-codes";
const ATTRIBUTIONS: &str = "/api/v1/referral-attributions";
const CONVERSIONS: &str = "/api/v1/referral-conversions";

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().expect("text").to_owned()
}

/// Makes, finds, lists and retires codes.
pub(crate) async fn codes(platform: &Platform) {
    for (base, extra) in [
        (CODES, json!({"prefix": "JAN"})),
        (RECORDS, json!({"code": "SUMMER-26"})),
    ] {
        let with = |mentor: &str, more: &Value| {
            let mut body = json!({"mentor_id": mentor, "org_id": "org_002"});
            for (name, value) in more.as_object().into_iter().flatten() {
                body[name] = value.clone();
            }
            body
        };
        let post = format!("POST {base}");
        let mentor = format!("usr_{}", base.len());
        let made = platform.call(&post, &[], with(&mentor, &extra), 201).await;
        let id = text(&made, "id");
        let again = if base == CODES { 200 } else { 409 };
        platform
            .call(&post, &[], with(&mentor, &extra), again)
            .await;
        let key = [("idempotency-key", base)];
        let other = if base == CODES {
            json!({})
        } else {
            json!({"code": "WINTER-26"})
        };
        for _ in 0..2 {
            platform
                .call(&post, &key, with("usr_with_key", &other), 201)
                .await;
            platform.wait(TimeDelta::seconds(1));
            if base == CODES {
                let kept = [("idempotency-key", "existing")];
                platform
                    .call(&post, &kept, with("usr_with_key", &other), 200)
                    .await;
            }
        }
        platform.get(&format!("{base}/{id}")).await;
        let code = text(&made, "code");
        let pair = format!("mentor_id={mentor}&org_id=org_002");
        for filter in [
            "status=active",
            "status=inactive",
            "mentor_id=usr_1",
            "org_id=org_002",
            "page=2",
        ] {
            platform.get(&format!("{base}?{filter}")).await;
        }
        for filter in [String::new(), pair.clone(), format!("code={code}")] {
            platform.get(&format!("{base}?{filter}")).await;
        }
        if base == CODES {
            platform.get(&format!("{base}/{id}/url")).await;
            for period in ["all_time", "30d", "ytd"] {
                // What the function holds in memory is read again.
                platform.wait(TimeDelta::seconds(3));
                platform
                    .get(&format!("{base}/{id}/stats?period={period}"))
                    .await;
            }
            let rotation = json!({"mentor_id": mentor, "action": "rotate"});
            let rotated = platform
                .call(&format!("PUT {base}/{id}"), &[], rotation, 200)
                .await;
            let id = text(&rotated, "id");
            platform
                .call(&format!("DELETE {base}/{id}"), &[], Value::Null, 200)
                .await;
        } else {
            platform.get(&format!("{base}/active?{pair}")).await;
            platform.get(&format!("{base}/lookup?code={code}")).await;
            platform
                .call(
                    &format!("GET {base}/lookup?code=NO-SUCH"),
                    &[],
                    Value::Null,
                    404,
                )
                .await;
            let inactive = json!({"status": "inactive"});
            platform
                .call(&format!("PUT {base}/{id}"), &[], inactive, 200)
                .await;
            platform
                .call(&format!("DELETE {base}/{id}"), &[], Value::Null, 200)
                .await;
        }
        let record = text(
            &platform
                .get(&format!("{base}?mentor_id=usr_with_key"))
                .await["data"][0],
            "id",
        );
        // An active one is deleted together with its pair's entry.
        platform
            .call(&format!("DELETE {base}/{record}"), &[], Value::Null, 200)
            .await;

        // A refusal gives way to an answer that the key may have had before.
        let mut past = extra.clone();
        past["expires_at"] = json!("2026-01-01T00:00:00Z");
        let past_key = [("idempotency-key", "past")];
        platform
            .call(&post, &past_key, with("usr_past", &past), 422)
            .await;

        // An expired one makes room for the next.
        let soon = platform.verv.now() + TimeDelta::minutes(1);
        let expiring_mentor = format!("expiring_{mentor}");
        let mut expiring = extra.clone();
        expiring["expires_at"] = json!(soon.to_rfc3339());
        if base == RECORDS {
            expiring["code"] = json!("EXPIRING-26");
        }
        platform
            .call(&post, &[], with(&expiring_mentor, &expiring), 201)
            .await;
        platform.wait(TimeDelta::minutes(2));
        let next = if base == CODES {
            json!({})
        } else {
            json!({"code": "NEXT-26"})
        };
        platform
            .call(&post, &[], with(&expiring_mentor, &next), 201)
            .await;
    }
}

/// Clicks, confirms, deletes, counts.
pub(crate) async fn attributions(platform: &Platform) {
    let new = json!({"mentor_id": "usr_4491", "org_id": "org_002", "max_referrals": 5});
    let code = text(
        &platform.call(&format!("POST {CODES}"), &[], new, 201).await,
        "code",
    );
    let post = format!("POST {ATTRIBUTIONS}");
    let click = json!({"code": code});
    let mut kept = Value::Null;
    for _ in 0..2 {
        kept = platform
            .call(&post, &[("idempotency-key", "click")], click.clone(), 201)
            .await;
    }
    // The reply goes with the click that was recorded under its key.
    let kept = format!("DELETE {ATTRIBUTIONS}/{}", text(&kept, "id"));
    platform.call(&kept, &[], Value::Null, 200).await;
    let ahead = json!({"code": code, "occurred_at": "2036-01-01T00:00:00Z"});
    platform
        .call(&post, &[("idempotency-key", "ahead")], ahead, 422)
        .await;
    platform
        .call(&post, &[], json!({"code": "NO-SUCH"}), 404)
        .await;
    for member in ["usr_1", "usr_2"] {
        let made = platform.call(&post, &[], click.clone(), 201).await;
        let path = format!("{ATTRIBUTIONS}/{}", text(&made, "id"));
        platform.get(&path).await;
        let confirmation = json!({"code": code, "new_member_id": member});
        for _ in 0..2 {
            platform
                .call(&format!("PUT {path}"), &[], confirmation.clone(), 200)
                .await;
        }
        if member == "usr_2" {
            platform
                .call(&format!("DELETE {path}"), &[], Value::Null, 200)
                .await;
        }
    }
    let pending = platform.call(&post, &[], click.clone(), 201).await;
    let pending = format!("DELETE {ATTRIBUTIONS}/{}", text(&pending, "id"));
    platform.call(&pending, &[], Value::Null, 200).await;

    let short = format!("/r/{code}");
    platform
        .call(&format!("GET {short}"), &[], Value::Null, 302)
        .await;
    platform
        .call(&format!("HEAD {short}"), &[], Value::Null, 302)
        .await;
    platform.call("GET /r/NO-SUCH", &[], Value::Null, 404).await;

    let filters = [
        "page=1",
        "status=pending",
        "mentor_id=usr_4491",
        "org_id=org_002",
        "mentor_id=usr_4491&org_id=org_002",
    ];
    for filter in filters {
        platform.get(&format!("{ATTRIBUTIONS}?{filter}")).await;
    }
    platform.get(&format!("{ATTRIBUTIONS}?code={code}")).await;
    let mentor = format!("{ATTRIBUTIONS}/mentor/usr_4491");
    platform.get(&mentor).await;
    for period in ["all_time", "7d", "30d", "90d", "mtd", "ytd"] {
        platform.wait(TimeDelta::seconds(3));
        platform
            .get(&format!("{mentor}/total?period={period}"))
            .await;
        platform
            .get(&format!("{mentor}/total?period={period}&org_id=org_002"))
            .await;
    }
    platform
        .get(&format!("{mentor}/timeseries?period=90d"))
        .await;
    conversions(platform, &code).await;
    for period in ["all_time", "previous_month"] {
        platform.wait(TimeDelta::seconds(3));
        let query = format!("org_id=org_002&period={period}");
        platform.get(&format!("{ATTRIBUTIONS}/total?{query}")).await;
    }
    platform
        .get(&format!("{ATTRIBUTIONS}/timeseries?org_id=org_002"))
        .await;
    for period in ["all_time", "month", "previous_month"] {
        platform
            .get(&format!(
                "{ATTRIBUTIONS}/leaderboard?org_id=org_002&period={period}"
            ))
            .await;
    }
}

/// Typed codes and clicks, each with a key and repeated, and the lists of both.
async fn conversions(platform: &Platform, code: &str) {
    let post = format!("POST {CONVERSIONS}");
    let click = json!({"code": code});
    let click = platform
        .call(&format!("POST {ATTRIBUTIONS}"), &[], click, 201)
        .await;
    let unknown = json!({"code": "NO-SUCH", "new_member_id": "typed_1"});
    platform.call(&post, &[], unknown, 404).await;
    let by_code = json!({"code": code, "new_member_id": "typed_1"});
    let by_click = json!({"click_id": text(&click, "id"), "new_member_id": "typed_2"});
    for (key, body) in [("typed", by_code), ("clicked", by_click)] {
        for _ in 0..2 {
            let key = [("idempotency-key", key)];
            platform.call(&post, &key, body.clone(), 201).await;
        }
        let again = [("idempotency-key", "again")];
        platform
            .call(&post, if key == "typed" { &again } else { &[] }, body, 200)
            .await;
    }
    for filter in [
        "limit=2",
        "mentor_id=usr_4491",
        "new_member_id=typed_1",
        "from=2026-01-01T00:00:00Z",
        "from=2026-01-01T00:00:01Z",
    ] {
        platform.wait(TimeDelta::seconds(3));
        platform
            .get(&format!("{CONVERSIONS}?org_id=org_002&{filter}"))
            .await;
    }
    platform
        .get(&format!("{CONVERSIONS}?org_id=org_002&code={code}"))
        .await;
}

/// Folds, audits closed days, and finds a fact that came too late.
pub(crate) async fn aggregation(platform: &Platform) {
    platform.wait(TimeDelta::minutes(5));
    // A run that is out of time leaves the folds as they are.
    let out_of_time = platform.run_aggregator(|| true).await;
    out_of_time.expect("the engine answers");
    platform.aggregate().await;
    // A clock that lags by an hour leaves a fact behind the checkpoint.
    platform.wait(TimeDelta::hours(-1));
    let code = text(
        &platform.get(&format!("{CODES}?mentor_id=usr_4491")).await["data"][0],
        "code",
    );
    platform
        .call(
            &format!("POST {ATTRIBUTIONS}"),
            &[],
            json!({"code": code}),
            201,
        )
        .await;
    platform.wait(TimeDelta::hours(1));
    for _ in 0..3 {
        platform.wait(TimeDelta::days(2));
        platform.aggregate().await;
    }
    platform.recount_and_rebuild().await;
}
