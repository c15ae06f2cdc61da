//! The list of recruitments: in order, in pages, by span, with exact totals.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use tests::Verv;
use tests::flows::{ATTRIBUTIONS, CODE, CONVERSIONS, MENTOR, ORG};

async fn convert_at(verv: &Verv, code: &str, member: &str, confirmed_at: &str) -> String {
    let body = json!({"code": code, "new_member_id": member, "confirmed_at": confirmed_at});
    verv.post(CONVERSIONS, body).await.expect(201).string("/id")
}

async fn list(verv: &Verv, query: &str) -> Value {
    let path = format!("{CONVERSIONS}?org_id={ORG}{query}");
    verv.get(&path).await.expect(200).json()
}

/// Who is on the page, in order, and how many there are in all.
async fn members(verv: &Verv, query: &str) -> (Vec<String>, Value) {
    let list = list(verv, query).await;
    let shown = list["data"].as_array().into_iter().flatten();
    let shown = shown.filter_map(|it| it["new_member_id"].as_str());
    (
        shown.map(ToOwned::to_owned).collect(),
        list["pagination"].clone(),
    )
}

/// Five recruitments, reported in another order than they were confirmed in.
async fn five(verv: &Verv) {
    verv.make_example_code().await;
    verv.make_code("usr_1", ORG, "OTHER-CODE").await;
    verv.make_code(MENTOR, "org_003", "THIRD-CODE").await;
    for (code, member, at) in [
        (CODE, "m3", "2026-03-10T10:00:00Z"),
        ("OTHER-CODE", "m1", "2025-12-31T23:59:59Z"),
        ("THIRD-CODE", "elsewhere", "2026-03-10T10:00:00Z"),
        (CODE, "m5", "2026-03-26T11:00:00Z"),
        (CODE, "m2", "2026-02-28T23:59:59Z"),
    ] {
        convert_at(verv, code, member, at).await;
    }
    let click = verv.click(CODE).await;
    let body = json!({"code": CODE, "new_member_id": "m4", "confirmed_at": "2026-03-26T11:58:00Z"});
    verv.put(&format!("{ATTRIBUTIONS}/{click}"), body)
        .await
        .expect(200);
    verv.click(CODE).await;
}

#[tokio::test]
async fn recruitments_are_listed_by_when_they_were_confirmed() {
    let verv = Verv::start().await;
    five(&verv).await;
    let rows: [(&str, &[&str]); 11] = [
        // The confirmation two minutes before the click counts as the click's moment.
        ("", &["m4", "m5", "m3", "m2", "m1"]),
        ("&mentor_id=usr_1", &["m1"]),
        ("&code=jan%20verv%208f3a", &["m4", "m5", "m3", "m2"]),
        ("&code=OTHER-CODE&mentor_id=usr_4491", &[]),
        ("&code=THIRD-CODE", &[]),
        (
            "&from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z",
            &["m4", "m5", "m3"],
        ),
        (
            "&from=2026-02-01T00:00:00Z&to=2026-03-01T00:00:00Z",
            &["m2"],
        ),
        ("&to=2026-01-01T00:00:00Z", &["m1"]),
        (
            "&from=2025-12-01T00:00:00Z",
            &["m4", "m5", "m3", "m2", "m1"],
        ),
        (
            "&from=2025-01-01T00:00:00Z&to=2026-03-11T00:00:00Z&code=janverv8f3a",
            &["m3", "m2"],
        ),
        (
            "&from=2026-02-28T23:59:59Z&to=2026-03-26T11:30:00Z",
            &["m5", "m3", "m2"],
        ),
    ];
    for _ in 0..2 {
        for (query, expected) in rows {
            let (shown, pagination) = members(&verv, query).await;
            assert_eq!(shown, expected, "{query}");
            assert_eq!(pagination["total"], expected.len(), "{query}");
            assert_eq!(pagination["total_is_lower_bound"], Value::Null, "{query}");
        }
        verv.clock.advance(TimeDelta::minutes(1));
        verv.aggregate().await;
    }
}

/// So many a day, three minutes from one to the next, through three days.
const BUSY: [(&str, i64); 3] = [("2026-03-10", 170), ("2026-03-11", 3), ("2026-03-12", 150)];

async fn busy_days(verv: &Verv) {
    verv.make_example_code().await;
    for (day, count) in BUSY {
        let first: DateTime<Utc> = format!("{day}T10:00:00Z").parse().expect("a time");
        for number in 0..count {
            let at = first + TimeDelta::minutes(3 * number);
            let at = at.to_rfc3339_opts(SecondsFormat::Secs, true);
            convert_at(verv, CODE, &format!("m-{day}-{number}"), &at).await;
        }
    }
}

