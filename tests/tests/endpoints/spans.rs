//! Lists of what was made in a span of time, and pages that say what they leave out.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{Code, MentorId, OrgId};
use serde_json::{Value, json};
use tests::flows::{ATTRIBUTIONS, CODE, CODES, MENTOR, ORG, RECORDS};
use tests::{Verv, seed};

/// What was made, oldest first: the id and the time.
type Made = Vec<(String, DateTime<Utc>)>;

async fn forty_codes(verv: &Verv) -> Made {
    let mut made = Made::new();
    for number in 0..40 {
        verv.clock.advance(TimeDelta::milliseconds(400));
        let (mentor, code) = (format!("usr_{number}"), format!("CODE-{number:03}"));
        made.push((verv.make_code(&mentor, ORG, &code).await, verv.now()));
    }
    made
}

async fn forty_clicks(verv: &Verv) -> Made {
    verv.make_example_code().await;
    let mut made = Made::new();
    for _ in 0..40 {
        verv.clock.advance(TimeDelta::milliseconds(400));
        made.push((verv.click(CODE).await, verv.now()));
    }
    made
}

fn ids(page: &Value) -> Vec<String> {
    let records = page["data"].as_array().expect("records").iter();
    records
        .map(|record| record["id"].as_str().expect("an id").to_owned())
        .collect()
}

/// Every id of the list, page by page; each page must have the total.
async fn walk(verv: &Verv, list: &str, by_cursor: bool, total: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut place = String::new();
    for number in 2.. {
        let page = verv.get(&format!("{list}{place}")).await.expect(200).json();
        let pagination = &page["pagination"];
        if place.is_empty() {
            let whole = json!({"page": 1, "limit": 7, "total": total});
            assert_eq!(pagination, &whole, "{list}");
        }
        found.extend(ids(&page));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        place = if by_cursor {
            format!("&cursor={cursor}")
        } else {
            format!("&page={number}")
        };
    }
    found
}

/// Each list's records of a span are those that were made in it, by pages and by cursors.
async fn assert_spans(verv: &Verv, lists: &[String], made: &Made) {
    let start = made[0].1;
    for (from, to) in [
        (None, None),
        (Some(0), None),
        (None, Some(9)),
        (Some(3), Some(12)),
        (Some(4), Some(5)),
        (Some(-50), Some(0)),
        (Some(100), None),
    ] {
        let at = |seconds: Option<i64>| {
            let at = seconds.map(|seconds| start + TimeDelta::seconds(seconds));
            at.map(|at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string())
        };
        let second = |text: &Option<String>| -> Option<DateTime<Utc>> {
            text.as_ref().map(|text| text.parse().expect("a time"))
        };
        let (from, to) = (at(from), at(to));
        let is_in = |time: DateTime<Utc>| {
            second(&from).is_none_or(|from| from <= time) && second(&to).is_none_or(|to| time < to)
        };
        let mut expected: Vec<_> = made
            .iter()
            .filter(|(_, time)| is_in(*time))
            .map(|(id, _)| id.clone())
            .collect();
        expected.reverse();
        let given = [("from", &from), ("to", &to)];
        let given = given.iter().filter_map(|(name, value)| {
            let value = value.as_ref()?;
            Some(format!("&{name}={value}"))
        });
        let span: String = given.collect();
        for list in lists {
            let path = format!("{list}limit=7{span}");
            for by_cursor in [true, false] {
                let found = walk(verv, &path, by_cursor, expected.len()).await;
                assert_eq!(found, expected, "{path}");
            }
        }
    }
}

#[tokio::test]
async fn codes_are_listed_by_when_they_were_made() {
    let verv = Verv::start().await;
    let made = forty_codes(&verv).await;
    let lists = [
        format!("{CODES}?"),
        format!("{RECORDS}?"),
        format!("{RECORDS}?org_id={ORG}&"),
        format!("{CODES}?status=active&"),
    ];
    assert_spans(&verv, &lists, &made).await;
    let (id, at) = &made[7];
    let at = at.format("%Y-%m-%dT%H:%M:%SZ");
    for (span, expected) in [("from", vec![id.clone()]), ("to", Vec::new())] {
        let path = format!("{RECORDS}?code=CODE-007&{span}={at}");
        let page = verv.get(&path).await.expect(200).json();
        assert_eq!(ids(&page), expected, "{span}");
    }
}

