//! What a browser opens: the pages, their assets, and the page that shares a short link.

use axum::http::Method;
use serde_json::json;
use tests::flows::{ATTRIBUTIONS, CODE, MENTOR, ORG};
use tests::{Reply, Verv};

async fn open(verv: &Verv, path: &str, headers: &[(&str, &str)]) -> Reply {
    verv.call(Method::GET, path, headers, None).await
}

#[tokio::test]
async fn a_page_is_asked_for_each_time_and_its_assets_never_again() {
    let verv = Verv::start().await;
    for path in ["/", "/console", "/docs"] {
        let page = open(&verv, path, &[]).await.expect(200);
        assert_eq!(page.header("cache-control"), "no-cache", "{path}");
        let tag = page.header("etag").to_owned();
        let again = open(&verv, path, &[("if-none-match", &tag)]).await;
        assert_eq!(again.expect(304).text, "", "{path}");
        let assets: Vec<_> = page.text.split('"').collect();
        let assets = assets.iter().filter(|text| text.starts_with("/assets/"));
        let mut opened = 0;
        for asset in assets {
            let answer = open(&verv, asset, &[]).await.expect(200);
            let kept = answer.header("cache-control");
            assert_eq!(kept, "public, max-age=31536000, immutable", "{asset}");
            opened += 1;
        }
        assert!(opened >= 3, "{path}: {opened}");
    }
}

#[tokio::test]
async fn an_asset_of_another_version_is_not_kept_and_no_page_is_an_asset() {
    let verv = Verv::start().await;
    let other = open(&verv, "/assets/0/app.js", &[]).await.expect(200);
    assert_eq!(other.header("cache-control"), "no-store");
    for name in ["nothing.js", "console.html", "openapi.yaml", "%ff", ".."] {
        let reply = open(&verv, &format!("/assets/0/{name}"), &[]).await;
        assert_eq!(
            reply.expect(404).string("/code"),
            "file_not_found",
            "{name}"
        );
    }
}

#[tokio::test]
async fn the_document_is_served_as_it_is() {
    let verv = Verv::start().await;
    let served = open(&verv, "/openapi.yaml", &[]).await.expect(200);
    let written = tests::template::repository().join("openapi.yaml");
    let written = std::fs::read_to_string(written).expect("the document");
    assert!(served.text == written, "another document");
}

#[tokio::test]
async fn the_share_page_leads_to_the_short_link_and_counts_nobody() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    for spelling in [CODE, "jan-verv-8f3a", "JAN%20VERV%208F3A"] {
        let page = open(&verv, &format!("/s/{spelling}"), &[])
            .await
            .expect(200);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        for part in [
            "<a class=\"join\" href=\"https://org.no/r/JAN-VERV-8F3A\">",
            "property=\"og:url\" content=\"https://org.no/s/JAN-VERV-8F3A\"",
            "property=\"og:image\" content=\"https://org.no/s/JAN-VERV-8F3A/qr\"",
        ] {
            assert!(page.text.contains(part), "{part}: {}", page.text);
        }
    }
    let picture = open(&verv, &format!("/s/{CODE}/qr"), &[]).await.expect(200);
    assert_eq!(picture.header("content-type"), "image/png");
    let total = format!("{ATTRIBUTIONS}/mentor/{MENTOR}/total");
    assert_eq!(verv.get(&total).await.json()["total_clicks"], 0);
}

#[tokio::test]
async fn a_share_page_of_no_usable_code_is_the_page_that_says_so() {
    let verv = Verv::start().await;
    let id = verv.make_code("usr_1", ORG, "GONE-CODE").await;
    let path = format!("/api/v1/referral-code-records/{id}");
    verv.put(&path, json!({"status": "inactive"}))
        .await
        .expect(200);
    for path in [
        "/s/NOBODYS",
        "/s/GONE-CODE",
        "/s/GONE-CODE/qr",
        "/s/%3Cb%3E",
        "/s",
    ] {
        let reply = open(&verv, path, &[]).await.expect(404);
        assert_eq!(
            reply.header("content-type"),
            "text/html; charset=utf-8",
            "{path}"
        );
        assert!(!reply.text.contains("<b>"), "{path}");
    }
}

#[tokio::test]
async fn pages_of_short_links_are_in_the_language_of_their_reader() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let norwegian = [("accept-language", "nb-NO,nb;q=0.9,en;q=0.8")];
    let english = [("accept-language", "en-GB")];
    for (path, headers, status, language, text) in [
        ("/s/JAN-VERV-8F3A", &norwegian, 200, "nb", "Meld deg inn"),
        ("/s/JAN-VERV-8F3A", &english, 200, "en", "Join now"),
        ("/s/JAN-VERV-8F3A?lang=nb", &english, 200, "nb", "?lang=en"),
        (
            "/s/JAN-VERV-8F3A?lang=en",
            &norwegian,
            200,
            "en",
            "?lang=nb",
        ),
        ("/s/NOBODYS", &norwegian, 404, "nb", "virker ikke"),
        ("/r/NOBODYS", &norwegian, 404, "nb", "virker ikke"),
        ("/r/a/b", &norwegian, 404, "nb", "virker ikke"),
        ("/r/a/b", &english, 404, "en", "does not work"),
    ] {
        let page = open(&verv, path, headers).await.expect(status);
        let start = format!("<!doctype html>\n<html lang=\"{language}\">");
        assert!(page.text.starts_with(&start), "{path}: {}", page.text);
        assert!(page.text.contains(text), "{path}: {}", page.text);
    }
}

/// Where short links are served elsewhere, nobody knows whether the share page is there, too.
#[tokio::test]
async fn a_preview_names_no_address_that_is_not_known() {
    let verv = Verv::with_settings(&[("SHORT_BASE_URL", "https://go.org.no")]).await;
    verv.make_example_code().await;
    let page = open(&verv, &format!("/s/{CODE}"), &[]).await.expect(200);
    assert!(
        page.text
            .contains("<a class=\"join\" href=\"https://go.org.no/JAN-VERV-8F3A\">")
    );
    assert!(!page.text.contains("og:url"), "{}", page.text);
}
