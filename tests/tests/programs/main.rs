//! Programs: their life, and the terms that they give codes.

mod effect;
mod resource;

use axum::http::Method;
use serde_json::{Value, json};
use tests::{Reply, Verv};

const PROGRAMS: &str = "/api/v1/referral-programs";
const CODES: &str = "/api/v1/referral-codes";
const CLICKS: &str = "/api/v1/referral-attributions";
const VALIDATE: &str = "/gafapay/v3/reward_promotion/validate_referral_code";

fn spring(change: Value) -> Value {
    let mut program = json!({"org_id": "org_1", "name": "Spring", "currency_id": "NOK"});
    for (name, value) in change.as_object().expect("an object") {
        program[name] = value.clone();
    }
    program
}

async fn program(verv: &Verv, change: Value) -> String {
    let made = verv.post(PROGRAMS, spring(change)).await.expect(201);
    made.string("/id")
}

/// A code of `mentor` under `program`.
async fn code(verv: &Verv, mentor: &str, program: &str) -> Reply {
    let body = json!({"mentor_id": mentor, "org_id": "org_1", "referral_program_id": program});
    verv.post(CODES, body).await.expect(201)
}

async fn click(verv: &Verv, code: &str) -> Reply {
    verv.post(CLICKS, json!({"code": code})).await
}

async fn validate(verv: &Verv, code: &str, user_type: u8) -> Reply {
    let body = json!({"referral_code": code, "user_type": user_type});
    verv.call(
        Method::POST,
        VALIDATE,
        &[("companyid", "org_1")],
        Some(body),
    )
    .await
}
