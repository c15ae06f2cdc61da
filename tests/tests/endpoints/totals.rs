//! Totals of a mentor, an organisation and a program, by period, as the clock moves.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::Verv;
use tests::flows::{ATTRIBUTIONS, CODE, MENTOR, ORG, RECORDS};

async fn total(verv: &Verv, query: &str) -> Value {
    let path = format!("{ATTRIBUTIONS}/mentor/{MENTOR}/total{query}");
    verv.get(&path).await.expect(200).json()
}

/// Clicks and conversions of a period.
async fn of_period(verv: &Verv, period: &str) -> (i64, i64) {
    let total = total(verv, &format!("?period={period}")).await;
    assert_eq!(total["period"], period);
    let count = |name: &str| total[name].as_i64().expect("a count");
    (count("total_clicks"), count("total_conversions"))
}

#[tokio::test]
async fn a_mentor_that_nobody_knows_has_zeros() {
    let verv = Verv::start().await;
    assert_eq!(
        total(&verv, "").await,
        json!({"mentor_id": MENTOR, "total_clicks": 0, "total_conversions": 0, "conversion_rate": 0.0, "period": "all_time"})
    );
}

#[tokio::test]
async fn the_rate_has_three_decimals() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    for number in 0..3 {
        let id = verv.click(CODE).await;
        if number == 0 {
            verv.confirm(&id, CODE, "usr_1").await.expect(200);
        }
    }
    assert_eq!(total(&verv, "").await["conversion_rate"], 0.333);
}

#[tokio::test]
async fn a_period_counts_whole_days_up_to_today() {
    let verv = Verv::start().await;
    verv.set_clock("2025-12-31T12:00:00Z");
    verv.make_example_code().await;
    for day in [
        "2025-12-31",
        "2026-01-01",
        "2026-02-28",
        "2026-03-01",
        "2026-03-20",
        "2026-03-26",
    ] {
        verv.set_clock(&format!("{day}T12:00:00Z"));
        verv.click(CODE).await;
    }
    for (period, clicks) in [
        ("all_time", 6),
        ("ytd", 5),
        ("90d", 6),
        ("30d", 4),
        ("month", 3),
        ("mtd", 3),
        ("previous_month", 1),
        ("7d", 2),
    ] {
        assert_eq!(of_period(&verv, period).await, (clicks, 0), "{period}");
    }
    verv.set_clock("2026-03-27T00:00:00Z");
    assert_eq!(of_period(&verv, "7d").await, (1, 0));
    verv.set_clock("2026-04-01T00:00:00Z");
    for (period, clicks) in [("ytd", 5), ("90d", 4), ("30d", 2), ("mtd", 0), ("7d", 1)] {
        assert_eq!(of_period(&verv, period).await, (clicks, 0), "{period}");
    }
    verv.set_clock("2027-01-01T00:00:00Z");
    for (period, clicks) in [("all_time", 6), ("ytd", 0), ("90d", 0)] {
        assert_eq!(of_period(&verv, period).await, (clicks, 0), "{period}");
    }
}

#[tokio::test]
async fn a_click_counts_on_its_day_and_a_conversion_on_its_own() {
    let verv = Verv::start().await;
    verv.set_clock("2026-03-01T12:00:00Z");
    verv.make_example_code().await;
    let id = verv.click(CODE).await;
    let late = json!({"code": CODE, "occurred_at": "2026-02-01T12:00:00Z"});
    verv.post(ATTRIBUTIONS, late).await.expect(201);
    verv.set_clock("2026-03-26T12:00:00Z");
    verv.confirm(&id, CODE, "usr_1").await.expect(200);
    assert_eq!(of_period(&verv, "7d").await, (0, 1));
    assert_eq!(of_period(&verv, "30d").await, (1, 1));
    assert_eq!(of_period(&verv, "90d").await, (2, 1));
    verv.delete(&format!("{ATTRIBUTIONS}/{id}"))
        .await
        .expect(200);
    for (period, clicks) in [("7d", 0), ("30d", 0), ("90d", 1), ("all_time", 1)] {
        assert_eq!(of_period(&verv, period).await, (clicks, 0), "{period}");
    }
}

#[tokio::test]
async fn an_organisation_asks_for_its_own_part() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    verv.make_code(MENTOR, "org_003", "OTHER-ORG").await;
    verv.make_code("usr_1", ORG, "OTHER-MENTOR").await;
    for code in [CODE, "OTHER-ORG", "OTHER-ORG", "OTHER-MENTOR"] {
        verv.click(code).await;
    }
    for (query, clicks) in [
        ("", 3),
        ("?org_id=org_002", 1),
        ("?org_id=org_003&period=7d", 2),
        ("?org_id=org_004", 0),
    ] {
        assert_eq!(total(&verv, query).await["total_clicks"], clicks, "{query}");
    }
}

