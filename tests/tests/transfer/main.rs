//! Organisations that move from one table into another: nothing is lost, nothing is doubled,
//! wherever the export or the import was killed, and the numbers are the same.

mod bed;
mod conflicts;
mod killed;
mod process;

use bed::{GONE, MENTORS, ORG, OTHER, export, fill, items_of, org, seen};
use local::transfer::{Tally, read_file};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tests::Verv;
use tests::flows::{ATTRIBUTIONS, RECORDS};

/// A platform with [`ORG`], its export in a directory, and a platform as of then with nothing.
async fn exported() -> (Verv, tempfile::TempDir, Verv) {
    let from = Verv::start().await;
    fill(&from).await;
    let directory = tempfile::tempdir().expect("a directory");
    let counts = export(&from, &from.store, &directory.path().join("it")).await;
    assert!(counts.programs == 2 && counts.codes >= 6 && counts.attributions > 15);
    let to = Verv::start().await;
    to.clock.set(from.now());
    (from, directory, to)
}

async fn import(verv: &Verv, path: &Path) -> Tally {
    let imported = read_file(&verv.store, &verv.clock, path, None, |id, refusal| {
        panic!("{id} {refusal}")
    });
    imported.await.expect("it is imported")
}

#[tokio::test]
async fn an_organisation_is_the_same_elsewhere() {
    let (from, directory, to) = exported().await;
    let path = directory.path().join("it");
    let text = fs::read_to_string(&path).expect("the file");
    for other in [OTHER, "JAN-OTHER", "made_under", "gsi1pk"] {
        assert!(!text.contains(other), "{other}");
    }
    let tally = import(&to, &path).await;
    assert_eq!((tally.were_there, tally.refused), (0, 0));
    assert_eq!(items_of(&to, ORG).await, items_of(&from, ORG).await);
    from.aggregate().await;
    let expected = seen(&from, ORG).await;
    assert_eq!(seen(&to, ORG).await, expected);
    let ranked = &expected[&format!("{ATTRIBUTIONS}/leaderboard?org_id=ORG")]["data"];
    assert_eq!(ranked.as_array().map(Vec::len), Some(MENTORS.len()));

    // Nothing is told of it, and nobody else has come along.
    let events = to.get(&format!("/api/v1/events?org_id={ORG}")).await;
    assert_eq!(events.expect(200).json()["data"], json!([]));
    let others = to.get(&format!("{RECORDS}?org_id={OTHER}")).await;
    assert_eq!(others.json()["data"], json!([]));
    let taken = json!({"mentor_id": "usr_new", "org_id": OTHER, "code": GONE.to_lowercase()});
    let taken = to.post(RECORDS, taken).await.expect(409);
    assert_eq!(taken.string("/code"), "code_taken");
}

#[tokio::test]
async fn life_goes_on_after_a_move() {
    let (from, directory, to) = exported().await;
    import(&to, &directory.path().join("it")).await;
    for verv in [&from, &to] {
        let pending = format!("{ATTRIBUTIONS}?org_id={ORG}&code=OLA-NOW&status=pending");
        let id = verv.get(&pending).await.string("/data/0/id");
        verv.confirm(&id, "OLA-NOW", "ola-clicked")
            .await
            .expect(409);
        verv.confirm(&id, "OLA-NOW", "later").await.expect(200);
        let confirmed = format!("{ATTRIBUTIONS}?org_id={ORG}&code=IDA-ONE&status=confirmed");
        let id = verv.get(&confirmed).await.string("/data/0/id");
        let path = format!("{ATTRIBUTIONS}/{id}");
        verv.delete(&path).await.expect(200);
        verv.clock.advance(chrono::TimeDelta::minutes(5));
        verv.aggregate().await;
    }
    let total = format!("{ATTRIBUTIONS}/total?org_id=ORG&period=all_time");
    assert_eq!(seen(&to, ORG).await[&total], seen(&from, ORG).await[&total]);
}

#[tokio::test]
async fn a_repeated_import_writes_nothing() {
    let (_, directory, to) = exported().await;
    let path = directory.path().join("it");
    let first = import(&to, &path).await;
    let (items, numbers) = (items_of(&to, ORG).await, seen(&to, ORG).await);
    let again = import(&to, &path).await;
    assert_eq!((again.written, again.were_there), (0, first.written));
    assert_eq!(items_of(&to, ORG).await, items);
    assert_eq!(seen(&to, ORG).await, numbers);
}

/// The target's retention holds for what is older than all that it has seen to.
#[tokio::test]
async fn visitors_who_move_are_forgotten_as_others_are() {
    let (_, directory, to) = exported().await;
    to.clock.advance(chrono::TimeDelta::days(100));
    let aggregator = to.store.aggregator();
    let forget = || aggregator.forget_visitors(chrono::TimeDelta::days(30), to.now(), || false);
    assert_eq!(forget().await.expect("it runs").clicks, 0);
    import(&to, &directory.path().join("it")).await;
    // One of each code with traffic: the others are unconfirmed or deleted.
    assert_eq!(forget().await.expect("it runs").clicks, 5);
}

#[tokio::test]
async fn an_organisation_becomes_another() {
    let (from, directory, to) = exported().await;
    let path = directory.path().join("it");
    let new = org("org_new");
    let imported = read_file(&to.store, &to.clock, &path, Some(&new), |id, refusal| {
        panic!("{id} {refusal}")
    });
    imported.await.expect("it is imported");
    from.aggregate().await;
    let renamed = |value: Value| {
        let text = value.to_string().replace(ORG, "org_new");
        serde_json::from_str::<Value>(&text).expect("JSON")
    };
    let expected = seen(&from, ORG).await.into_iter();
    let expected = expected
        .map(|(path, answer)| (path, renamed(answer)))
        .collect();
    assert_eq!(seen(&to, "org_new").await, expected);
    assert!(
        items_of(&to, ORG)
            .await
            .keys()
            .all(|key| !key.contains(ORG))
    );
}

#[tokio::test]
async fn what_is_no_whole_export_is_refused() {
    let (_, directory, to) = exported().await;
    let whole = fs::read_to_string(directory.path().join("it")).expect("the file");
    let path = directory.path().join("other");
    let lines: Vec<&str> = whole.lines().collect();
    let without_last = lines[..lines.len() - 1].join("\n") + "\n";
    let without_one = [&lines[..5], &lines[6..]].concat().join("\n") + "\n";
    for (text, problem) in [
        (String::new(), "broke off"),
        (without_last, "broke off"),
        (without_one, "as many records as it says"),
        (
            whole.replacen("\"version\":1", "\"version\":2", 1),
            "version 2",
        ),
        ("{\"what\":1}\n".to_owned(), "line 1"),
    ] {
        fs::write(&path, text).expect("a file");
        let read = read_file(&to.store, &to.clock, &path, None, |_, _| ()).await;
        let error = read.expect_err(problem).to_string();
        assert!(error.contains(problem), "{error}");
    }
    let other = org(OTHER);
    for (path, problem) in [(path, "line 1"), (directory.path().join("it"), ORG)] {
        let written = local::transfer::write_file(&to.store, &other, &path, to.now().into());
        let error = written.await.expect_err(problem).to_string();
        assert!(error.contains(problem), "{error}");
    }
}
