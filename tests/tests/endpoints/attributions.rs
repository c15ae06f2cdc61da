//! Clicks: recorded, refused, found, deleted.

use axum::http::Method;
use serde_json::{Value, json};
use tests::Verv;
use tests::flows::{ATTRIBUTIONS, CODE, End, MENTOR, ORG, RECORDS};

#[tokio::test]
async fn a_click_is_at_its_location_at_once() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let click = verv
        .post(ATTRIBUTIONS, json!({"code": CODE}))
        .await
        .expect(201);
    let location = format!("{ATTRIBUTIONS}/{}", click.string("/id"));
    assert_eq!(click.header("location"), location);
    assert_eq!(verv.get(&location).await.expect(200).text, click.text);
    assert_eq!(click.string("/type"), "click");
    assert_eq!(click.string("/status"), "pending");
    assert_eq!(click.string("/mentor_id"), MENTOR);
}

#[tokio::test]
async fn what_a_click_does_not_say_comes_from_the_request() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let headers = [
        ("user-agent", "Mozilla/5.0 (Test)"),
        ("x-forwarded-for", "203.0.113.99"),
        ("referer", "https://elsewhere.example"),
    ];
    let body = json!({"code": CODE});
    let click = verv
        .call(Method::POST, ATTRIBUTIONS, &headers, Some(body))
        .await
        .expect(201);
    assert_eq!(click.string("/ip_address"), "127.0.0.1");
    assert_eq!(click.string("/user_agent"), "Mozilla/5.0 (Test)");
    assert_eq!(click.json()["referrer_url"], Value::Null);
    assert_eq!(click.string("/occurred_at"), "2026-03-26T12:00:00Z");

    let body = json!({
        "code": CODE, "ip_address": "2001:db8::1", "user_agent": "Said/1.0",
        "referrer_url": "https://instagram.com", "occurred_at": "2026-03-20T15:22:00+01:00",
    });
    let click = verv
        .call(Method::POST, ATTRIBUTIONS, &headers, Some(body))
        .await
        .expect(201);
    assert_eq!(click.string("/ip_address"), "2001:db8::1");
    assert_eq!(click.string("/user_agent"), "Said/1.0");
    assert_eq!(click.string("/referrer_url"), "https://instagram.com");
    assert_eq!(click.string("/occurred_at"), "2026-03-20T14:22:00Z");
    assert_eq!(click.string("/created_at"), "2026-03-26T12:00:00Z");
}

#[tokio::test]
async fn the_ip_policy_decides_how_much_of_an_address_is_kept() {
    for (policy, v4, v6) in [
        ("truncate", json!("185.12.34.0"), json!("2001:db8:1::")),
        ("none", Value::Null, Value::Null),
    ] {
        let verv = Verv::with_settings(&[("IP_POLICY", policy)]).await;
        verv.make_example_code().await;
        for (given, kept) in [("185.12.34.56", v4), ("2001:db8:1:2::5", v6)] {
            let body = json!({"code": CODE, "ip_address": given});
            let click = verv.post(ATTRIBUTIONS, body).await.expect(201);
            assert_eq!(click.json()["ip_address"], kept, "{policy} {given}");
        }
    }
}

#[tokio::test]
async fn a_code_is_clicked_as_people_type_it() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    for typed in [
        "jan-verv-8f3a",
        "JANVERV8F3A",
        "jan verv 8f3a",
        " Jan_Verv_8F3A ",
    ] {
        let click = verv
            .post(ATTRIBUTIONS, json!({"code": typed}))
            .await
            .expect(201);
        assert_eq!(click.string("/code"), CODE, "{typed}");
    }
}

#[tokio::test]
async fn a_click_on_an_unknown_code_is_not_found() {
    let verv = Verv::start().await;
    let unknown = verv
        .post(ATTRIBUTIONS, json!({"code": CODE}))
        .await
        .expect(404);
    assert_eq!(unknown.string("/code"), "code_not_found");
}

#[tokio::test]
async fn a_click_on_an_unusable_code_is_refused_with_the_reason() {
    let verv = Verv::start().await;
    for (mentor, code, end) in [
        ("usr_1", "INACTIVE", End::Deactivated),
        ("usr_2", "ROTATED", End::Rotated),
        ("usr_3", "INVALIDATED", End::Invalidated),
    ] {
        verv.make_ended_code(mentor, ORG, code, end).await;
    }
    let body = json!({"mentor_id": "usr_4", "org_id": ORG, "code": "EXPIRED", "expires_at": "2026-03-26T12:00:01Z"});
    verv.post(RECORDS, body).await.expect(201);
    let body = json!({"mentor_id": "usr_5", "org_id": ORG, "code": "LIMITED", "max_referrals": 1});
    verv.post(RECORDS, body).await.expect(201);
    let click = verv.click("LIMITED").await;
    verv.confirm(&click, "LIMITED", "usr_9").await.expect(200);

    verv.set_clock("2026-03-26T12:00:01Z");
    for (code, reason) in [
        ("INACTIVE", "code_inactive"),
        ("ROTATED", "code_inactive"),
        ("INVALIDATED", "code_invalidated"),
        ("EXPIRED", "code_expired"),
        ("LIMITED", "limit_reached"),
    ] {
        let refused = verv
            .post(ATTRIBUTIONS, json!({"code": code}))
            .await
            .expect(409);
        assert_eq!(refused.string("/code"), reason, "{code}");
    }
}

