//! What a caller's developer reads when several things are wrong at once.

use serde_json::{Value, json};
use tests::Verv;
use tests::flows::{ATTRIBUTIONS, CODE, CODES, RECORDS};

const PROGRAMS: &str = "/api/v1/referral-programs";

fn faults(problem: &Value) -> Vec<(&str, &str)> {
    let errors = problem["errors"].as_array().expect("errors");
    errors
        .iter()
        .map(|fault| {
            let of = |name: &str| fault[name].as_str().expect("text");
            (of("field"), of("detail"))
        })
        .collect()
}

#[tokio::test]
async fn every_field_of_a_body_at_fault_is_named_in_plain_words() {
    let verv = Verv::start().await;
    let body = json!({
        "org_id": 7, "name": "", "eligible_user_types": "2", "max_referrals_per_code": -1,
        "attribution_window_days": 1e30, "status": "on", "starts_at": "soon", "color": "red",
    });
    let problem = verv.post(PROGRAMS, body).await.expect(400);
    let problem = problem.json();
    assert_eq!(problem["code"], "invalid_field");
    assert_eq!(problem["detail"], "9 fields are at fault.");
    assert_eq!(
        faults(&problem),
        [
            ("org_id", "must be a string"),
            ("name", "must be 1 to 120 characters on one line"),
            ("currency_id", "is required"),
            ("eligible_user_types", "must be a list"),
            (
                "max_referrals_per_code",
                "must be a whole number, 0 or more"
            ),
            (
                "attribution_window_days",
                "must be a whole number, 0 or more"
            ),
            (
                "starts_at",
                "must be an RFC 3339 time of the years 2000 to 9999, like 2026-03-20T14:22:01Z"
            ),
            ("status", "must be one of active, archived"),
            ("color", "is not known here"),
        ]
    );
}

#[tokio::test]
async fn an_unknown_field_comes_with_the_known_ones() {
    let verv = Verv::start().await;
    let body = json!({"mentor_id": "usr_1", "org_id": "org_1", "code": "JAN-1"});
    let problem = verv.post(CODES, body).await.expect(400);
    assert_eq!(problem.string("/code"), "unknown_field");
    assert_eq!(
        problem.string("/detail"),
        "There is no field code. Known: mentor_id, org_id, prefix, user_type, \
         referral_program_id, max_referrals, expires_at."
    );
    let query = format!("{CODES}?statsu=active");
    let problem = verv.get(&query).await.expect(400);
    assert_eq!(
        problem.string("/detail"),
        "There is no field statsu. Known: mentor_id, org_id, status, code, from, to."
    );
}

#[tokio::test]
async fn every_parameter_of_a_query_at_fault_is_named() {
    let verv = Verv::start().await;
    let problem = verv
        .get(&format!(
            "{ATTRIBUTIONS}?mentor_id=a%20b&status=on&colour=red"
        ))
        .await
        .expect(400);
    let problem = problem.json();
    let named: Vec<_> = faults(&problem)
        .into_iter()
        .map(|(field, _)| field)
        .collect();
    assert_eq!(named, ["mentor_id", "status", "colour"]);
    let problem = verv
        .get(&format!("{RECORDS}/active"))
        .await
        .expect(400)
        .json();
    assert_eq!(
        faults(&problem),
        [("mentor_id", "is required"), ("org_id", "is required")]
    );
}

#[tokio::test]
async fn a_conflict_names_what_is_in_the_way() {
    let verv = Verv::start().await;
    let code = verv.make_example_code().await;
    let record = json!({"mentor_id": "usr_4491", "org_id": "org_002", "code": "OTHER-1"});
    let conflict = verv.post(RECORDS, record).await.expect(409);
    assert_eq!(conflict.string("/code_id"), code);
    let (first, second) = (verv.click(CODE).await, verv.click(CODE).await);
    verv.confirm(&first, CODE, "usr_5892").await.expect(200);
    let conflict = verv.confirm(&second, CODE, "usr_5892").await.expect(409);
    assert_eq!(conflict.string("/attribution_id"), first);
}
