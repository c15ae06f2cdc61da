//! Imports into a table that is in use.

use crate::bed::{GONE, ORG, OTHER, seen};
use crate::exported;
use chrono::TimeDelta;
use local::transfer::read_file;
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use store::transfer::ImportRefusal;
use tests::Verv;
use tests::flows::{ATTRIBUTIONS, CONVERSIONS, RECORDS};
use tests::recount::Records;

/// What was refused, by id.
type Refused = BTreeMap<String, ImportRefusal>;

async fn import(verv: &Verv, path: &std::path::Path) -> Refused {
    let refused = RefCell::new(Refused::new());
    let read = read_file(&verv.store, &verv.clock, path, None, |id, refusal| {
        refused.borrow_mut().insert(id.to_owned(), refusal.clone());
    });
    let tally = read.await.expect("it is imported");
    let refused = refused.into_inner();
    assert_eq!(tally.refused, refused.len() as u64);
    refused
}

/// The counts of `org` equal a recount.
async fn assert_counted(verv: &Verv, org: &str) {
    let client = local::engine::client(&verv.engine.endpoint());
    let records = Records::read(&client, verv.store.table_name()).await;
    let all = records.attributions.iter().filter(|it| it.org == org);
    let clicks = all.clone().filter(|it| it.clicked_on.is_some()).count();
    let conversions = all.filter(|it| it.converted_on.is_some()).count();
    let total = verv
        .get(&format!("{ATTRIBUTIONS}/total?org_id={org}"))
        .await;
    let total = total.expect(200).json();
    assert_eq!(total["total_clicks"], clicks, "{org}");
    assert_eq!(total["total_conversions"], conversions, "{org}");
    let codes = records.codes.iter().filter(|code| code.org == org).count();
    let listed = verv
        .get(&format!("{RECORDS}?org_id={org}&limit=100"))
        .await
        .json();
    assert_eq!(listed["pagination"]["total"], codes, "{org}");
    assert_eq!(
        listed["data"].as_array().map(Vec::len),
        Some(codes),
        "{org}"
    );
}

#[tokio::test]
async fn what_is_in_the_way_is_named_and_the_rest_goes_on() {
    let (_, directory, to) = exported().await;
    // A string, a deleted string, a pair and a member of the import are in use already.
    to.make_code("usr_x", OTHER, "ola-now").await;
    to.make_code("usr_y", OTHER, GONE).await;
    to.make_code("usr_jan", ORG, "JAN-HERE").await;
    let here = json!({"code": "JAN-HERE", "new_member_id": "ida-1-clicked"});
    to.post(CONVERSIONS, here).await.expect(201);
    to.click("OLA-NOW").await;
    to.clock.advance(TimeDelta::minutes(5));
    // Its folds are past everything that is imported.
    to.aggregate().await;
    let path = directory.path().join("it");
    let refused = import(&to, &path).await;
    let mut by_reason: BTreeMap<String, usize> = BTreeMap::new();
    for refusal in refused.values() {
        *by_reason.entry(refusal.to_string()).or_default() += 1;
    }
    let of = |refusal: ImportRefusal| by_reason.get(&refusal.to_string()).copied();
    assert_eq!(of(ImportRefusal::CodeTaken), Some(1), "{by_reason:?}");
    assert_eq!(of(ImportRefusal::PairHasActive), Some(1), "{by_reason:?}");
    assert_eq!(of(ImportRefusal::MemberTaken), Some(1), "{by_reason:?}");
    // Of each of the two codes four attributions and three changes of them, and the conversion of
    // the member's click.
    assert_eq!(of(ImportRefusal::AboutRefused), Some(15), "{by_reason:?}");
    assert_eq!(by_reason.len(), 4);
    for org in [ORG, OTHER] {
        assert_counted(&to, org).await;
    }
    let mentors = seen(&to, ORG).await;
    let gone = to.get(&format!("{RECORDS}/lookup?code={GONE}")).await;
    assert_eq!(gone.expect(200).string("/mentor_id"), "usr_y");

    assert_eq!(import(&to, &path).await, refused);
    assert_eq!(seen(&to, ORG).await, mentors);
}

#[tokio::test]
async fn an_id_is_in_one_organisation_of_a_table() {
    let (_, directory, to) = exported().await;
    let path = directory.path().join("it");
    assert!(import(&to, &path).await.is_empty());
    let before = seen(&to, ORG).await;
    let new = crate::org("org_new");
    let read = read_file(&to.store, &to.clock, &path, Some(&new), |_, refusal| {
        let expected = [ImportRefusal::IdTaken, ImportRefusal::AboutRefused];
        assert!(expected.contains(refusal), "{refusal}");
    });
    let tally = read.await.expect("it is read");
    assert_eq!((tally.written, tally.were_there), (0, 0));
    assert_eq!(seen(&to, ORG).await, before);
}

/// A file that somebody has changed.
#[tokio::test]
async fn a_record_is_put_nowhere_but_where_it_belongs() {
    let (_, directory, to) = exported().await;
    let path = directory.path().join("it");
    let whole = fs::read_to_string(&path).expect("the file");
    let changed: String = whole
        .lines()
        .map(|line| {
            let is_entry = line.contains("\"code\":\"IDA-ONE\"") && line.contains("canonical");
            let is_fact = line.contains("OLA-NOW") && line.contains("\"attribution\"");
            let line = match (is_entry, is_fact) {
                (true, _) => line.replacen("IDA-ONE", "IDA-TWO", 1),
                (_, true) => line.replace(&format!("\"org\":\"{ORG}\""), "\"org\":\"org_else\""),
                _ => line.replace("\"sign\":-1", "\"sign\":\"-1\""),
            };
            line + "\n"
        })
        .collect();
    assert_ne!(changed, whole);
    fs::write(&path, changed).expect("a file");
    let refused = import(&to, &path).await;
    let is_invalid = |it: &&ImportRefusal| matches!(it, ImportRefusal::Invalid(_));
    assert!(refused.values().filter(is_invalid).count() > 3);
    let is_other = |it: &&ImportRefusal| **it == ImportRefusal::OtherOrg;
    assert!(
        refused.values().filter(is_other).count() >= 3,
        "{refused:?}"
    );
    let others = to.get(&format!("{ATTRIBUTIONS}?org_id=org_else")).await;
    assert_eq!(others.json()["data"], json!([]));
}
