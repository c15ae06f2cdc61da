//! A mentor's totals, by period and organisation, as the clock moves.

use serde_json::{Value, json};
use tests::Verv;
use tests::flows::{ATTRIBUTIONS, CODE, MENTOR, ORG};

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
        ("mtd", 3),
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