/// Clicks and conversions of an organisation or a program.
async fn of_org(verv: &Verv, query: &str) -> (i64, i64) {
    let total = verv.get(&format!("{ATTRIBUTIONS}/total?{query}")).await;
    let total = total.expect(200).json();
    let count = |name: &str| total[name].as_i64().expect("a count");
    (count("total_clicks"), count("total_conversions"))
}

#[tokio::test]
async fn an_organisation_has_its_own_numbers_folded_or_not() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    verv.make_code("usr_1", ORG, "OTHER-MENTOR").await;
    verv.make_code(MENTOR, "org_003", "OTHER-ORG").await;
    let id = verv.click(CODE).await;
    verv.click("OTHER-MENTOR").await;
    verv.click("OTHER-ORG").await;
    verv.confirm(&id, CODE, "usr_5892").await.expect(200);
    for _ in 0..2 {
        for period in ["all_time", "7d", "30d", "90d", "month", "mtd", "ytd"] {
            let query = format!("org_id=org_002&period={period}");
            assert_eq!(of_org(&verv, &query).await, (2, 1), "{period}");
        }
        let last_month = of_org(&verv, "org_id=org_002&period=previous_month").await;
        assert_eq!(last_month, (0, 0));
        assert_eq!(of_org(&verv, "org_id=org_unknown").await, (0, 0));
        let series = verv
            .get(&format!(
                "{ATTRIBUTIONS}/timeseries?org_id=org_002&period=7d"
            ))
            .await
            .expect(200);
        assert_eq!(series.json()["org_id"], "org_002");
        let today = json!({"date": "2026-03-26", "clicks": 2, "conversions": 1});
        assert_eq!(series.json()["data"][6], today);
        assert_eq!(series.header("verv-as-of"), "2026-03-26T12:00:00Z");
        verv.clock.advance(TimeDelta::minutes(1));
        verv.aggregate().await;
        verv.set_clock("2026-03-26T12:00:00Z");
    }
    let told = verv
        .get(&format!("{ATTRIBUTIONS}/total?org_id=org_002"))
        .await;
    assert_eq!(
        told.json(),
        json!({"org_id": "org_002", "total_clicks": 2, "total_conversions": 1, "conversion_rate": 0.5, "period": "all_time"})
    );
    let unnamed = verv.get(&format!("{ATTRIBUTIONS}/total")).await;
    assert_eq!(unnamed.expect(400).json()["errors"][0]["field"], "org_id");
}

#[tokio::test]
async fn a_program_has_what_its_codes_had_when_they_were_clicked() {
    let verv = Verv::start().await;
    let program = json!({"org_id": ORG, "name": "Spring", "currency_id": "NOK"});
    let program = verv.post("/api/v1/referral-programs", program).await;
    let program = program.expect(201).string("/id");
    let code = json!({
        "mentor_id": MENTOR, "org_id": ORG, "code": CODE, "referral_program_id": program,
    });
    verv.post(RECORDS, code).await.expect(201);
    verv.make_code("usr_1", ORG, "OTHER-MENTOR").await;
    let id = verv.click(CODE).await;
    let other = verv.click("OTHER-MENTOR").await;
    verv.confirm(&id, CODE, "usr_5892").await.expect(200);
    verv.confirm(&other, "OTHER-MENTOR", "usr_5893")
        .await
        .expect(200);
    let query = format!("referral_program_id={program}");
    for _ in 0..2 {
        assert_eq!(of_org(&verv, &query).await, (1, 1));
        assert_eq!(
            of_org(&verv, &format!("{query}&org_id=org_002&period=7d")).await,
            (1, 1)
        );
        assert_eq!(of_org(&verv, "org_id=org_002").await, (2, 2));
        verv.clock.advance(TimeDelta::minutes(1));
        verv.aggregate().await;
    }
    let told = verv
        .get(&format!("{ATTRIBUTIONS}/total?{query}"))
        .await
        .json();
    assert_eq!(
        (&told["org_id"], &told["referral_program_id"]),
        (&json!(ORG), &json!(program))
    );
    verv.delete(&format!("{ATTRIBUTIONS}/{id}"))
        .await
        .expect(200);
    assert_eq!(of_org(&verv, &query).await, (0, 0));
    for unknown in [
        format!("{query}&org_id=org_003"),
        "referral_program_id=prg_019d0b9fe3287000800000000000bb05".to_owned(),
    ] {
        verv.get(&format!("{ATTRIBUTIONS}/total?{unknown}"))
            .await
            .expect(404);
    }
}

#[tokio::test]
async fn a_leaderboard_says_which_periods_have_a_ranking() {
    let verv = Verv::start().await;
    for period in ["7d", "30d", "90d", "ytd"] {
        let path = format!("{ATTRIBUTIONS}/leaderboard?org_id={ORG}&period={period}");
        let refused = verv.get(&path).await.expect(400).json();
        let detail = refused["errors"][0]["detail"].as_str().unwrap_or_default();
        assert!(
            detail.contains("all_time, month, mtd or previous_month"),
            "{refused}"
        );
    }
}
