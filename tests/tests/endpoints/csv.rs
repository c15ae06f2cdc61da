//! Lists for spreadsheets: `Accept: text/csv`.

use axum::http::Method;
use serde_json::{Value, json};
use tests::flows::{ATTRIBUTIONS, CODE, CODES, MENTOR, ORG, RECORDS};
use tests::tokens::bearer;
use tests::{Reply, Verv};

const PROGRAMS: &str = "/api/v1/referral-programs";
const KEYS: &str = "/api/v1/api-keys";
const WEBHOOKS: &str = "/api/v1/webhooks";

/// Something in every list.
async fn filled() -> Verv {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    let click =
        json!({"code": CODE, "user_agent": "=HYPERLINK(\"x\",1)", "ip_address": "185.12.34.56"});
    verv.post(ATTRIBUTIONS, click).await.expect(201);
    let confirmed = verv.click(CODE).await;
    verv.confirm(&confirmed, CODE, "@usr_9").await.expect(200);
    let program = json!({"org_id": ORG, "name": "Spring, or \"summer\"", "currency_id": "NOK"});
    verv.post(PROGRAMS, program).await.expect(201);
    let key = json!({"org_id": ORG, "name": "Server", "scopes": ["codes:read", "stats:read"]});
    let staff = staff(&verv);
    verv.call_as(&staff, Method::POST, KEYS, Some(key))
        .await
        .expect(201);
    let webhook =
        json!({"org_id": ORG, "url": "https://hooks.example/?a=1,2", "events": ["code.created"]});
    let made = verv
        .call_as(&staff, Method::POST, WEBHOOKS, Some(webhook))
        .await;
    let test = format!("{WEBHOOKS}/{}/test", made.expect(201).string("/id"));
    verv.call_as(&staff, Method::POST, &test, None)
        .await
        .expect(202);
    verv
}

fn staff(verv: &Verv) -> String {
    bearer(verv, "staff_1", &["ROLE_ORG"], Some(ORG))
}

async fn get(verv: &Verv, path: &str, accept: &str) -> Reply {
    let staff = staff(verv);
    let headers = [("accept", accept), ("authorization", staff.as_str())];
    verv.call(Method::GET, path, &headers, None)
        .await
        .expect(200)
}

/// The lines of a CSV text as cells, by RFC 4180.
fn parse(text: &str) -> Vec<Vec<String>> {
    let (mut lines, mut line, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut is_quoted, mut characters) = (false, text.chars().peekable());
    while let Some(character) = characters.next() {
        match character {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                cell.extend(characters.next());
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => line.push(std::mem::take(&mut cell)),
            '\r' if !is_quoted => {
                assert_eq!(characters.next(), Some('\n'));
                line.push(std::mem::take(&mut cell));
                lines.push(std::mem::take(&mut line));
            }
            other => cell.push(other),
        }
    }
    assert!(line.is_empty() && cell.is_empty() && !is_quoted, "{text}");
    lines
}

/// What the cell of a JSON value says to who takes off the mark before a formula.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[tokio::test]
async fn csv_has_the_columns_of_the_json() {
    let verv = filled().await;
    let of_mentor = format!("{ATTRIBUTIONS}/mentor/{MENTOR}");
    let programs = format!("{PROGRAMS}?org_id={ORG}");
    let webhook = get(&verv, WEBHOOKS, "application/json").await;
    let deliveries = format!("{WEBHOOKS}/{}/deliveries", webhook.string("/data/0/id"));
    let shared = [CODES, RECORDS, ATTRIBUTIONS, &of_mentor, &programs, KEYS];
    for list in shared.into_iter().chain([WEBHOOKS, &deliveries]) {
        let json = get(&verv, list, "application/json").await;
        assert_eq!(json.header("content-type"), "application/json", "{list}");
        let csv = get(&verv, list, "text/csv").await;
        assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
        for reply in [&json, &csv] {
            assert_eq!(reply.header("vary"), "accept", "{list}");
            assert!(!reply.header("verv-as-of").is_empty(), "{list}");
        }
        let records = json.json()["data"].as_array().expect("records").clone();
        let lines = parse(&csv.text);
        assert_eq!(lines.len(), records.len() + 1, "{list}: {}", csv.text);
        for (record, line) in records.iter().zip(&lines[1..]) {
            let fields = record.as_object().expect("an object");
            assert_eq!(lines[0].len(), fields.len(), "{list}: {record}");
            for (name, cell) in lines[0].iter().zip(line) {
                let cell = cell.strip_prefix('\'').unwrap_or(cell);
                assert_eq!(cell, plain(&fields[name]), "{list}: {name}");
            }
        }
        // In the order of the JSON.
        let places = lines[0]
            .iter()
            .map(|name| json.text.find(&format!("\"{name}\":")));
        assert!(places.is_sorted(), "{list}: {:?}", lines[0]);
    }
}

#[tokio::test]
async fn a_list_that_is_empty_has_its_header_line() {
    let verv = Verv::start().await;
    let csv = get(&verv, &format!("{RECORDS}?org_id=nowhere"), "text/csv").await;
    assert_eq!(
        csv.text,
        "id,mentor_id,org_id,code,status,created_at,deactivated_at\r\n"
    );
}

#[tokio::test]
async fn what_a_visitor_sends_is_no_formula() {
    let verv = filled().await;
    let csv = get(&verv, ATTRIBUTIONS, "text/csv").await.text;
    assert!(csv.contains("\"'=HYPERLINK(\"\"x\"\",1)\""), "{csv}");
    assert!(csv.contains(",'@usr_9,"), "{csv}");
}

#[tokio::test]
async fn csv_goes_on_where_its_link_leads() {
    let verv = Verv::start().await;
    verv.make_example_code().await;
    for _ in 0..5 {
        verv.click(CODE).await;
    }
    let mut path = format!("{ATTRIBUTIONS}?status=pending&limit=2");
    let mut ids = Vec::new();
    loop {
        let page = get(&verv, &path, "text/csv").await;
        let lines = parse(&page.text);
        assert_eq!(lines[0][0], "id");
        ids.extend(lines[1..].iter().map(|line| line[0].clone()));
        let Some((next, _)) = page.header("link").split_once(">; rel=\"next\"") else {
            break;
        };
        path = next.trim_start_matches('<').to_owned();
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5);
}

#[tokio::test]
async fn nobody_is_answered_406_and_refusals_stay_json() {
    let verv = filled().await;
    for accept in ["application/xml", "image/png", "text/csv;q=0", "nonsense"] {
        let reply = get(&verv, CODES, accept).await;
        assert_eq!(reply.header("content-type"), "application/json", "{accept}");
    }
    let path = format!("{CODES}?page=0");
    let headers = [("accept", "text/csv")];
    let refused = verv.call(Method::GET, &path, &headers, None).await;
    let refused = refused.expect(400);
    assert_eq!(refused.header("content-type"), "application/problem+json");
}
