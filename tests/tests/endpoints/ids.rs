//! Ids as identity providers issue them: in a body, a query string, and a path.

use serde_json::json;
use tests::Verv;
use tests::flows::{ATTRIBUTIONS, CODES, RECORDS};
use tests::samples::{read, replay};

const MENTOR: &str = "auth0|64f+a=b";
const ORG: &str = "tenant=7|no";
const MEMBER: &str = "waad|x+y=";

/// `text` as a client percent-encodes it.
fn encoded(text: &str) -> String {
    text.replace('|', "%7C")
        .replace('+', "%2B")
        .replace('=', "%3D")
}

#[tokio::test]
async fn an_id_of_an_identity_provider_goes_through_body_query_and_path() {
    let verv = Verv::start().await;
    let pair = json!({"mentor_id": MENTOR, "org_id": ORG});
    let made = verv.post(CODES, pair).await.expect(201);
    let query = format!("mentor_id={}&org_id={}", encoded(MENTOR), encoded(ORG));
    let active = verv.get(&format!("{RECORDS}/active?{query}")).await;
    assert_eq!(active.expect(200).string("/id"), made.string("/id"));
    // What a URL may hold as itself need not be encoded; a plus in a query is a space.
    let query = format!("mentor_id={}&org_id={ORG}", MENTOR.replace('+', "%2B"));
    let listed = verv.get(&format!("{CODES}?{query}")).await.expect(200);
    assert_eq!(listed.json()["pagination"]["total"], 1);

    let click = json!({"code": made.string("/code")});
    let click = verv.post(ATTRIBUTIONS, click).await.expect(201);
    let path = format!("{ATTRIBUTIONS}/{}", click.string("/id"));
    let confirmation = json!({"code": made.string("/code"), "new_member_id": MEMBER});
    let confirmed = verv.put(&path, confirmation).await.expect(200);
    assert_eq!(confirmed.string("/new_member_id"), MEMBER);
    for mentor in [encoded(MENTOR), MENTOR.to_owned()] {
        let path = format!("{ATTRIBUTIONS}/mentor/{mentor}/total");
        let total = verv.get(&path).await.expect(200);
        assert_eq!(total.string("/mentor_id"), MENTOR);
        assert_eq!(total.json()["total_conversions"], 1);
    }
}

#[tokio::test]
async fn a_path_that_api_gateway_decoded_is_the_same_path() {
    let verv = Verv::start().await;
    let pair = json!({"mentor_id": MENTOR, "org_id": ORG});
    verv.post(CODES, pair).await.expect(201);
    let mut event = read("attributions-mentor-total");
    let mut answers = Vec::new();
    for mentor in [MENTOR.to_owned(), encoded(MENTOR)] {
        event["rawPath"] = json!(format!("{ATTRIBUTIONS}/mentor/{mentor}/total"));
        answers.push(replay(&verv, &event).await.expect(200).text);
    }
    assert!(
        answers[0].contains(MENTOR) && answers[0] == answers[1],
        "{answers:?}"
    );
    // What no URI may hold is a bad id, and no panic.
    for mentor in [
        "a b", "a<b", "a\"b", "å", "a?b", "a#b", "a\\b", "{a}", "a%", "\u{0}",
    ] {
        event["rawPath"] = json!(format!("{ATTRIBUTIONS}/mentor/{mentor}/total"));
        let answer = replay(&verv, &event).await.expect(400);
        assert!(
            answer.text.contains("\"field\":\"mentor_id\""),
            "{}",
            answer.text
        );
    }
}
