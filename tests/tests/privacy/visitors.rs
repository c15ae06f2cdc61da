//! Raw visitor data of confirmed clicks leaves after its time.

use crate::bed::{AGENT, MEMBER, ORG, REFERRER, code_once, members_click};
use crate::traces::items_with;
use chrono::TimeDelta;
use serde_json::Value;
use stats_aggregator::action;
use tests::flows::ATTRIBUTIONS;
use tests::functions::SCHEDULED;
use tests::{Verv, policy};

async fn forget(verv: &Verv) -> Value {
    let aggregator = verv.store.aggregator();
    let retention = verv.settings.visitor_retention;
    let run = action::forget_visitors(&aggregator, &verv.clock, retention, || false);
    let done = policy::as_function(SCHEDULED, run).await;
    action::forgotten(done.expect("the engine answers").as_ref())
}

async fn confirmed(verv: &Verv, key: &str, member: &str) -> String {
    let code = code_once(verv, "usr_1", ORG, key).await.string("/code");
    let click = members_click(verv, &code, &format!("click {key}")).await;
    verv.confirm(&click, &code, member).await.expect(200);
    format!("{ATTRIBUTIONS}/{click}")
}

#[tokio::test]
async fn a_confirmed_click_says_who_clicked_for_ninety_days() {
    let verv = Verv::start().await.as_platform();
    let first = confirmed(&verv, "first", MEMBER).await;
    verv.clock.advance(TimeDelta::days(2));
    let second = confirmed(&verv, "second", "usr_second").await;
    verv.clock.advance(TimeDelta::days(89));
    let done = forget(&verv).await;
    assert_eq!(done["clicks"], 1);
    assert_eq!(done["complete"], true);
    let shown = verv.get(&first).await.expect(200).json();
    for field in ["ip_address", "user_agent", "referrer_url"] {
        assert_eq!(shown[field], Value::Null, "{field}");
    }
    assert_eq!(shown["new_member_id"], MEMBER, "the member stays");
    let shown = verv.get(&second).await.expect(200).json();
    assert_eq!(shown["user_agent"], AGENT);

    assert_eq!(forget(&verv).await["clicks"], 0, "nothing twice");
    verv.clock.advance(TimeDelta::days(2));
    assert_eq!(forget(&verv).await["clicks"], 1);
    // The kept answers go by TTL, which the engine of tests does not carry out.
    for trace in [AGENT.as_bytes(), REFERRER.as_bytes()] {
        for item in items_with(&verv, trace).await {
            assert!(
                item["pk"].as_s().is_ok_and(|pk| pk.starts_with("IDEM#")),
                "{item:?}"
            );
        }
    }
}

#[tokio::test]
async fn zero_keeps_visitors_and_unconfirmed_clicks_are_left_to_their_own_retention() {
    let verv = Verv::with_settings(&[("VISITOR_RETENTION_DAYS", "0")])
        .await
        .as_platform();
    confirmed(&verv, "first", MEMBER).await;
    verv.clock.advance(TimeDelta::days(1_000));
    assert_eq!(forget(&verv).await, Value::Null);
    assert!(!items_with(&verv, AGENT.as_bytes()).await.is_empty());

    let verv = Verv::with_settings(&[("VISITOR_RETENTION_DAYS", "1")])
        .await
        .as_platform();
    let code = code_once(&verv, "usr_1", ORG, "code").await.string("/code");
    let pending = members_click(&verv, &code, "click").await;
    verv.clock.advance(TimeDelta::days(10));
    assert_eq!(forget(&verv).await["clicks"], 0);
    let shown = verv.get(&format!("{ATTRIBUTIONS}/{pending}")).await;
    assert_eq!(shown.expect(200).json()["user_agent"], AGENT);
}

#[tokio::test]
async fn a_run_out_of_time_is_gone_on_with() {
    let verv = Verv::start().await.as_platform();
    let mut clicks = Vec::new();
    for day in 0..3 {
        clicks.push(confirmed(&verv, &format!("{day}"), &format!("joined_{day}")).await);
        verv.clock.advance(TimeDelta::days(1));
    }
    verv.clock.advance(TimeDelta::days(100));
    let aggregator = verv.store.aggregator();
    let retention = TimeDelta::days(90);
    let stopped = aggregator
        .forget_visitors(retention, verv.now(), || true)
        .await;
    let stopped = stopped.expect("the engine answers");
    assert!(!stopped.is_complete);
    assert_eq!(stopped.clicks, 0);
    assert_eq!(forget(&verv).await["clicks"], 3);
    for click in clicks {
        let shown = verv.get(&click).await.expect(200).json();
        assert_eq!(shown["ip_address"], Value::Null);
    }
}
