//! Races over real HTTP: 200 callers at once, 20 rounds. Each time one of them has an
//! effect, the others learn of it or are told 409, and what is stored agrees with one effect.

mod conversions;
mod course;
mod terms;

use course::{ATTRIBUTIONS, CODES, Course, Finish, RACERS, RECORDS, ROUNDS, Racer};
use course::{problems, request, winner};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread")]
async fn racers_for_one_pair_get_one_code() {
    let course = Course::open().await;
    for round in 0..ROUNDS {
        let mentor = format!("m{round}");
        let pair = json!({"mentor_id": mentor, "org_id": "org_race", "prefix": "RACE"});
        let finishes = course
            .race(|_| request(Method::POST, CODES, pair.clone()))
            .await;
        let made = winner(&finishes, 201, &[200]);
        for finish in &finishes {
            assert_eq!(finish.json(), made.json());
        }
        let id = made.string("id");
        course.assert_codes(&mentor, "org_race", &[&id]).await;
        assert_eq!(course.get(&format!("{CODES}/{id}")).await, made.json());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn racers_for_one_string_make_one_code_however_they_spell_it() {
    let course = Course::open().await;
    for round in 0..ROUNDS {
        let (mentor, org) = (|n: usize| format!("m{round}_{n}"), format!("org{round}"));
        let spellings = [
            format!("JAN-VERV-{round:03}"),
            format!("jan-verv-{round:03}"),
            format!("janverv{round:03}"),
            format!("J-A-N-VERV{round:03}-"),
        ];
        let finishes = course
            .race(|n| {
                let code = &spellings[n % spellings.len()];
                let body = json!({"mentor_id": mentor(n), "org_id": org, "code": code});
                request(Method::POST, RECORDS, body)
            })
            .await;
        let made = winner(&finishes, 201, &[409]);
        assert_eq!(problems(&finishes), BTreeSet::from(["code_taken".into()]));
        let (id, owner) = (made.string("id"), made.string("mentor_id"));
        course.assert_codes(&owner, &org, &[&id]).await;
        let listed = course.get(&format!("{RECORDS}?org_id={org}")).await;
        assert_eq!(listed["pagination"]["total"], 1);
        assert_eq!(listed["data"], json!([made.json()]));
        let loser = mentor(finishes.iter().position(|f| f.status == 409).expect("one"));
        let active = format!("{RECORDS}/active?mentor_id={loser}&org_id={org}");
        assert_eq!(course.status_of(&active).await, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn racers_with_strings_of_their_own_make_one_code_for_one_pair() {
    let course = Course::open().await;
    for round in 0..ROUNDS {
        let mentor = format!("m{round}");
        let finishes = course
            .race(|n| {
                let code = format!("OWN-{round}-{n}");
                let body = json!({"mentor_id": mentor, "org_id": "org_race", "code": code});
                request(Method::POST, RECORDS, body)
            })
            .await;
        let made = winner(&finishes, 201, &[409]);
        let code = BTreeSet::from(["active_code_exists".into()]);
        assert_eq!(problems(&finishes), code);
        let id = made.string("id");
        course.assert_codes(&mentor, "org_race", &[&id]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn racers_rotate_a_code_once() {
    let course = Course::open().await;
    for round in 0..ROUNDS {
        let mentor = format!("m{round}");
        let old = course.code(&mentor).await;
        let path = format!("{CODES}/{}", old.string("id"));
        let body = json!({"mentor_id": mentor, "action": "rotate"});
        let finishes = course
            .race(|_| request(Method::PUT, &path, body.clone()))
            .await;
        let new = winner(&finishes, 200, &[409]);
        assert_eq!(
            problems(&finishes),
            BTreeSet::from(["code_inactive".into()])
        );
        assert_eq!(new.json()["previous_code"], old.json()["code"]);
        let ids = [new.string("id"), old.string("id")];
        // The manual clock does not move, so the two ids sort by chance.
        let listed = course.get(&format!("{CODES}?mentor_id={mentor}")).await;
        assert_eq!(listed["pagination"]["total"], 2);
        assert_eq!(listed["data"].as_array().map(Vec::len), Some(2));
        let active = format!("{RECORDS}/active?mentor_id={mentor}&org_id=org_race");
        assert_eq!(course.get(&active).await["id"], ids[0].as_str());
        let lookup = format!("{RECORDS}/lookup?code={}", old.string("code"));
        assert_eq!(course.get(&lookup).await["status"], "inactive");
        assert_eq!(course.get(&path).await["status"], "inactive");
    }
}

fn confirmation(code: &str, member: &str) -> Value {
    json!({"code": code, "new_member_id": member})
}

#[tokio::test(flavor = "multi_thread")]
async fn racers_with_one_member_confirm_an_attribution_once() {
    let course = Course::open().await;
    for round in 0..ROUNDS {
        let mentor = format!("m{round}");
        let code = course.code(&mentor).await.string("code");
        let path = format!("{ATTRIBUTIONS}/{}", course.click(&code).await);
        let finishes = course
            .race(|n| {
                let mut body = confirmation(&code, &format!("new{round}"));
                // The first answer is everyone's: its time, too.
                body["confirmed_at"] = format!("2026-03-26T12:00:{:02}Z", n % 60).into();
                request(Method::PUT, &path, body)
            })
            .await;
        let stored = course.get(&path).await;
        assert_eq!(stored["new_member_id"], format!("new{round}"));
        for finish in &finishes {
            assert_eq!(
                (finish.status, &finish.text),
                (200, &finishes[0].text),
                "one answer"
            );
        }
        course.assert_counts(&mentor, 1, 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn racers_with_their_own_members_confirm_an_attribution_once() {
    let course = Course::open().await;
    for round in 0..ROUNDS {
        let mentor = format!("m{round}");
        let code = course.code(&mentor).await.string("code");
        let path = format!("{ATTRIBUTIONS}/{}", course.click(&code).await);
        let member = |n: usize| format!("new{round}_{n}");
        let finishes = course
            .race(|n| request(Method::PUT, &path, confirmation(&code, &member(n))))
            .await;
        let won = winner(&finishes, 200, &[409]);
        let code_of_losers = BTreeSet::from(["already_confirmed".into()]);
        assert_eq!(problems(&finishes), code_of_losers);
        let stored = course.get(&path).await;
        assert_eq!(stored["new_member_id"], won.json()["new_member_id"]);
        course.assert_counts(&mentor, 1, 1).await;
        // Who lost is not held by anything.
        let loser = member(finishes.iter().position(|f| f.status == 409).expect("one"));
        let other = format!("{ATTRIBUTIONS}/{}", course.click(&code).await);
        let body = confirmation(&code, &loser);
        let free = course.send(request(Method::PUT, &other, body)).await;
        assert_eq!(free.status, 200, "{}", free.text);
        course.assert_counts(&mentor, 2, 2).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn racers_confirm_a_member_through_one_of_many_attributions() {
    let course = Course::open().await;
    for round in 0..ROUNDS {
        let mentors: Vec<String> = (0..4).map(|n| format!("m{round}_{n}")).collect();
        let mut codes = Vec::new();
        for mentor in &mentors {
            codes.push(course.code(mentor).await.string("code"));
        }
        let clicks = course
            .race(|n| request(Method::POST, ATTRIBUTIONS, json!({"code": codes[n % 4]})))
            .await;
        let member = format!("new{round}");
        let finishes = course
            .race(|n| {
                let path = format!("{ATTRIBUTIONS}/{}", clicks[n].string("id"));
                request(Method::PUT, &path, confirmation(&codes[n % 4], &member))
            })
            .await;
        let won = winner(&finishes, 200, &[409]).string("id");
        for finish in finishes.iter().filter(|finish| finish.status == 409) {
            assert_eq!(finish.string("code"), "member_already_attributed");
            assert!(finish.string("detail").contains(&won), "{finish:?}");
        }
        let holder = clicks.iter().position(|click| click.string("id") == won);
        let holder = holder.expect("one of the clicks") % 4;
        for (n, mentor) in mentors.iter().enumerate() {
            let clicks = RACERS as u64 / 4;
            let conversions = u64::from(n == holder);
            course.assert_counts(mentor, clicks, conversions).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn racers_confirm_no_more_than_a_code_may() {
    const LIMIT: usize = 7;
    let course = Course::open().await;
    for round in 0..ROUNDS {
        let mentor = format!("m{round}");
        let pair = json!({"mentor_id": mentor, "org_id": "org_race", "max_referrals": LIMIT});
        let code = course.post(CODES, pair).await.string("code");
        let clicks = course
            .race(|_| request(Method::POST, ATTRIBUTIONS, json!({"code": code})))
            .await;
        let finishes = course
            .race(|n| {
                let path = format!("{ATTRIBUTIONS}/{}", clicks[n].string("id"));
                let body = confirmation(&code, &format!("new{round}_{n}"));
                request(Method::PUT, &path, body)
            })
            .await;
        let confirmed = finishes.iter().filter(|finish| finish.status == 200);
        assert_eq!(confirmed.count(), LIMIT);
        let lost = finishes.iter().filter(|finish| finish.status == 409);
        assert_eq!(lost.count(), RACERS - LIMIT);
        assert_eq!(
            problems(&finishes),
            BTreeSet::from(["limit_reached".into()])
        );
        course
            .assert_counts(&mentor, RACERS as u64, LIMIT as u64)
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn racers_confirm_no_more_than_a_code_may_while_it_is_rotated() {
    const LIMIT: usize = 7;
    let course = Course::open().await;
    for round in 0..ROUNDS {
        let mentor = format!("m{round}");
        let pair = json!({"mentor_id": mentor, "org_id": "org_race", "max_referrals": LIMIT});
        let old = course.post(CODES, pair).await;
        let (code, rotated) = (old.string("code"), format!("{CODES}/{}", old.string("id")));
        let clicks = course
            .race(|_| request(Method::POST, ATTRIBUTIONS, json!({"code": code})))
            .await;
        let rotation = json!({"mentor_id": mentor, "action": "rotate"});
        // A few before, beside and after the rotation.
        let finishes = course
            .race(|n| match n % 20 {
                0 => request(Method::PUT, &rotated, rotation.clone()),
                _ => {
                    let path = format!("{ATTRIBUTIONS}/{}", clicks[n].string("id"));
                    let body = confirmation(&code, &format!("new{round}_{n}"));
                    request(Method::PUT, &path, body)
                }
            })
            .await;
        let (rotations, confirmations): (Vec<_>, Vec<_>) =
            finishes.iter().enumerate().partition(|(n, _)| n % 20 == 0);
        let new = rotations.iter().find(|(_, finish)| finish.status == 200);
        let (_, new) = new.expect("one rotation happens");
        let confirmed = confirmations
            .iter()
            .filter(|(_, finish)| finish.status == 200);
        assert_eq!(confirmed.count(), LIMIT);
        // The new code is at its limit as well.
        let click = json!({"code": new.string("code")});
        let refused = course.post(ATTRIBUTIONS, click).await;
        assert_eq!(refused.status, 409, "{}", refused.text);
        assert_eq!(refused.string("code"), "limit_reached");
    }
}

/// Asserts that all got the same answer to the byte, as one key promises.
#[track_caller]
fn one_answer(finishes: &[Finish]) -> &Finish {
    for finish in finishes {
        assert_eq!(finish, &finishes[0]);
    }
    assert_eq!(finishes[0].status, 201, "{:?}", finishes[0]);
    &finishes[0]
}

fn keyed(path: &str, key: String, body: Value) -> Racer {
    Racer {
        key: Some(key),
        ..request(Method::POST, path, body)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn racers_with_one_key_get_one_code_and_one_answer() {
    let course = Course::open().await;
    for round in 0..ROUNDS {
        let mentor = format!("m{round}");
        let pair = json!({"mentor_id": mentor, "org_id": "org_race"});
        let finishes = course
            .race(|_| keyed(CODES, format!("key {round}"), pair.clone()))
            .await;
        let made = one_answer(&finishes);
        let id = made.string("id");
        assert_eq!(made.location, Some(format!("{CODES}/{id}")));
        course.assert_codes(&mentor, "org_race", &[&id]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn racers_with_one_key_leave_one_click_and_get_one_answer() {
    let course = Course::open().await;
    for round in 0..ROUNDS {
        let mentor = format!("m{round}");
        let code = course.code(&mentor).await.string("code");
        let body = json!({"code": code, "referrer_url": "https://instagram.com"});
        let finishes = course
            .race(|_| keyed(ATTRIBUTIONS, format!("key {round}"), body.clone()))
            .await;
        let made = one_answer(&finishes);
        let path = format!("{ATTRIBUTIONS}/{}", made.string("id"));
        assert_eq!(made.location.as_deref(), Some(path.as_str()));
        assert_eq!(course.get(&path).await, made.json());
        course.assert_counts(&mentor, 1, 0).await;
    }
}
