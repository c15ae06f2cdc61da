//! Series by day as a picture.

use axum::http::Method;
use tests::Verv;
use tests::flows::{ATTRIBUTIONS, CODE, MENTOR, ORG};

const SVG: (&str, &str) = ("accept", "image/svg+xml,image/*,*/*;q=0.8");

#[tokio::test]
async fn a_series_is_drawn_for_who_accepts_svg() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    for _ in 0..3 {
        verv.click(CODE).await;
    }
    let click = verv.click(CODE).await;
    verv.confirm(&click, CODE, "usr_5892").await.expect(200);
    for (path, name) in [
        (
            format!("{ATTRIBUTIONS}/mentor/{MENTOR}/timeseries?period=7d"),
            MENTOR,
        ),
        (
            format!("{ATTRIBUTIONS}/timeseries?org_id={ORG}&period=7d"),
            ORG,
        ),
    ] {
        let first = verv
            .call(Method::GET, &path, &[SVG], None)
            .await
            .expect(200);
        assert_eq!(first.header("content-type"), "image/svg+xml");
        assert_eq!(first.header("verv-as-of"), "2026-03-26T12:00:00Z");
        for part in [
            format!("<title id=\"name\">{name}, 2026-03-20 to 2026-03-26</title>"),
            "<desc id=\"sum\">4 clicks and 1 conversion</desc>".to_owned(),
            "<title>2026-03-26: 4 clicks, 1 conversion</title>".to_owned(),
        ] {
            assert!(first.text.contains(&part), "{part} in {}", first.text);
        }
        let known = [SVG, ("if-none-match", first.header("etag"))];
        verv.call(Method::GET, &path, &known, None)
            .await
            .expect(304);
        let click = verv.click(CODE).await;
        let changed = verv.call(Method::GET, &path, &known, None).await;
        let changed = changed.expect(200).text;
        assert!(changed.contains("5 clicks"), "{changed}");
        let click = format!("{ATTRIBUTIONS}/{click}");
        verv.delete(&click).await.expect(200);
    }
}

#[tokio::test]
async fn a_chart_is_in_its_readers_language_and_kept_apart_by_it() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    verv.click(CODE).await;
    let path = format!("{ATTRIBUTIONS}/mentor/{MENTOR}/timeseries?period=7d");
    let mut tags = Vec::new();
    for (language, text) in [
        ("nb-NO,nb;q=0.9", "1 klikk og 0 vervinger"),
        ("en", "1 click and 0 conversions"),
    ] {
        let accept = [SVG, ("accept-language", language)];
        let chart = verv.call(Method::GET, &path, &accept, None);
        let chart = chart.await.expect(200);
        assert!(chart.text.contains(text), "{}", chart.text);
        assert_eq!(chart.header("vary"), "accept, accept-language");
        tags.push(chart.header("etag").to_owned());
    }
    assert_ne!(tags[0], tags[1]);
}

#[tokio::test]
async fn json_and_csv_stay_as_they_are() {
    let verv = Verv::start().await;
    let path = format!("{ATTRIBUTIONS}/mentor/{MENTOR}/timeseries?period=7d");
    for (accept, kind) in [
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("text/csv, image/svg+xml;q=0.9", "text/csv; charset=utf-8"),
        ("application/json, image/svg+xml;q=0.9", "application/json"),
    ] {
        let accept = [("accept", accept)];
        let series = verv.call(Method::GET, &path, &accept, None);
        let series = series.await.expect(200);
        assert_eq!(series.header("content-type"), kind, "{accept:?}");
        assert_eq!(series.header("vary"), "accept, accept-language");
    }
}
