//! Lists: pages and cursors that give every record once, newest first, and filters.

use chrono::TimeDelta;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::Verv;
use tests::flows::{ATTRIBUTIONS, CODE, CODES, End, MENTOR, ORG, RECORDS};

/// Enough for three pages of 20, and no multiple of any page size asked for below.
const RECORDS_MADE: usize = 57;

/// 57 codes of one organisation, of 57 mentors, some in the same millisecond.
async fn fifty_seven_codes(verv: &Verv) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..RECORDS_MADE {
        let (mentor, code) = (format!("usr_{number}"), format!("CODE-{number:03}"));
        ids.push(verv.make_code(&mentor, ORG, &code).await);
        verv.clock.advance(TimeDelta::microseconds(700));
    }
    ids
}

async fn fifty_seven_clicks(verv: &Verv) -> Vec<String> {
    verv.make_example_code().await;
    let mut ids = Vec::new();
    for _ in 0..RECORDS_MADE {
        ids.push(verv.click(CODE).await);
        verv.clock.advance(TimeDelta::microseconds(700));
    }
    ids
}

fn ids(page: &Value) -> Vec<String> {
    let records = page["data"].as_array().expect("records").iter();
    records
        .map(|record| record["id"].as_str().expect("an id").to_owned())
        .collect()
}

fn with(list: &str, query: &str) -> String {
    let separator = if list.contains('?') { '&' } else { '?' };
    format!("{list}{separator}{query}")
}

/// Every id of `list` by page numbers.
async fn by_pages(verv: &Verv, list: &str, limit: usize) -> Vec<String> {
    let mut found = Vec::new();
    for number in 1.. {
        let path = with(list, &format!("page={number}&limit={limit}"));
        let page = verv.get(&path).await.expect(200).json();
        assert_eq!(page["pagination"]["page"], number, "{path}");
        assert_eq!(page["pagination"]["limit"], limit, "{path}");
        assert_eq!(page["pagination"]["total"], RECORDS_MADE, "{path}");
        found.extend(ids(&page));
        assert_eq!(
            page.get("next_cursor").is_some(),
            found.len() < RECORDS_MADE,
            "{path}"
        );
        if ids(&page).len() < limit {
            break;
        }
    }
    found
}

/// Every id of `list` by its cursors.
async fn by_cursors(verv: &Verv, list: &str, limit: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut path = with(list, &format!("limit={limit}"));
    for number in 1.. {
        let page = verv.get(&path).await.expect(200).json();
        assert_eq!(page["pagination"]["page"], number, "{path}");
        assert_eq!(page["pagination"]["total"], RECORDS_MADE, "{path}");
        assert!(ids(&page).len() <= limit, "{path}");
        found.extend(ids(&page));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = with(list, &format!("limit={limit}&cursor={cursor}"));
    }
    found
}

async fn assert_walks(verv: &Verv, list: &str, newest_first: &[String]) {
    for limit in [7, 20, 56, 57, 58, 100] {
        assert_eq!(
            by_pages(verv, list, limit).await,
            newest_first,
            "{list} {limit}"
        );
        assert_eq!(
            by_cursors(verv, list, limit).await,
            newest_first,
            "{list} {limit}"
        );
    }
}

#[tokio::test]
async fn pages_and_cursors_give_every_code_once_and_newest_first() {
    let verv = Verv::start().await;
    let mut made = fifty_seven_codes(&verv).await;
    made.reverse();
    for list in [RECORDS, CODES] {
        assert_walks(&verv, list, &made).await;
        assert_walks(&verv, &format!("{list}?org_id={ORG}"), &made).await;
    }
    assert_walks(&verv, &format!("{RECORDS}?status=active"), &made).await;
    assert_eq!(by_cursors(&verv, CODES, 1).await, made);
}

#[tokio::test]
async fn pages_and_cursors_give_every_attribution_once_and_newest_first() {
    let verv = Verv::start().await;
    let mut made = fifty_seven_clicks(&verv).await;
    made.reverse();
    let of_mentor = format!("{ATTRIBUTIONS}/mentor/{MENTOR}");
    for list in [ATTRIBUTIONS, of_mentor.as_str()] {
        assert_walks(&verv, list, &made).await;
    }
    for query in [
        "mentor_id=usr_4491",
        "org_id=org_002",
        "status=pending",
        "code=janverv8f3a",
    ] {
        assert_walks(&verv, &format!("{ATTRIBUTIONS}?{query}"), &made).await;
    }
}

