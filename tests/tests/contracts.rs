//! Every example of the three contracts, field by field: no field more, none less, the same
//! types, and the same values wherever the server does not make them up.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::contract::{Endpoint, differences, endpoints};
use tests::flows::{ATTRIBUTIONS, CODE, CODES, MENTOR, ORG, RECORDS};
use tests::{Reply, Verv};

const ATTRIBUTIONS_CONTRACT: &str = include_str!("../contracts/referral-attributions.txt");
const RECORDS_CONTRACT: &str = include_str!("../contracts/referral-code-records.txt");
const CODES_CONTRACT: &str = include_str!("../contracts/referral-codes.txt");

/// Asserts that `reply` is `endpoint`'s example.
#[track_caller]
fn assert_example(endpoint: &Endpoint, reply: &Reply, status: StatusCode, generated: &[&str]) {
    assert_eq!(reply.status, status, "{}: {}", endpoint.name, reply.text);
    let mut body = reply.json();
    // A list that goes on says where: an addition to the contract, and the only one.
    let more = body.as_object_mut().and_then(|o| o.remove("next_cursor"));
    let records = body["data"].as_array().map_or(0, Vec::len) as u64;
    let total = body["pagination"]["total"].as_u64().unwrap_or(0);
    assert_eq!(more.is_some(), records < total, "{}", endpoint.name);
    let differences = differences(&endpoint.response, &body, generated);
    assert!(
        differences.is_empty(),
        "{}: {differences:#?}",
        endpoint.name
    );
    // Records that the example does not show look like the one that it does.
    let template = &endpoint.response["data"][0];
    for record in body["data"].as_array().into_iter().flatten() {
        let keys = |value: &Value| value.as_object().map(|o| o.keys().cloned().collect());
        let shown: Option<BTreeSet<String>> = keys(record);
        assert_eq!(shown, keys(template), "{}", endpoint.name);
    }
}

/// `endpoint`'s request: its method, its body, and `path`.
async fn perform(verv: &Verv, endpoint: &Endpoint, path: &str) -> Reply {
    let (method, _) = endpoint.name.split_once(' ').expect("a method");
    let method: Method = method.parse().expect("a method");
    let body = endpoint.request.clone();
    verv.call(method, path, &[], body).await
}

/// Makes the contracts' code at the time that they show; the record's id.
async fn code_of_january(verv: &Verv) -> String {
    verv.set_clock("2026-01-10T09:00:00Z");
    verv.make_example_code().await
}

/// Codes of other mentors, older than the contracts' own: 47 in all, as the contracts show.
async fn forty_seven_codes(verv: &Verv) {
    verv.set_clock("2026-01-09T09:00:00Z");
    for number in 1..47 {
        let (mentor, code) = (format!("usr_{number}"), format!("OLD-{number:04}"));
        verv.make_code(&mentor, ORG, &code).await;
    }
    code_of_january(verv).await;
}

const OK: StatusCode = StatusCode::OK;
const CREATED: StatusCode = StatusCode::CREATED;

#[tokio::test]
async fn code_records_answer_as_their_contract_shows() {
    let endpoints = endpoints(RECORDS_CONTRACT);
    assert_eq!(endpoints.len(), 7);
    for endpoint in &endpoints {
        let verv = Verv::start().await;
        match endpoint.name.as_str() {
            "GET /api/v1/referral-code-records" => {
                forty_seven_codes(&verv).await;
                let reply = perform(&verv, endpoint, RECORDS).await;
                assert_example(endpoint, &reply, OK, &["/data/0/id"]);
            }
            "GET /api/v1/referral-code-records/:id" => {
                let path = format!("{RECORDS}/{}", code_of_january(&verv).await);
                let reply = perform(&verv, endpoint, &path).await;
                assert_example(endpoint, &reply, OK, &["/id"]);
            }
            "POST /api/v1/referral-code-records" => {
                let reply = perform(&verv, endpoint, RECORDS).await;
                assert_example(endpoint, &reply, CREATED, &["/id"]);
                let location = format!("{RECORDS}/{}", reply.string("/id"));
                assert_eq!(reply.header("location"), location);
            }
            "PUT /api/v1/referral-code-records/:id" => {
                let path = format!("{RECORDS}/{}", code_of_january(&verv).await);
                verv.set_clock("2026-03-26T12:07:00Z");
                let reply = perform(&verv, endpoint, &path).await;
                assert_example(endpoint, &reply, OK, &["/id"]);
            }
            "DELETE /api/v1/referral-code-records/:id" => {
                let path = format!("{RECORDS}/{}", code_of_january(&verv).await);
                verv.set_clock("2026-03-26T12:10:00Z");
                let reply = perform(&verv, endpoint, &path).await;
                assert_example(endpoint, &reply, OK, &["/id"]);
            }
            "GET /api/v1/referral-code-records/active" => {
                code_of_january(&verv).await;
                let path = format!("{RECORDS}/active?mentor_id={MENTOR}&org_id={ORG}");
                let reply = perform(&verv, endpoint, &path).await;
                assert_example(endpoint, &reply, OK, &["/id"]);
            }
            "GET /api/v1/referral-code-records/lookup" => {
                code_of_january(&verv).await;
                let path = format!("{RECORDS}/lookup?code={CODE}");
                let reply = perform(&verv, endpoint, &path).await;
                assert_example(endpoint, &reply, OK, &["/id"]);
            }
            other => panic!("{other} is not tested"),
        }
    }
}

