//! The redirect: counts people, leads to the join page, and to nowhere else.

use axum::http::Method;
use serde_json::json;
use tests::flows::{ATTRIBUTIONS, CODE, End, MENTOR, ORG, RECORDS};
use tests::{Reply, Verv};

const PERSON: (&str, &str) = (
    "user-agent",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
);

async fn follow(verv: &Verv, method: Method, code: &str, headers: &[(&str, &str)]) -> Reply {
    verv.call(method, &format!("/r/{code}"), headers, None)
        .await
}

async fn clicks(verv: &Verv) -> i64 {
    let path = format!("{ATTRIBUTIONS}/mentor/{MENTOR}/total");
    let total = verv.get(&path).await.expect(200).json();
    total["total_clicks"].as_i64().expect("a count")
}

#[tokio::test]
async fn a_person_is_counted_and_led_to_the_join_page() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let headers = [
        PERSON,
        ("referer", "https://instagram.com/"),
        ("x-forwarded-for", "203.0.113.99"),
    ];
    let reply = follow(&verv, Method::GET, CODE, &headers).await.expect(302);
    assert_eq!(reply.header("cache-control"), "no-store");
    let location = reply.header("location");
    let id = location
        .strip_prefix("https://app.org.no/join?ref=JAN-VERV-8F3A&click=")
        .unwrap_or_else(|| panic!("{location}"));
    let click = verv.get(&format!("{ATTRIBUTIONS}/{id}")).await.expect(200);
    assert_eq!(click.string("/code"), CODE);
    assert_eq!(click.string("/ip_address"), "127.0.0.1");
    assert_eq!(click.string("/user_agent"), PERSON.1);
    assert_eq!(click.string("/referrer_url"), "https://instagram.com/");
    assert_eq!(click.string("/occurred_at"), "2026-03-26T12:00:00Z");
    // The page where the member joins confirms this very click.
    verv.confirm(id, CODE, "usr_5892").await.expect(200);
    assert_eq!(clicks(&verv).await, 1);
}

#[tokio::test]
async fn every_visit_is_a_click_of_its_own() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let first = follow(&verv, Method::GET, CODE, &[PERSON])
        .await
        .expect(302);
    let second = follow(&verv, Method::GET, CODE, &[PERSON])
        .await
        .expect(302);
    assert_ne!(first.header("location"), second.header("location"));
    follow(&verv, Method::GET, CODE, &[]).await.expect(302);
    assert_eq!(clicks(&verv).await, 3);
}

#[tokio::test]
async fn a_link_works_as_people_type_it() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    for typed in [
        "jan-verv-8f3a",
        "JANVERV8F3A",
        "jan%20verv%208f3a",
        "Jan_Verv_8F3A",
    ] {
        let reply = follow(&verv, Method::GET, typed, &[PERSON])
            .await
            .expect(302);
        assert!(
            reply.header("location").contains("ref=JAN-VERV-8F3A&"),
            "{typed}"
        );
    }
}