#[tokio::test]
async fn a_cursor_goes_on_behind_its_record_whatever_is_added_or_deleted() {
    let verv = Verv::start().await;
    let mut made = fifty_seven_clicks(&verv).await;
    made.reverse();
    let first = verv
        .get(&format!("{ATTRIBUTIONS}?limit=20"))
        .await
        .expect(200)
        .json();
    verv.click(CODE).await;
    verv.delete(&format!("{ATTRIBUTIONS}/{}", made[0]))
        .await
        .expect(200);
    // The record that the cursor names, and the one behind it.
    verv.delete(&format!("{ATTRIBUTIONS}/{}", made[19]))
        .await
        .expect(200);
    verv.delete(&format!("{ATTRIBUTIONS}/{}", made[20]))
        .await
        .expect(200);
    let cursor = first["next_cursor"].as_str().expect("a cursor");
    let path = format!("{ATTRIBUTIONS}?limit=20&cursor={cursor}");
    let second = verv.get(&path).await.expect(200).json();
    assert_eq!(ids(&second), made[21..41]);
}

#[tokio::test]
async fn lists_begin_with_the_first_twenty() {
    let verv = Verv::start().await;
    fifty_seven_clicks(&verv).await;
    let page = verv.get(ATTRIBUTIONS).await.expect(200).json();
    assert_eq!(
        page["pagination"],
        json!({"page": 1, "limit": 20, "total": 57})
    );
    assert_eq!(ids(&page).len(), 20);
    assert_eq!(ids(&page).iter().collect::<BTreeSet<_>>().len(), 20);
}

#[tokio::test]
async fn a_page_behind_the_last_is_empty_and_one_too_deep_points_to_the_cursor() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    verv.click(CODE).await;
    let of_mentor = format!("{ATTRIBUTIONS}/mentor/{MENTOR}");
    for list in [RECORDS, CODES, ATTRIBUTIONS, of_mentor.as_str()] {
        let page = verv
            .get(&format!("{list}?page=100&limit=100"))
            .await
            .expect(200)
            .json();
        assert_eq!(page["data"], json!([]), "{list}");
        assert_eq!(page["pagination"]["total"], 1, "{list}");
        for query in ["page=101&limit=100", "page=501", "page=4294967295"] {
            let refused = verv.get(&format!("{list}?{query}")).await.expect(400);
            assert_eq!(refused.string("/code"), "page_too_deep", "{list} {query}");
            assert!(
                refused.string("/detail").contains("next_cursor"),
                "{}",
                refused.text
            );
        }
    }
}

#[tokio::test]
async fn codes_are_filtered_by_what_they_have() {
    let verv = Verv::start().await;
    let active = verv.make_example_code().await;
    let inactive = verv.make_ended_code("usr_1", ORG, "INACTIVE", End::Deactivated);
    let inactive = inactive.await;
    let invalidated = verv.make_ended_code("usr_1", "org_003", "INVALIDATED", End::Invalidated);
    let invalidated = invalidated.await;
    let body = json!({"mentor_id": "usr_1", "org_id": ORG, "code": "EXPIRED", "expires_at": "2026-03-27T00:00:00Z"});
    let expired = verv.post(RECORDS, body).await.expect(201).string("/id");
    verv.set_clock("2026-03-27T00:00:00Z");
    let every = [&active, &inactive, &invalidated, &expired];
    for (query, wanted) in [
        ("", &every[..]),
        ("status=active", &[&active]),
        ("status=inactive", &[&inactive]),
        ("status=invalidated", &[&invalidated]),
        ("status=expired", &[&expired]),
        ("mentor_id=usr_1", &[&inactive, &invalidated, &expired]),
        ("org_id=org_003", &[&invalidated]),
        ("mentor_id=usr_1&org_id=org_002", &[&inactive, &expired]),
        ("mentor_id=usr_1&status=expired", &[&expired]),
        ("org_id=org_002&status=active", &[&active]),
        ("code=jan%20verv%208f3a", &[&active]),
        (
            "code=JANVERV8F3A&status=active&mentor_id=usr_4491&org_id=org_002",
            &[&active],
        ),
        ("code=EXPIRED&status=active", &[]),
        ("code=EXPIRED&org_id=org_003", &[]),
        ("code=UNKNOWN", &[]),
        ("mentor_id=nobody", &[]),
        ("org_id=nowhere&status=active", &[]),
    ] {
        for list in [RECORDS, CODES] {
            let path = format!("{list}?{query}");
            let page = verv.get(&path).await.expect(200).json();
            let found: BTreeSet<_> = ids(&page).into_iter().collect();
            let wanted: BTreeSet<_> = wanted.iter().map(|id| (*id).clone()).collect();
            assert_eq!(found, wanted, "{path}");
            assert_eq!(page["pagination"]["total"], wanted.len(), "{path}");
        }
    }
}