#[tokio::test]
async fn codes_answer_as_their_contract_shows() {
    let endpoints = endpoints(CODES_CONTRACT);
    assert_eq!(endpoints.len(), 6);
    for endpoint in &endpoints {
        let verv = Verv::start().await;
        match endpoint.name.as_str() {
            "GET /api/v1/referral-codes" => {
                forty_seven_codes(&verv).await;
                let reply = perform(&verv, endpoint, CODES).await;
                assert_example(endpoint, &reply, OK, &["/data/0/id"]);
            }
            "GET /api/v1/referral-codes/:id" => {
                let path = format!("{CODES}/{}", code_of_january(&verv).await);
                let reply = perform(&verv, endpoint, &path).await;
                assert_example(endpoint, &reply, OK, &["/id"]);
            }
            "POST /api/v1/referral-codes" => {
                verv.set_clock("2026-01-10T09:00:00Z");
                let made = perform(&verv, endpoint, CODES).await;
                assert_example(endpoint, &made, CREATED, &["/id", "/code", "/url"]);
                let url = format!("https://app.org.no/join?ref={}", made.string("/code"));
                assert_eq!(made.string("/url"), url);

                let verv = Verv::start().await;
                code_of_january(&verv).await;
                let got = perform(&verv, endpoint, CODES).await;
                assert_example(endpoint, &got, OK, &["/id"]);
            }
            "PUT /api/v1/referral-codes/:id" => {
                let old = code_of_january(&verv).await;
                verv.set_clock("2026-03-26T11:30:00Z");
                let reply = perform(&verv, endpoint, &format!("{CODES}/{old}")).await;
                assert_example(endpoint, &reply, OK, &["/id", "/code", "/url"]);
                let code = reply.string("/code");
                assert!(code.starts_with("JAN-VERV-"), "{code}");
                assert_eq!(code.len(), CODE.len(), "{code}");
                assert_ne!(code, CODE);
                assert_ne!(reply.string("/id"), old);
                let url = format!("https://app.org.no/join?ref={code}");
                assert_eq!(reply.string("/url"), url);
            }
            "DELETE /api/v1/referral-codes/:id" => {
                let path = format!("{CODES}/{}", code_of_january(&verv).await);
                verv.set_clock("2026-03-26T12:00:00Z");
                let reply = perform(&verv, endpoint, &path).await;
                assert_example(endpoint, &reply, OK, &["/id"]);
            }
            "GET /api/v1/referral-codes/:id/url" => {
                let path = format!("{CODES}/{}/url", code_of_january(&verv).await);
                verv.set_clock("2026-03-26T11:00:00Z");
                let reply = perform(&verv, endpoint, &path).await;
                assert_example(endpoint, &reply, OK, &[]);
            }
            other => panic!("{other} is not tested"),
        }
    }
}

/// Records the click of the attribution contract when it shows it; the attribution's id.
async fn click_of_march(verv: &Verv, endpoints: &[Endpoint]) -> String {
    let example = endpoints
        .iter()
        .find_map(|endpoint| endpoint.request.clone());
    let click = example.expect("the first request is a click's");
    verv.set_clock("2026-03-20T14:22:01Z");
    verv.post(ATTRIBUTIONS, click)
        .await
        .expect(201)
        .string("/id")
}

