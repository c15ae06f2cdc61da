//! Recruitments that are reported, and read back.

use super::{Budget, LIST, Measured, budget};
use serde_json::json;
use tests::Verv;
use tests::flows::{ATTRIBUTIONS, CONVERSIONS, RECORDS};

const CONVERT: Budget = budget(2, 3.0, 20.0);
/// The click says which code is to be read.
const CONVERT_CLICK: Budget = budget(3, 3.0, 20.0);
const OF_MEMBER: Budget = budget(1, 2.0, 0.0);
/// No row counts a part of a day, so those at both ends are read like a tail: four units each
/// where they are nearly empty.
const TO_WITHIN_A_DAY: Budget = budget(2, LIST.read_units + 8.0, 0.0);

/// By a code without a limit, and by one whose item counts; by a click.
pub(crate) async fn reported(verv: &Verv, measured: &mut Measured, code: &str) {
    let by_code = json!({"code": code, "new_member_id": "typed_1"});
    let made = verv.post(CONVERSIONS, by_code).await;
    measured.take("convert by code", CONVERT, &made);
    let limited = json!({
        "mentor_id": "usr_limited", "org_id": "org_002", "code": "LIMITED-CODE",
        "max_referrals": 5,
    });
    verv.post(RECORDS, limited).await.expect(201);
    let by_code = json!({"code": "LIMITED-CODE", "new_member_id": "typed_2"});
    let made = verv.post(CONVERSIONS, by_code).await;
    measured.take("convert by limited code", CONVERT, &made);
    let click = verv.post(ATTRIBUTIONS, json!({"code": code})).await;
    let by_click = json!({"click_id": click.string("/id"), "new_member_id": "typed_3"});
    let made = verv.post(CONVERSIONS, by_click).await;
    measured.take("convert by click", CONVERT_CLICK, &made);
    for (name, budget, query) in [
        ("recruitments", LIST, ""),
        ("recruitments of a mentor", LIST, "&mentor_id=usr_4491"),
        (
            "recruitments of a month",
            LIST,
            "&from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z",
        ),
        ("recruitments of a span", LIST, "&from=2026-03-01T00:00:01Z"),
        (
            "recruitments of a span that ends within a day",
            TO_WITHIN_A_DAY,
            "&from=2026-03-01T00:00:01Z&to=2026-03-25T12:00:00Z",
        ),
        (
            "who recruited a member",
            OF_MEMBER,
            "&new_member_id=typed_1",
        ),
    ] {
        let list = verv
            .get(&format!("{CONVERSIONS}?org_id=org_002{query}"))
            .await;
        measured.take(name, budget, &list);
    }
}