#[tokio::test]
async fn attributions_are_filtered_by_what_they_have() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    verv.make_code(MENTOR, "org_003", "OTHER-ORG").await;
    verv.make_code("usr_1", ORG, "OTHER-MENTOR").await;
    let pending = verv.click(CODE).await;
    let confirmed = verv.click(CODE).await;
    verv.confirm(&confirmed, CODE, "usr_9").await.expect(200);
    let other_org = verv.click("OTHER-ORG").await;
    let other_mentor = verv.click("OTHER-MENTOR").await;
    for (query, wanted) in [
        ("", &[&pending, &confirmed, &other_org, &other_mentor][..]),
        ("status=pending", &[&pending, &other_org, &other_mentor]),
        ("status=confirmed", &[&confirmed]),
        ("mentor_id=usr_4491", &[&pending, &confirmed, &other_org]),
        ("mentor_id=usr_4491&status=pending", &[&pending, &other_org]),
        ("mentor_id=usr_4491&org_id=org_002", &[&pending, &confirmed]),
        ("org_id=org_002", &[&pending, &confirmed, &other_mentor]),
        ("org_id=org_002&status=confirmed", &[&confirmed]),
        ("code=jan_verv_8f3a", &[&pending, &confirmed]),
        ("code=OTHER-ORG&org_id=org_003", &[&other_org]),
        ("code=OTHER-ORG&org_id=org_002", &[]),
        ("code=OTHER-ORG&mentor_id=usr_1", &[]),
        ("code=UNKNOWN", &[]),
        ("org_id=nowhere", &[]),
    ] {
        let path = format!("{ATTRIBUTIONS}?{query}");
        let page = verv.get(&path).await.expect(200).json();
        let found: BTreeSet<_> = ids(&page).into_iter().collect();
        let wanted: BTreeSet<_> = wanted.iter().map(|id| (*id).clone()).collect();
        assert_eq!(found, wanted, "{path}");
        assert_eq!(page["pagination"]["total"], wanted.len(), "{path}");
    }
    let of_mentor = format!("{ATTRIBUTIONS}/mentor/{MENTOR}?org_id=org_003");
    let page = verv.get(&of_mentor).await.expect(200).json();
    assert_eq!(ids(&page), [other_org]);
}

#[tokio::test]
async fn a_page_links_to_the_next_one_and_the_last_to_none() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    for _ in 0..5 {
        verv.click(CODE).await;
    }
    let mut path = format!("{ATTRIBUTIONS}?status=pending&limit=2");
    let mut shown = Vec::new();
    for page in 1.. {
        let list = verv.get(&path).await.expect(200);
        let data = list.json()["data"].as_array().expect("a list").clone();
        shown.extend(data.into_iter().map(|record| record["id"].clone()));
        let link = list.header("link").to_owned();
        let Some(next) = link.strip_prefix('<') else {
            assert_eq!((page, link.as_str()), (3, ""));
            break;
        };
        let (next, rel) = next.split_once(">; ").expect("a relation");
        assert_eq!(rel, "rel=\"next\"");
        path = next.to_owned();
    }
    assert_eq!(shown.len(), 5);
    shown.sort_by_key(ToString::to_string);
    shown.dedup();
    assert_eq!(shown.len(), 5);
}
