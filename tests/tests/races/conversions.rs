//! Racers who report one member by five codes, by code alone and by click: one attribution.

use crate::confirmation;
use crate::course::{ATTRIBUTIONS, CONVERSIONS, Course, Finish, ROUNDS, request};
use reqwest::Method;
use serde_json::json;

const CODES: usize = 5;

/// Five codes, each with a click for each racer who confirms one.
struct Field {
    codes: Vec<String>,
    clicks: Vec<String>,
    member: String,
}

async fn field(course: &Course, round: usize) -> Field {
    let (mut codes, mut clicks) = (Vec::new(), Vec::new());
    for number in 0..CODES {
        let code = course
            .code(&format!("m{round}_{number}"))
            .await
            .string("code");
        clicks.push(course.click(&code).await);
        codes.push(code);
    }
    Field {
        codes,
        clicks,
        member: format!("new_{round}"),
    }
}

/// Of the racers `n`, a third each reports a typed code, reports a click, and confirms a click.
async fn race(course: &Course, field: &Field) -> Vec<Finish> {
    course
        .race(|n| {
            let (code, click) = (&field.codes[n % CODES], &field.clicks[n % CODES]);
            match n % 3 {
                0 => request(Method::POST, CONVERSIONS, confirmation(code, &field.member)),
                1 => {
                    let body = json!({"click_id": click, "new_member_id": field.member});
                    request(Method::POST, CONVERSIONS, body)
                }
                _ => {
                    let path = format!("{ATTRIBUTIONS}/{click}");
                    request(Method::PUT, &path, confirmation(code, &field.member))
                }
            }
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn racers_with_one_member_by_five_codes_make_one_attribution() {
    let course = Course::open().await;
    for round in 0..ROUNDS {
        let field = field(&course, round).await;
        let finishes = race(&course, &field).await;
        let list = format!(
            "{CONVERSIONS}?org_id=org_race&new_member_id={}",
            field.member
        );
        let held = course.get(&list).await["data"][0].clone();
        let holder = held["id"].as_str().expect("an attribution");
        let made = finishes.iter().filter(|finish| finish.status == 201);
        assert!(made.count() <= 1, "one effect");
        for finish in &finishes {
            match finish.status {
                // By the code, or the click, that it was: the first answer.
                200 | 201 => assert_eq!(finish.string("id"), holder),
                409 => {
                    assert_eq!(finish.string("code"), "member_already_attributed");
                    assert_eq!(finish.string("attribution_id"), holder, "{}", finish.text);
                }
                other => panic!("{other}: {}", finish.text),
            }
        }
        let confirmed = format!("{ATTRIBUTIONS}?org_id=org_race&status=confirmed");
        assert_eq!(
            course.get(&confirmed).await["pagination"]["total"],
            round + 1
        );
        let total = format!("{ATTRIBUTIONS}/total?org_id=org_race");
        let total = course.get(&total).await;
        assert_eq!(total["total_clicks"], (round + 1) * CODES);
        assert_eq!(total["total_conversions"], round + 1);
        let recruitments = format!("{CONVERSIONS}?org_id=org_race");
        assert_eq!(
            course.get(&recruitments).await["pagination"]["total"],
            round + 1
        );
    }
}
