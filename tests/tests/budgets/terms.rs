//! Codes that count their referrals, whichever code of a line they are of.

use super::{Budget, CONFIRM, Measured, RETIRE, budget};
use serde_json::json;
use tests::Verv;
use tests::flows::{ATTRIBUTIONS, CODES, ORG, RECORDS};

const TERMS: Budget = budget(2, 3.0, 0.0);
/// As the stats of a code.
const TERMS_BY_STATISTICS: Budget = budget(2, 7.0, 0.0);
/// The stats of a code, between reading it and changing it.
const START_COUNT: Budget = budget(3, 7.0, 16.0);

/// A code under a program with a limit: it counts, is rotated, and clicks of the old one count.
pub(crate) async fn counted(verv: &Verv, measured: &mut Measured) {
    let program = json!({"org_id": ORG, "name": "Spring", "currency_id": "NOK",
        "max_referrals_per_code": 10});
    let program = verv.post("/api/v1/referral-programs", program).await;
    let pair = json!({"mentor_id": "usr_counted", "org_id": ORG,
        "referral_program_id": program.expect(201).string("/id")});
    let made = verv.post(CODES, pair).await.expect(201);
    let (code, path) = (
        made.string("/code"),
        format!("{CODES}/{}", made.string("/id")),
    );
    let clicks = [
        verv.click(&code).await,
        verv.click(&code).await,
        verv.click(&code).await,
    ];
    let first = verv.confirm(&clicks[0], &code, "usr_counted_1").await;
    measured.take("confirm under a limit", CONFIRM, &first);
    let rotation = json!({"mentor_id": "usr_counted", "action": "rotate"});
    let rotated = verv.put(&path, rotation).await;
    measured.take("rotate a code that has counted", RETIRE, &rotated);
    let late = verv.confirm(&clicks[1], &code, "usr_counted_2").await;
    measured.take("confirm a click of a rotated code", CONFIRM, &late);
    let newest = rotated.string("/code");
    let click = verv.click(&newest).await;
    let next = verv.confirm(&click, &newest, "usr_counted_3").await;
    measured.take("confirm after a rotation", CONFIRM, &next);
    let deleted = format!("{ATTRIBUTIONS}/{}", clicks[0]);
    measured.take(
        "delete a counted attribution",
        budget(4, 3.0, 22.0),
        &verv.delete(&deleted).await,
    );
    let id = rotated.string("/id");
    let terms = verv.get(&format!("{CODES}/{id}/terms")).await;
    measured.take("terms of a code", TERMS, &terms);
    let path = format!("{CODES}/{id}");
    let changed = verv.patch(&path, json!({"max_referrals": 5})).await;
    measured.take("change a code", RETIRE, &changed);
}

/// The code of many clicks is given a limit: it begins its count.
pub(crate) async fn limited(verv: &Verv, code: &str, measured: &mut Measured) {
    let lookup = format!("{RECORDS}/lookup?code={code}");
    let id = verv.get(&lookup).await.expect(200).string("/id");
    let path = format!("{CODES}/{id}");
    let terms = verv.get(&format!("{path}/terms")).await;
    measured.take(
        "terms of a code without a limit",
        TERMS_BY_STATISTICS,
        &terms,
    );
    let limited = verv.patch(&path, json!({"max_referrals": 500})).await;
    measured.take("give a code its first limit", START_COUNT, &limited);
    let inactive = json!({"status": "inactive"});
    verv.put(&format!("{RECORDS}/{id}"), inactive)
        .await
        .expect(200);
    let active = verv.patch(&path, json!({"status": "active"})).await;
    measured.take("make a code active again", RETIRE, &active);
}
