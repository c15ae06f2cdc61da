//! Query parameters and paths that cannot be.

use crate::{Platform, assert_problem};
use axum::http::Method;
use tests::flows::{ATTRIBUTIONS, CODES, MENTOR, RECORDS};

#[tokio::test]
async fn a_bad_parameter_of_a_list_is_named() {
    let platform = Platform::start().await;
    let of_mentor = format!("{ATTRIBUTIONS}/mentor/{MENTOR}");
    let total = format!("{of_mentor}/total");
    let active = format!("{RECORDS}/active");
    let lookup = format!("{RECORDS}/lookup");
    let everywhere = [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("limit=-1", "limit"),
        ("limit=", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("limit=1&limit=2", "limit"),
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=1.5", "page"),
        ("page=", "page"),
        ("page=4294967296", "page"),
        ("page=501", "page"),
        ("page=1&page=1", "page"),
        ("cursor=", "cursor"),
        ("cursor=x", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=AAAA", "cursor"),
        ("page=2&cursor=AZzPe7-BcACAAAAAAAAAAwAAAAIAAAAU", "page"),
        ("org_id=", "org_id"),
        ("org_id=a%23b", "org_id"),
        ("org_id=%FF", "org_id"),
        ("org_id=%00", "org_id"),
        ("org_id=%zz", "org_id"),
        ("org_id=a&org_id=b", "org_id"),
        ("status=", "status"),
        ("status=unknown", "status"),
        ("status=ACTIVE", "status"),
        ("status=pending&status=pending", "status"),
        ("code=", "code"),
        ("code=a%2Fb", "code"),
        ("code=a%00b", "code"),
        ("code=ABC&code=DEF", "code"),
        ("sort=asc", "sort"),
        ("Limit=10", "Limit"),
        ("%FF=1", "\u{FFFD}"),
        ("limit[]=1", "limit[]"),
    ];
    let long = format!("mentor_id={}", "x".repeat(129));
    for list in [RECORDS, CODES, ATTRIBUTIONS] {
        for (query, field) in [("mentor_id=a%20b", "mentor_id"), (&long, "mentor_id")] {
            check_query(&platform, list, query, field).await;
        }
    }
    for list in [RECORDS, CODES, ATTRIBUTIONS, of_mentor.as_str()] {
        for (query, field) in everywhere {
            check_query(&platform, list, query, field).await;
        }
    }
    for (path, query, field) in [
        (RECORDS, "status=pending", "status"),
        (CODES, "status=confirmed", "status"),
        (ATTRIBUTIONS, "status=active", "status"),
        (&of_mentor, "mentor_id=usr_1", "mentor_id"),
        (&total, "period=1d", "period"),
        (&total, "period=", "period"),
        (&total, "period=7d&period=7d", "period"),
        (&total, "org_id=", "org_id"),
        (&total, "page=1", "page"),
        (&active, "", "mentor_id"),
        (&active, "mentor_id=usr_4491", "org_id"),
        (&active, "org_id=org_002", "mentor_id"),
        (&active, "mentor_id=&org_id=org_002", "mentor_id"),
        (&active, "mentor_id=usr_4491&org_id=a%23b", "org_id"),
        (&active, "mentor_id=usr_4491&org_id=org_002&code=x", "code"),
        (&lookup, "", "code"),
        (&lookup, "code=A&code=B", "code"),
        (&lookup, "code=A&org_id=b", "org_id"),
        (&lookup, "q=A", "code"),
    ] {
        check_query(&platform, path, query, field).await;
    }
}

async fn check_query(platform: &Platform, path: &str, query: &str, field: &str) {
    let reply = platform
        .verv
        .get(&format!("{path}?{query}"))
        .await
        .expect(400);
    assert_problem(&reply, field, &format!("{path}?{query}"));
}

#[tokio::test]
async fn what_can_be_no_id_is_the_id_of_nothing() {
    let platform = Platform::start().await;
    let before = platform.items().await;
    let long = "x".repeat(5_000);
    let ids = [
        "rc_",
        "rc_1",
        "attr_1",
        "x",
        "..",
        "%2E%2E",
        "%00",
        "%FF",
        "%zz",
        "%",
        "%23",
        "rc_019BA72246807000800000000000AA03",
        "rc_019ba722-4680-7000-8000-00000000aa03",
        "rc_zz9ba72246807000800000000000aa03",
        "rc_019ba72246807000800000000000aaff",
        "attr_019ba72246807000800000000000aaff",
        "rc_ffffffffffffffffffffffffffffffff",
        "attr_ffffffffffffffffffffffffffffffff",
        "rc_00000000000000000000000000000000",
        "prg_019ba72246807000800000000000aa03",
        long.as_str(),
    ];
    for id in ids {
        for (method, path, body) in [
            (Method::GET, format!("{RECORDS}/{id}"), ""),
            (Method::GET, format!("{CODES}/{id}"), ""),
            (Method::GET, format!("{CODES}/{id}/url"), ""),
            (Method::GET, format!("{ATTRIBUTIONS}/{id}"), ""),
            (Method::DELETE, format!("{RECORDS}/{id}"), ""),
            (Method::DELETE, format!("{CODES}/{id}"), ""),
            (Method::DELETE, format!("{ATTRIBUTIONS}/{id}"), ""),
            (
                Method::PUT,
                format!("{RECORDS}/{id}"),
                r#"{"status":"inactive"}"#,
            ),
            (
                Method::PUT,
                format!("{CODES}/{id}"),
                r#"{"mentor_id":"usr_4491","action":"rotate"}"#,
            ),
            (
                Method::PUT,
                format!("{ATTRIBUTIONS}/{id}"),
                r#"{"code":"JAN-VERV-8F3A","new_member_id":"m"}"#,
            ),
        ] {
            let reply = platform
                .verv
                .send_raw(method.clone(), &path, body)
                .await
                .expect(404);
            assert_problem(&reply, "", &format!("{method} {path}"));
        }
    }
    for code in ["", "%00", "%FF", "%23", "a%2Fb", "%C3%85", &long] {
        let path = format!("{RECORDS}/lookup?code={code}");
        let reply = platform.verv.get(&path).await.expect(404);
        assert_problem(&reply, "", &path);
    }
    for mentor in ["a%20b", "%23", "%00", "%C3%85", &"x".repeat(129)] {
        for path in ["", "/total"].map(|end| format!("{ATTRIBUTIONS}/mentor/{mentor}{end}")) {
            let reply = platform.verv.get(&path).await.expect(400);
            assert_problem(&reply, "mentor_id", &path);
        }
    }
    assert_eq!(platform.items().await, before);
}
