//! Racers while terms change: never more than the limit of the moment, and one active code.

use crate::confirmation;
use crate::course::{
    ATTRIBUTIONS, CODES, CONVERSIONS, Course, Finish, RECORDS, Racer, problems, request,
};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

const ROUNDS: usize = 6;

/// Rounds of racers for the last referrals under a limit.
const ROUNDS_UNDER_A_LIMIT: usize = 20;

/// What the limit is at first, and after each raise.
const LIMITS: [u64; 4] = [3, 20, 21, 60];

/// A code under a limit, and where that is raised.
struct Limited {
    code: String,
    id: String,
    raise: fn(&Limited, u64) -> Racer,
    program: String,
}

/// A code with a limit of its own.
async fn by_itself(course: &Course, mentor: &str) -> Limited {
    let pair = json!({"mentor_id": mentor, "org_id": "org_race", "max_referrals": LIMITS[0]});
    let made = course.post(CODES, pair).await;
    Limited {
        code: made.string("code"),
        id: made.string("id"),
        raise: |limited, limit| {
            let path = format!("{CODES}/{}", limited.id);
            request(Method::PATCH, &path, json!({"max_referrals": limit}))
        },
        program: String::new(),
    }
}

/// A code with its program's limit.
async fn by_program(course: &Course, mentor: &str) -> Limited {
    let programs = "/api/v1/referral-programs";
    let program = json!({"org_id": "org_race", "name": mentor, "currency_id": "NOK",
        "max_referrals_per_code": LIMITS[0]});
    let program = course.post(programs, program).await.string("id");
    let pair = json!({"mentor_id": mentor, "org_id": "org_race",
        "referral_program_id": program});
    let made = course.post(CODES, pair).await;
    Limited {
        code: made.string("code"),
        id: made.string("id"),
        raise: |limited, limit| {
            let path = format!("/api/v1/referral-programs/{}", limited.program);
            request(Method::PUT, &path, json!({"max_referrals_per_code": limit}))
        },
        program,
    }
}

async fn confirmed(course: &Course, limited: &Limited) -> u64 {
    let terms = format!("{CODES}/{}/terms", limited.id);
    let terms = course.get(&terms).await;
    terms["confirmed_referrals"].as_u64().expect("a number")
}

/// Raises the limit step by step: what was confirmed before each raise is within the limit.
async fn raise(course: &Course, limited: &Limited) {
    for (old, new) in LIMITS.iter().zip(&LIMITS[1..]) {
        tokio::time::sleep(Duration::from_millis(30)).await;
        let before = confirmed(course, limited).await;
        assert!(before <= *old, "{before} confirmed under {old}");
        let raised = course.send((limited.raise)(limited, *new)).await;
        assert_eq!(raised.status, 200, "{}", raised.text);
    }
}

async fn race(course: &Course, limited: &Limited, mentor: &str) {
    let code = &limited.code;
    let clicks = course
        .race(|_| request(Method::POST, ATTRIBUTIONS, json!({"code": code})))
        .await;
    // Half of them by their clicks, half by the code alone.
    let confirm = |n: usize| {
        let member = format!("new_{mentor}_{n}");
        let body = confirmation(code, &member);
        match n % 2 {
            0 => {
                let path = format!("{ATTRIBUTIONS}/{}", clicks[n].string("id"));
                request(Method::PUT, &path, body)
            }
            _ => request(Method::POST, CONVERSIONS, body),
        }
    };
    let is_done = |finish: &&Finish| matches!(finish.status, 200 | 201);
    let (first, ()) = futures::join!(course.race(confirm), raise(course, limited));
    // Whoever was refused under an earlier limit comes again, and the last one is used up.
    let again = course.race(confirm).await;
    let last = LIMITS[LIMITS.len() - 1];
    for (finishes, most) in [(&first, last), (&again, last)] {
        assert!(finishes.iter().filter(is_done).count() as u64 <= most);
        assert_eq!(
            problems(finishes),
            BTreeSet::from(["limit_reached".to_owned()])
        );
        let others = |finish: &&Finish| !matches!(finish.status, 200 | 201 | 409);
        assert_eq!(finishes.iter().find(others), None);
    }
    assert_eq!(again.iter().filter(is_done).count() as u64, last);
    assert_eq!(confirmed(course, limited).await, last);
    let total = format!("{ATTRIBUTIONS}/mentor/{mentor}/total");
    assert_eq!(course.get(&total).await["total_conversions"], last);
}

#[tokio::test(flavor = "multi_thread")]
async fn racers_confirm_no_more_than_the_limit_of_the_moment_while_it_is_raised() {
    let course = Course::open().await;
    for round in 0..ROUNDS_UNDER_A_LIMIT {
        let mentor = format!("m{round}");
        let limited = match round % 2 {
            0 => by_itself(&course, &mentor).await,
            _ => by_program(&course, &mentor).await,
        };
        race(&course, &limited, &mentor).await;
    }
}

/// Half of the racers make an inactive code active again, half want a code of its pair.
#[tokio::test(flavor = "multi_thread")]
async fn racers_leave_a_pair_one_active_code() {
    let course = Course::open().await;
    for round in 0..ROUNDS {
        let mentor = format!("m{round}");
        let old = course.code(&mentor).await.string("id");
        let (record, code) = (format!("{RECORDS}/{old}"), format!("{CODES}/{old}"));
        let inactive = request(Method::PUT, &record, json!({"status": "inactive"}));
        assert_eq!(course.send(inactive).await.status, 200);
        let pair = json!({"mentor_id": mentor, "org_id": "org_race"});
        let finishes = course
            .race(|n| match (n + round) % 2 {
                0 => request(Method::PATCH, &code, json!({"status": "active"})),
                _ => request(Method::POST, CODES, pair.clone()),
            })
            .await;
        let made = finishes.iter().find(|finish| finish.status == 201);
        let refused = problems(&finishes);
        let active = match made {
            None => {
                assert_eq!(refused, BTreeSet::new());
                old.clone()
            }
            Some(made) => {
                assert_eq!(refused, BTreeSet::from(["active_code_exists".to_owned()]));
                made.string("id")
            }
        };
        for finish in &finishes {
            let named = match finish.status {
                409 => finish.string("code_id"),
                200 | 201 => finish.string("id"),
                _ => panic!("{finish:?}"),
            };
            assert_eq!(named, active);
        }
        let list = format!("{RECORDS}?mentor_id={mentor}&status=active");
        let shown = course.get(&list).await;
        assert_eq!(shown["data"].as_array().map(Vec::len), Some(1), "{shown}");
        assert_eq!(shown["data"][0]["id"], active.as_str());
    }
}
