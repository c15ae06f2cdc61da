//! Exports and imports that are killed anywhere, and repeated.

use crate::bed::{ORG, export, fill, items_of, org, seen};
use crate::exported;
use local::engine::client;
use local::transfer::{read_file, write_file};
use std::fs;
use store::UnscopedStore;
use tests::Verv;
use tests::gate::{Gate, Stop};

#[tokio::test]
async fn an_export_goes_on_from_wherever_its_file_ends() {
    let (from, directory, _) = exported().await;
    let whole = fs::read(directory.path().join("it")).expect("the file");
    let path = directory.path().join("torn");
    let mut lengths: Vec<usize> = (0..whole.len()).step_by(211).collect();
    lengths.extend([1, whole.len() - 1, whole.len()]);
    let ends = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    lengths.extend(ends.map(|(at, _)| at + 1));
    for length in lengths {
        fs::write(&path, &whole[..length]).expect("a file");
        export(&from, &from.store, &path).await;
        let again = fs::read(&path).expect("the file");
        assert!(again == whole, "cut at {length}");
    }
}

#[tokio::test]
async fn an_export_that_is_killed_at_any_call_is_finished_by_the_next() {
    let verv = Verv::start().await;
    fill(&verv).await;
    let directory = tempfile::tempdir().expect("a directory");
    let expected = directory.path().join("expected");
    export(&verv, &verv.store, &expected).await;
    let expected = fs::read(&expected).expect("the file");
    let gate = Gate::new();
    let store = UnscopedStore::new(gate.client(&verv.engine.endpoint()), "verv");
    let (org, path) = (org(ORG), directory.path().join("killed"));
    for call in 0.. {
        let _ = fs::remove_file(&path);
        gate.arm(Stop::Before(call));
        let is_killed = tokio::select! {
            biased;
            () = gate.stopped() => true,
            _ = write_file(&store, &org, &path, verv.now().into()) => false,
        };
        gate.arm(Stop::Never);
        export(&verv, &verv.store, &path).await;
        assert!(fs::read(&path).expect("the file") == expected, "at {call}");
        if !is_killed {
            assert!(call > 33, "{call}");
            break;
        }
    }
}

/// At every seventh call, from another one in each table.
#[tokio::test]
async fn an_import_that_is_killed_again_and_again_is_finished_by_the_next() {
    let (from, directory, _) = exported().await;
    let path = directory.path().join("it");
    from.aggregate().await;
    let (items, numbers) = (items_of(&from, ORG).await, seen(&from, ORG).await);
    let mut kills = 0;
    for first in 0..7 {
        let to = Verv::start().await;
        to.clock.set(from.now());
        // One half into a table whose folds have begun.
        if first % 2 == 1 {
            to.make_code("usr_else", "org_else", "ELSE").await;
            to.click("ELSE").await;
            to.aggregate().await;
        }
        let gate = Gate::new();
        let store = UnscopedStore::new(gate.client(&to.engine.endpoint()), "verv");
        for call in (first..).step_by(7) {
            let stop = match call % 2 {
                0 => Stop::Before(call),
                _ => Stop::After(call),
            };
            gate.arm(stop);
            let is_killed = tokio::select! {
                biased;
                () = gate.stopped() => true,
                read = read_file(&store, &to.clock, &path, None, |id, it| panic!("{id} {it}")) => {
                    read.expect("it is imported");
                    false
                }
            };
            gate.arm(Stop::Never);
            kills += usize::from(is_killed);
            if !is_killed {
                break;
            }
        }
        assert_eq!(items_of(&to, ORG).await, items, "{first}");
        assert_eq!(seen(&to, ORG).await, numbers, "{first}");
        let other = UnscopedStore::new(client(&to.engine.endpoint()), "verv");
        let verified = other.aggregator();
        let days = store::fold::Days::default();
        let verified = verified.verify(days, to.now(), || false, |_| ()).await;
        assert_eq!(verified.expect("it is verified").differ, 0, "{first}");
    }
    assert!(kills > 60, "{kills}");
}
