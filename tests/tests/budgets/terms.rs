//! Codes that count their referrals, whichever code of a line they are of.

use super::{Budget, Measured, RETIRE, budget};
use serde_json::json;
use tests::Verv;
use tests::flows::{ATTRIBUTIONS, CODES, ORG};

/// A confirmation that its code counts: two units more than others may take, as the code's log entry
/// has the count as well, in both indexes.
const COUNTED: Budget = budget(2, 2.0, 20.0);

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
    measured.take("confirm under a limit", COUNTED, &first);
    let rotation = json!({"mentor_id": "usr_counted", "action": "rotate"});
    let rotated = verv.put(&path, rotation).await;
    measured.take("rotate a code that has counted", RETIRE, &rotated);
    let late = verv.confirm(&clicks[1], &code, "usr_counted_2").await;
    measured.take("confirm a click of a rotated code", COUNTED, &late);
    let newest = rotated.string("/code");
    let click = verv.click(&newest).await;
    let next = verv.confirm(&click, &newest, "usr_counted_3").await;
    measured.take("confirm after a rotation", COUNTED, &next);
    let deleted = format!("{ATTRIBUTIONS}/{}", clicks[0]);
    measured.take(
        "delete a counted attribution",
        budget(4, 3.0, 24.0),
        &verv.delete(&deleted).await,
    );
}
