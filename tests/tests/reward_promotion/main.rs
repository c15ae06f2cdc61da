//! The payments company's contracts, example by example, and DESIGN's table of refusals.

mod contracts;
mod envelope;
mod refusals;

use axum::http::Method;
use serde_json::{Value, json};
use tests::tokens::bearer;
use tests::{Reply, Verv};

const USER_CONTRACT: &str = include_str!("../../contracts/user-referral-code.txt");
const VALIDATE_CONTRACT: &str = include_str!("../../contracts/validate-referral-code.txt");

const USER: &str = "/gafapay/v3/reward_promotion/user_referral_code";
const VALIDATE: &str = "/gafapay/v3/reward_promotion/validate_referral_code";
const COMPANY: &str = "59388167894b4d10a04fe5da3b8a2104";
const MENTOR: &str = "fb8f09210e0f46b7b4262d77f5b6c273";
const CODE: &str = "C273551489XA";

/// The JSON document that a contract shows under a heading.
fn example(contract: &str, heading: &str) -> Value {
    let (_, after) = contract
        .split_once(&format!("\n{heading}\n"))
        .expect(heading);
    let mut documents = serde_json::Deserializer::from_str(after).into_iter();
    documents.next().expect("a document").expect(heading)
}

/// The platform with the contracts' code in it.
async fn platform() -> Verv {
    // The events' tokens never end.
    let verv = Verv::with_settings(&[("TOKEN_LIFETIME_HOURS", "876000")]).await;
    record(
        &verv,
        json!({"mentor_id": MENTOR, "org_id": COMPANY, "code": CODE}),
    )
    .await;
    verv
}

async fn record(verv: &Verv, body: Value) -> String {
    let made = verv.post("/api/v1/referral-code-records", body).await;
    made.expect(201).string("/id")
}

async fn ask(verv: &Verv, query: &str) -> Reply {
    ask_as(verv, &customer(verv), query).await
}

async fn ask_as(verv: &Verv, authorization: &str, query: &str) -> Reply {
    let headers = [("companyid", COMPANY), ("authorization", authorization)];
    verv.call(Method::GET, &format!("{USER}?{query}"), &headers, None)
        .await
}

fn customer(verv: &Verv) -> String {
    bearer(verv, MENTOR, &["ROLE_CUSTOMER"], None).replace("Bearer", "Token")
}

async fn validate(verv: &Verv, body: Value) -> Reply {
    verv.call(
        Method::POST,
        VALIDATE,
        &[("companyid", COMPANY)],
        Some(body),
    )
    .await
}

/// `example` with its record's id, which is ours to choose.
fn with_id(mut example: Value, id: &str) -> Value {
    example["data"]["referral_user"]["id"] = json!(id);
    example
}