#[tokio::test]
async fn whoever_is_no_person_is_led_on_and_never_counted() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let agent = |agent| ("user-agent", agent);
    for (method, headers) in [
        (Method::HEAD, vec![PERSON]),
        (Method::GET, vec![PERSON, ("sec-purpose", "prefetch")]),
        (
            Method::GET,
            vec![PERSON, ("sec-purpose", "prefetch;prerender")],
        ),
        (Method::GET, vec![PERSON, ("purpose", "prefetch")]),
        (Method::GET, vec![PERSON, ("x-moz", "prefetch")]),
        (
            Method::GET,
            vec![agent(
                "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            )],
        ),
        (
            Method::GET,
            vec![agent(
                "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            )],
        ),
        (
            Method::GET,
            vec![agent(
                "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
            )],
        ),
        (Method::GET, vec![agent("WhatsApp/2.23.20.0")]),
    ] {
        let reply = follow(&verv, method.clone(), CODE, &headers)
            .await
            .expect(302);
        assert_eq!(
            reply.header("location"),
            "https://app.org.no/join?ref=JAN-VERV-8F3A",
            "{headers:?}"
        );
        assert_eq!(reply.header("cache-control"), "no-store");
    }
    assert_eq!(clicks(&verv).await, 0);
}

#[tokio::test]
async fn a_link_that_does_not_work_shows_a_small_page() {
    let verv = Verv::start().await;
    for (mentor, code, end) in [
        ("usr_1", "INACTIVE", End::Deactivated),
        ("usr_2", "INVALIDATED", End::Invalidated),
        ("usr_3", "DELETED", End::Deleted),
    ] {
        verv.make_ended_code(mentor, ORG, code, end).await;
    }
    let body = json!({"mentor_id": "usr_4", "org_id": ORG, "code": "EXPIRED", "expires_at": "2026-03-26T12:00:01Z"});
    verv.post(RECORDS, body).await.expect(201);
    verv.set_clock("2026-03-26T12:00:01Z");
    let long = "X".repeat(2_000);
    for code in [
        "UNKNOWN",
        "INACTIVE",
        "INVALIDATED",
        "DELETED",
        "EXPIRED",
        "%00",
        "%FF",
        "%2F%2Fevil.example",
        "%3Cscript%3E",
        "---",
        &long,
    ] {
        for method in [Method::GET, Method::HEAD] {
            let reply = follow(&verv, method, code, &[PERSON]).await.expect(404);
            assert_eq!(
                reply.header("content-type"),
                "text/html; charset=utf-8",
                "{code}"
            );
            assert_eq!(reply.header("cache-control"), "no-store", "{code}");
            assert_eq!(reply.header("location"), "", "{code}");
            assert!(!reply.text.contains("script"), "{code}");
        }
    }
    let page = follow(&verv, Method::GET, "UNKNOWN", &[]).await.expect(404);
    assert!(page.text.starts_with("<!doctype html>"), "{}", page.text);
    let all = verv.get(ATTRIBUTIONS).await.expect(200).json();
    assert_eq!(all["pagination"]["total"], 0);
}

#[tokio::test]
async fn a_code_at_its_limit_leads_nowhere() {
    let verv = Verv::start().await;
    let body = json!({"mentor_id": MENTOR, "org_id": ORG, "code": CODE, "max_referrals": 1});
    verv.post(RECORDS, body).await.expect(201);
    let id = verv.click(CODE).await;
    verv.confirm(&id, CODE, "usr_1").await.expect(200);
    for headers in [vec![PERSON], vec![PERSON, ("sec-purpose", "prefetch")]] {
        follow(&verv, Method::GET, CODE, &headers).await.expect(404);
    }
    assert_eq!(clicks(&verv).await, 1);
}

#[tokio::test]
async fn nothing_in_a_request_changes_where_a_link_leads() {
    let verv = Verv::with_settings(&[("JOIN_BASE_URL", "https://example.org/join?lang=no")]).await;
    verv.make_example_code().await;
    let headers = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("sec-purpose", "prefetch"),
    ];
    let join = "https://example.org/join?lang=no&ref=JAN-VERV-8F3A";
    for (query, carried) in [
        ("", ""),
        (
            "?ref=OTHER&lang=en&click=attr_1&url=https://evil.example",
            "&url=https%3A%2F%2Fevil.example",
        ),
    ] {
        let code = format!("{CODE}{query}");
        let reply = follow(&verv, Method::GET, &code, &headers)
            .await
            .expect(302);
        assert_eq!(reply.header("location"), format!("{join}{carried}"));
    }
}

#[tokio::test]
async fn what_a_browser_sends_beyond_measure_is_shortened_or_dropped() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let (agent, referrer) = (
        "a".repeat(1_500),
        format!("https://x.example/{}", "r".repeat(2_100)),
    );
    let headers = [
        ("user-agent", agent.as_str()),
        ("referer", referrer.as_str()),
    ];
    let reply = follow(&verv, Method::GET, CODE, &headers).await.expect(302);
    let (_, id) = reply
        .header("location")
        .split_once("click=")
        .expect("a click");
    let click = verv.get(&format!("{ATTRIBUTIONS}/{id}")).await.expect(200);
    assert_eq!(click.string("/user_agent").len(), 1_024);
    assert_eq!(click.json()["referrer_url"], json!(null));
}

#[tokio::test]
async fn a_link_as_people_paste_it_leads_on() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    for pasted in [
        "JAN-VERV-8F3A.",
        "JAN-VERV-8F3A,",
        "jan-verv-8f3a)",
        "JAN-VERV-8F3A%E2%80%9D",
        "JAN-VERV-8F3A/",
        "JAN-VERV-8F3A./",
    ] {
        let visit = verv.get(&format!("/r/{pasted}")).await.expect(302);
        assert!(
            visit
                .header("location")
                .contains("ref=JAN-VERV-8F3A&click=")
        );
    }
}

#[tokio::test]
async fn what_is_below_a_code_leads_nowhere() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    for path in ["/r/JAN-VERV-8F3A/x", "/r/JAN-VERV-8F3A//", "/r/", "/r//"] {
        let visit = verv.get(path).await.expect(404);
        let kind = visit.header("content-type");
        assert_eq!(kind, "text/html; charset=utf-8", "{path}");
    }
    assert_eq!(clicks(&verv).await, 0);
}

#[tokio::test]
async fn the_parameters_of_a_visit_go_on_to_the_join_page_and_none_passes_for_ours() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let path = "/r/JAN-VERV-8F3A?utm_source=flyer&ref=OTHER&click=attr_x&q=a%20b";
    let visit = verv.get(path).await.expect(302);
    let (base, click) = visit
        .header("location")
        .split_once("&click=")
        .expect("a click");
    assert_eq!(
        base,
        "https://app.org.no/join?ref=JAN-VERV-8F3A&utm_source=flyer&q=a+b"
    );
    assert_eq!(click.len(), "attr_".len() + 32);
    let long = format!("/r/JAN-VERV-8F3A?q={}", "x".repeat(2_000));
    let visit = verv.get(&long).await.expect(302);
    assert!(!visit.header("location").contains("xx"));
}

#[tokio::test]
async fn a_link_that_leads_nowhere_leads_to_the_fallback_where_there_is_one() {
    let fallback = [("LINK_FALLBACK_URL", "https://app.org.no/sorry")];
    let verv = Verv::with_settings(&fallback).await;
    for path in ["/r/NO-SUCH-CODE", "/r/%00", "/r/..."] {
        let visit = verv.get(path).await.expect(302);
        assert_eq!(visit.header("location"), "https://app.org.no/sorry");
        assert_eq!(visit.header("cache-control"), "no-store");
    }
}