#[tokio::test]
async fn the_total_of_a_span_that_begins_and_ends_within_days_is_exact() {
    let verv = Verv::start().await;
    busy_days(&verv).await;
    for _ in 0..2 {
        for (span, expected) in [
            (
                "&from=2026-03-10T11:00:00Z&to=2026-03-12T12:00:00Z",
                150 + 3 + 40,
            ),
            ("&from=2026-03-10T11:00:00Z", 150 + 3 + 150),
            ("&to=2026-03-12T12:00:00Z", 170 + 3 + 40),
            ("&from=2026-03-10T11:00:00Z&to=2026-03-10T12:00:00Z", 20),
            ("&from=2026-03-10T18:29:00Z&to=2026-03-11T10:03:01Z", 2),
        ] {
            for query in [
                span.to_owned(),
                format!("{span}&mentor_id={MENTOR}&code={CODE}"),
            ] {
                let pagination = &list(&verv, &query).await["pagination"];
                assert_eq!(pagination["total"], expected, "{query}");
                assert_eq!(pagination["total_is_lower_bound"], Value::Null, "{query}");
            }
        }
        verv.clock.advance(TimeDelta::minutes(6));
        verv.aggregate().await;
    }
}

#[tokio::test]
async fn pages_of_recruitments_show_each_once() {
    let verv = Verv::start().await;
    five(&verv).await;
    let mut shown = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = list(&verv, &format!("&limit=2{cursor}")).await;
        assert_eq!(page["pagination"]["total"], 5);
        for record in page["data"].as_array().into_iter().flatten() {
            shown.push(
                record["new_member_id"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            );
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(shown, ["m4", "m5", "m3", "m2", "m1"]);
    assert_eq!(members(&verv, "&limit=2&page=2").await.0, ["m3", "m2"]);
}

#[tokio::test]
async fn who_recruited_a_member_is_one_read() {
    let verv = Verv::start().await;
    five(&verv).await;
    let path = format!("{CONVERSIONS}?org_id={ORG}&new_member_id=m3");
    let found = verv.get(&path).await.expect(200);
    assert_eq!((found.usage.trips, found.usage.calls), (1, 1));
    assert_eq!(found.json()["data"][0]["mentor_id"], MENTOR);
    assert_eq!(found.json()["pagination"]["total"], 1);
    for query in [
        "&new_member_id=nobody",
        "&new_member_id=m3&mentor_id=usr_1",
        "&new_member_id=m3&code=OTHER-CODE",
        "&new_member_id=m3&from=2026-03-11T00:00:00Z",
        "&new_member_id=elsewhere",
    ] {
        assert_eq!(
            members(&verv, query).await.0,
            Vec::<String>::new(),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_deleted_recruitment_leaves_the_list() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let id = convert_at(&verv, CODE, "m1", "2026-03-10T10:00:00Z").await;
    convert_at(&verv, CODE, "m2", "2026-03-11T10:00:00Z").await;
    verv.clock.advance(TimeDelta::minutes(1));
    verv.aggregate().await;
    verv.delete(&format!("{ATTRIBUTIONS}/{id}"))
        .await
        .expect(200);
    for _ in 0..2 {
        let (shown, pagination) = members(&verv, "").await;
        assert_eq!(
            (shown, &pagination["total"]),
            (vec!["m2".to_owned()], &json!(1))
        );
        assert_eq!(
            members(&verv, "&new_member_id=m1").await.0,
            Vec::<String>::new()
        );
        verv.clock.advance(TimeDelta::minutes(1));
        verv.aggregate().await;
    }
}

#[tokio::test]
async fn the_list_is_an_organisations_and_csv_for_those_who_accept_it() {
    let verv = Verv::start().await;
    five(&verv).await;
    let unnamed = verv.get(CONVERSIONS).await.expect(400).json();
    assert_eq!(unnamed["errors"][0]["field"], "org_id");
    let path = format!("{CONVERSIONS}?org_id={ORG}&code=OTHER-CODE");
    let csv = [("accept", "text/csv")];
    let csv = verv
        .call(axum::http::Method::GET, &path, &csv, None)
        .await
        .expect(200);
    let mut lines = csv.text.lines();
    assert_eq!(
        lines.next(),
        Some("id,code,mentor_id,org_id,type,status,source,new_member_id,confirmed_at,created_at")
    );
    let line = lines.next().unwrap_or_default();
    assert!(
        line.contains(
            ",OTHER-CODE,usr_1,org_002,conversion,confirmed,typed,m1,2025-12-31T23:59:59Z,"
        ),
        "{line}"
    );
}