/// `clicks` clicks on `code`, the first `conversions` of them confirmed.
async fn history(verv: &Verv, code: &str, clicks: usize, conversions: usize) {
    for number in 0..clicks {
        let id = verv.click(code).await;
        if number < conversions {
            let member = format!("member-{code}-{number}");
            verv.confirm(&id, code, &member).await.expect(200);
        }
    }
}

#[tokio::test]
async fn attributions_answer_as_their_contract_shows() {
    let endpoints = endpoints(ATTRIBUTIONS_CONTRACT);
    assert_eq!(endpoints.len(), 7);
    for endpoint in &endpoints {
        let verv = Verv::start().await;
        code_of_january(&verv).await;
        let of_mentor = format!("{ATTRIBUTIONS}/mentor/{MENTOR}");
        match endpoint.name.as_str() {
            "GET /api/v1/referral-attributions" => {
                verv.make_code("usr_1", "org_001", "OTHER-CODE").await;
                history(&verv, "OTHER-CODE", 274, 3).await;
                history(&verv, CODE, 37, 2).await;
                click_of_march(&verv, &endpoints).await;
                let reply = perform(&verv, endpoint, ATTRIBUTIONS).await;
                assert_example(endpoint, &reply, OK, &["/data/0/id"]);
            }
            "GET /api/v1/referral-attributions/:id" => {
                let id = click_of_march(&verv, &endpoints).await;
                let reply = perform(&verv, endpoint, &format!("{ATTRIBUTIONS}/{id}")).await;
                assert_example(endpoint, &reply, OK, &["/id"]);
            }
            "POST /api/v1/referral-attributions" => {
                verv.set_clock("2026-03-20T14:22:01Z");
                let reply = perform(&verv, endpoint, ATTRIBUTIONS).await;
                assert_example(endpoint, &reply, CREATED, &["/id"]);
                let location = format!("{ATTRIBUTIONS}/{}", reply.string("/id"));
                assert_eq!(reply.header("location"), location);
            }
            "PUT /api/v1/referral-attributions/:id" => {
                let id = click_of_march(&verv, &endpoints).await;
                verv.set_clock("2026-03-25T10:00:02Z");
                let reply = perform(&verv, endpoint, &format!("{ATTRIBUTIONS}/{id}")).await;
                assert_example(endpoint, &reply, OK, &["/id"]);
            }
            "DELETE /api/v1/referral-attributions/:id" => {
                let id = click_of_march(&verv, &endpoints).await;
                verv.set_clock("2026-03-26T12:00:00Z");
                let reply = perform(&verv, endpoint, &format!("{ATTRIBUTIONS}/{id}")).await;
                assert_example(endpoint, &reply, OK, &["/id"]);
            }
            "GET /api/v1/referral-attributions/mentor/:mentorId" => {
                history(&verv, CODE, 36, 2).await;
                // Newest first: the conversion of the example was recorded before the click.
                verv.set_clock("2026-03-25T10:00:00Z");
                let conversion = verv.click(CODE).await;
                verv.confirm(&conversion, CODE, "usr_5892")
                    .await
                    .expect(200);
                verv.set_clock("2026-03-26T12:00:00Z");
                let click = json!({"code": CODE, "occurred_at": "2026-03-20T14:22:00Z"});
                verv.post(ATTRIBUTIONS, click).await.expect(201);
                let reply = perform(&verv, endpoint, &of_mentor).await;
                assert_example(endpoint, &reply, OK, &["/data/0/id", "/data/1/id"]);
            }
            "GET /api/v1/referral-attributions/mentor/:mentorId/total" => {
                history(&verv, CODE, 94, 12).await;
                let reply = perform(&verv, endpoint, &format!("{of_mentor}/total")).await;
                assert_example(endpoint, &reply, OK, &[]);
            }
            other => panic!("{other} is not tested"),
        }
    }
}

#[test]
fn the_contracts_list_the_routes_of_the_three_functions() {
    let contracts = [RECORDS_CONTRACT, CODES_CONTRACT, ATTRIBUTIONS_CONTRACT];
    let listed: BTreeSet<_> = contracts
        .into_iter()
        .flat_map(endpoints)
        .map(|endpoint| {
            let name = endpoint.name.replace(":mentorId", "{mentor_id}");
            name.replace(":id", "{id}")
        })
        .collect();
    assert_eq!(listed.len(), 20);
    let routes = local::routes();
    let declared = routes.declarations().iter();
    let routes: BTreeSet<_> = declared
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert!(
        listed.is_subset(&routes),
        "{:?}",
        listed.difference(&routes)
    );
}