#[tokio::test]
async fn a_click_occurs_from_thirty_days_ago_to_five_minutes_ahead() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let at = |time: &str| json!({"code": CODE, "occurred_at": time});
    let ahead = verv.post(ATTRIBUTIONS, at("2026-03-26T12:05:00Z")).await;
    let ahead = ahead.expect(201).string("/occurred_at");
    assert_eq!(ahead, "2026-03-26T12:00:00Z", "a clock that is ahead");
    verv.post(ATTRIBUTIONS, at("2026-02-24T12:00:00Z"))
        .await
        .expect(201);
    for (time, code) in [
        ("2026-03-26T12:05:01Z", "occurred_in_the_future"),
        ("2026-02-24T11:59:59Z", "occurred_too_long_ago"),
    ] {
        let refused = verv.post(ATTRIBUTIONS, at(time)).await.expect(422);
        assert_eq!(refused.string("/code"), code);
        assert_eq!(refused.string("/errors/0/field"), "occurred_at");
    }
}

#[tokio::test]
async fn a_deleted_attribution_is_gone_everywhere_and_lowers_the_totals() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let (kept, deleted) = (verv.click(CODE).await, verv.click(CODE).await);
    let path = format!("{ATTRIBUTIONS}/{deleted}");
    let answer = verv.delete(&path).await.expect(200).json();
    assert_eq!(
        answer,
        json!({"id": deleted, "deleted": true, "deleted_at": "2026-03-26T12:00:00Z"})
    );
    verv.get(&path).await.expect(404);
    verv.delete(&path).await.expect(404);
    verv.confirm(&deleted, CODE, "usr_1").await.expect(404);
    let of_mentor = format!("{ATTRIBUTIONS}/mentor/{MENTOR}");
    for list in [ATTRIBUTIONS, of_mentor.as_str()] {
        for query in [
            "",
            "?status=pending",
            "?code=JAN-VERV-8F3A",
            "?org_id=org_002",
        ] {
            let page = verv.get(&format!("{list}{query}")).await.expect(200).json();
            assert_eq!(page["data"][0]["id"], json!(kept), "{list}{query}");
            assert_eq!(
                page["data"].as_array().map(Vec::len),
                Some(1),
                "{list}{query}"
            );
            assert_eq!(page["pagination"]["total"], 1, "{list}{query}");
        }
    }
    let total = verv
        .get(&format!("{of_mentor}/total"))
        .await
        .expect(200)
        .json();
    assert_eq!(total["total_clicks"], 1);
}

#[tokio::test]
async fn attributions_outlive_the_code_they_are_of() {
    let verv = Verv::start().await;
    let id = verv.make_example_code().await;
    let click = verv.click(CODE).await;
    verv.delete(&format!("{RECORDS}/{id}")).await.expect(200);
    let shown = verv
        .get(&format!("{ATTRIBUTIONS}/{click}"))
        .await
        .expect(200);
    assert_eq!(shown.string("/code"), CODE);
    let page = verv
        .get(&format!("{ATTRIBUTIONS}?code={CODE}"))
        .await
        .expect(200)
        .json();
    assert_eq!(page["pagination"]["total"], 1);
}

/// DynamoDB deletes what has expired within days, not at once.
#[tokio::test]
async fn an_expired_click_is_absent_from_the_moment_it_expires() {
    let verv = Verv::with_settings(&[("CLICK_RETENTION_DAYS", "7")]).await;
    verv.make_example_code().await;
    let confirmed = verv.click(CODE).await;
    verv.confirm(&confirmed, CODE, "usr_1").await.expect(200);
    let click = verv.click(CODE).await;
    let path = format!("{ATTRIBUTIONS}/{click}");
    verv.clock
        .advance(chrono::TimeDelta::seconds(7 * 86_400 - 1));
    verv.get(&path).await.expect(200);

    verv.clock.advance(chrono::TimeDelta::seconds(1));
    verv.get(&path).await.expect(404);
    verv.delete(&path).await.expect(404);
    verv.confirm(&click, CODE, "usr_2").await.expect(404);
    let of_mentor = format!("{ATTRIBUTIONS}/mentor/{MENTOR}");
    for list in [ATTRIBUTIONS, of_mentor.as_str()] {
        let page = verv.get(list).await.expect(200).json();
        let shown: Vec<_> = page["data"].as_array().into_iter().flatten().collect();
        assert_eq!(shown.len(), 1, "{list}: {page}");
        assert_eq!(shown[0]["id"], json!(confirmed), "{list}");
    }
}

#[tokio::test]
async fn what_decorates_a_click_never_loses_it() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let click = async |more: Value| {
        let mut body = json!({"code": CODE});
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        verv.post(ATTRIBUTIONS, body).await.expect(201).json()
    };
    for (field, odd) in [
        ("referrer_url", json!("")),
        ("referrer_url", json!("android-app://com.google.android.gm")),
        (
            "referrer_url",
            json!("https://x.org/".to_owned() + &"x".repeat(3_000)),
        ),
        ("user_agent", json!("")),
        ("user_agent", json!("Mozilla\nX: y")),
    ] {
        let recorded = click(json!({ field: odd })).await;
        assert_eq!(recorded[field], Value::Null, "{field}: {odd}");
    }
    let cut = click(json!({"user_agent": "é".repeat(600)})).await;
    assert_eq!(cut["user_agent"], "é".repeat(512));
    let unknown = click(json!({"ip_address": null})).await;
    assert_eq!(unknown["ip_address"], Value::Null);
    let callers = click(json!({})).await;
    assert_eq!(callers["ip_address"], "127.0.0.1");
}