#[tokio::test]
async fn attributions_are_listed_by_when_they_were_made() {
    let verv = Verv::start().await;
    let made = forty_clicks(&verv).await;
    let lists = [
        format!("{ATTRIBUTIONS}?"),
        format!("{ATTRIBUTIONS}?org_id={ORG}&status=pending&"),
        format!("{ATTRIBUTIONS}?code={CODE}&"),
        format!("{ATTRIBUTIONS}/mentor/{MENTOR}?"),
    ];
    assert_spans(&verv, &lists, &made).await;
    // Whatever a caller says about when it occurred. Ids of one millisecond are in no order.
    verv.clock.advance(TimeDelta::milliseconds(1));
    let body = json!({"code": CODE, "occurred_at": "2026-03-20T00:00:00Z"});
    let late = verv.post(ATTRIBUTIONS, body).await.expect(201);
    let before = format!("{ATTRIBUTIONS}?to=2026-03-21T00:00:00Z");
    assert_eq!(verv.get(&before).await.json()["data"], json!([]));
    let since = format!("{ATTRIBUTIONS}?from=2026-03-21T00:00:00Z&limit=1");
    assert_eq!(ids(&verv.get(&since).await.json()), [late.string("/id")]);
}

#[tokio::test]
async fn a_span_with_nothing_in_it_is_refused() {
    let verv = Verv::start().await;
    let of_mentor = format!("{ATTRIBUTIONS}/mentor/{MENTOR}");
    for list in [CODES, RECORDS, ATTRIBUTIONS, &of_mentor] {
        for (span, detail) in [
            (
                "from=2026-03-21T00:00:00Z&to=2026-03-21T00:00:00Z",
                "before to",
            ),
            (
                "from=2026-03-22T00:00:00Z&to=2026-03-21T00:00:00Z",
                "before to",
            ),
            ("from=yesterday", "RFC 3339"),
        ] {
            let refused = verv.get(&format!("{list}?{span}")).await.expect(400);
            assert_eq!(refused.string("/errors/0/field"), "from", "{list} {span}");
            assert!(refused.text.contains(detail), "{}", refused.text);
        }
    }
}

/// `count` clicks on each of the codes, the first code's being the newer ones.
async fn seeded(verv: &Verv, codes: &[&str], count: usize) {
    let (mentor, org): (MentorId, OrgId) =
        (MENTOR.parse().expect("an id"), ORG.parse().expect("an id"));
    let client = local::engine::client(&verv.engine.endpoint());
    for (at, code) in codes.iter().enumerate() {
        let code: Code = code.parse().expect("a code");
        let last = verv.now() - TimeDelta::days(i64::try_from(at).expect("few") + 1);
        let clicks = seed::clicks(&mentor, &org, &code, count, last, TimeDelta::seconds(1));
        seed::write(&client, "verv", clicks).await;
    }
}

#[tokio::test]
async fn a_total_that_is_not_counted_to_the_end_says_so() {
    let verv = Verv::start().await;
    seeded(&verv, &[CODE], 1_000).await;
    let list = format!("{ATTRIBUTIONS}?from=2026-03-01T00:00:00Z");
    let page = verv.get(&list).await.expect(200).json();
    let total = page["pagination"]["total"].as_i64().expect("a number");
    assert!((150..1_000).contains(&total), "{total}");
    assert_eq!(page["pagination"]["total_is_lower_bound"], true);
    assert_eq!(ids(&page).len(), 20);
    let second = page["next_cursor"].as_str().expect("a cursor");
    let page = verv.get(&format!("{list}&cursor={second}")).await.json();
    let further = page["pagination"]["total"].as_i64().expect("a number");
    assert!((total..1_000).contains(&further), "{further}");
}

#[tokio::test]
async fn a_page_that_is_not_full_though_more_may_follow_says_so() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let oldest = verv.click(CODE).await;
    verv.confirm(&oldest, CODE, "usr_9").await.expect(200);
    verv.clock.advance(TimeDelta::days(9));
    seeded(&verv, &["OFTEN-1", "OFTEN-2", "OFTEN-3"], 3_000).await;
    let mut path = format!("{ATTRIBUTIONS}?status=confirmed&limit=5");
    let (mut partial, mut found) = (0, Vec::new());
    loop {
        let page = verv.get(&path).await.expect(200).json();
        let is_partial = page["pagination"].get("page_is_partial").is_some();
        assert_eq!(is_partial, page.get("next_cursor").is_some());
        found.extend(ids(&page));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        partial += 1;
        path = format!("{ATTRIBUTIONS}?status=confirmed&limit=5&cursor={cursor}");
    }
    assert_eq!(found, [oldest]);
    assert!((1..=3).contains(&partial), "{partial}");
}
