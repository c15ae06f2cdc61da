//! Programs, codes under them, and the payments company's two routes.

use crate::platform::Platform;
use serde_json::{Value, json};
use tests::tokens::bearer;

const PROGRAMS: &str = "/api/v1/referral-programs";
const CODES: &str = "/api/v1/referral-codes";
const RECORDS: &str = "/api/v1/referral-code-records";
const ATTRIBUTIONS: &str = "/api/v1/referral-attributions";
const USERS_CODE: &str = "/gafapay/v3/reward_promotion/user_referral_code";
const VALIDATE: &str = "/gafapay/v3/reward_promotion/validate_referral_code";

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().expect("text").to_owned()
}

fn new_program(name: &str) -> Value {
    json!({
        "org_id": "org_003", "name": name, "currency_id": "NOK", "eligible_user_types": [2],
        "max_referrals_per_code": 10, "attribution_window_days": 30,
    })
}

pub(crate) async fn programs(platform: &Platform) {
    let new = new_program("Spring");
    let post = format!("POST {PROGRAMS}");
    let with_key = [("idempotency-key", "spring")];
    let mut kept = Value::Null;
    for _ in 0..2 {
        kept = platform.call(&post, &with_key, new.clone(), 201).await;
    }
    let unused = platform.call(&post, &[], new.clone(), 201).await;
    let used = platform.call(&post, &[], new, 201).await;
    let path = |program: &Value| format!("{PROGRAMS}/{}", text(program, "id"));
    platform.get(&path(&used)).await;
    platform.get(&format!("{PROGRAMS}?org_id=org_003")).await;
    // A refusal gives way to an answer that the key may have had before.
    let over = json!({
        "org_id": "org_003", "name": "Over", "currency_id": "NOK", "eligible_user_types": [2],
        "starts_at": "2026-07-01T00:00:00Z", "ends_at": "2026-03-01T00:00:00Z",
    });
    let over_key = [("idempotency-key", "over")];
    platform.call(&post, &over_key, over, 422).await;
    let change = json!({"name": "Summer"});
    platform
        .call(&format!("PUT {}", path(&used)), &[], change, 200)
        .await;

    let post_record = format!("POST {RECORDS}");
    let first = platform.call(&post, &[], new_program("Autumn"), 201).await;
    let record = json!({
        "mentor_id": "usr_3", "org_id": "org_003", "code": "FIRST-UNDER-IT",
        "referral_program_id": first["id"],
    });
    // Whoever makes the first code marks the program, and keeps the answer with it.
    let first_key = [("idempotency-key", "first")];
    platform.call(&post_record, &first_key, record, 201).await;
    under(platform, &text(&used, "id")).await;
    for program in [used, unused, first, kept] {
        let delete = format!("DELETE {}", path(&program));
        platform.call(&delete, &[], Value::Null, 200).await;
    }
}

/// Codes of a program, through every function that reads the program for them.
async fn under(platform: &Platform, program: &str) {
    let new = |mentor: &str| json!({"mentor_id": mentor, "org_id": "org_003", "referral_program_id": program});
    let first_key = [("idempotency-key", "first")];
    let made = platform
        .call(&format!("POST {CODES}"), &first_key, new("usr_1"), 201)
        .await;
    let code = text(&made, "code");
    let mut second = new("usr_2");
    second["code"] = json!("UNDER-A-PROGRAM");
    // Functions are processes of their own: what one remembers, the other reads.
    platform
        .call(&format!("POST {RECORDS}"), &[], second, 201)
        .await;
    let click = json!({"code": code});
    let click = platform
        .call(&format!("POST {ATTRIBUTIONS}"), &[], click, 201)
        .await;
    let confirm = format!("PUT {ATTRIBUTIONS}/{}", text(&click, "id"));
    let confirmation = json!({"code": code, "new_member_id": "usr_new"});
    platform.call(&confirm, &[], confirmation, 200).await;
    let typed = json!({"code": code, "new_member_id": "usr_typed"});
    platform
        .call("POST /api/v1/referral-conversions", &[], typed, 201)
        .await;
    platform
        .call(&format!("GET /r/{code}"), &[], Value::Null, 302)
        .await;

    let token = bearer(&platform.verv, "usr_1", &["ROLE_CUSTOMER"], None);
    let headers = [("companyid", "org_003"), ("authorization", token.as_str())];
    for criterion in ["user_id=usr_1".to_owned(), format!("referral_code={code}")] {
        let request = format!("GET {USERS_CODE}?{criterion}");
        platform.call(&request, &headers, Value::Null, 200).await;
    }
    let unknown = format!("GET {USERS_CODE}?referral_code=NO-SUCH");
    platform.call(&unknown, &headers, Value::Null, 404).await;
    let question = |code: &str| {
        json!({
            "user_type": 2, "currency_id": "NOK", "referral_program_id": program,
            "referral_code": code,
        })
    };
    let validate = format!("POST {VALIDATE}");
    let company = [("companyid", "org_003")];
    platform
        .call(&validate, &company, question(&code), 200)
        .await;
    platform
        .call(&validate, &company, question("NO-SUCH"), 422)
        .await;
}
