use super::*;
use std::time::Duration;

fn partition(key: &str) -> Partition {
    Partition {
        table: "t".to_owned(),
        index: None,
        key: key.to_owned(),
    }
}

fn charge(key: &str, units: f64) -> Charge {
    Charge {
        partition: partition(key),
        units,
    }
}

fn ms(ms: u64) -> Moment {
    Duration::from_millis(ms)
}

fn limited(writes: f64, burst: f64) -> Buckets {
    Buckets::new(Some(Limits {
        writes,
        burst,
        ..Limits::default()
    }))
}

/// How many writes of one unit go through at `now`.
fn admitted(buckets: &mut Buckets, now: Moment) -> usize {
    let one = [vec![charge("a", 1.0)]];
    (0..)
        .take_while(|_| buckets.admit(now, &one).is_ok())
        .count()
}

#[test]
fn a_second_of_capacity_can_be_taken_at_once_and_comes_back_with_time() {
    let mut buckets = limited(1000.0, 0.0);
    assert_eq!(admitted(&mut buckets, ms(0)), 1000);
    assert_eq!(admitted(&mut buckets, ms(10)), 10);
    assert_eq!(admitted(&mut buckets, ms(5_000)), 1000);
    // A clock that goes back gives nothing.
    assert_eq!(admitted(&mut buckets, ms(4_000)), 0);
    assert_eq!(admitted(&mut buckets, ms(5_000)), 0);
}

#[test]
fn burst_saves_what_is_not_used() {
    let mut buckets = limited(1000.0, 2.0);
    assert_eq!(admitted(&mut buckets, ms(0)), 3000);
    assert_eq!(admitted(&mut buckets, ms(1_000)), 1000);
    assert_eq!(admitted(&mut buckets, ms(60_000)), 3000);
}

#[test]
fn a_call_takes_all_that_its_writes_charge_or_nothing() {
    let mut buckets = limited(10.0, 0.0);
    let writes = [
        vec![charge("a", 6.0)],
        vec![charge("b", 1.0), charge("a", 6.0)],
        vec![charge("b", 10.0)],
    ];
    let short = vec![None, Some(partition("a")), None];
    assert_eq!(buckets.admit(ms(0), &writes), Err(short));
    assert_eq!(admitted(&mut buckets, ms(0)), 10, "nothing was taken");
    assert_eq!(buckets.hottest(1)[0].throttles, 2);
}

#[test]
fn a_charge_larger_than_the_bucket_takes_a_full_one() {
    let mut buckets = limited(5.0, 0.0);
    let large = [vec![charge("a", 8.0)]];
    assert_eq!(buckets.admit(ms(0), &large), Ok(()));
    assert!(buckets.admit(ms(1_500), &large).is_err());
    assert_eq!(buckets.admit(ms(1_700), &large), Ok(()));
}

#[test]
fn reads_go_through_while_anything_is_left_and_owe_the_rest() {
    let mut buckets = limited(1000.0, 0.0);
    let a = partition("a");
    buckets.charge(ms(0), &a, Kind::Reads, 2_999.5);
    assert!(buckets.admits_read(ms(0), &a));
    buckets.charge(ms(0), &a, Kind::Reads, 3_000.5);
    assert!(!buckets.admits_read(ms(1_000), &a));
    assert!(buckets.admits_read(ms(1_001), &a));
    assert_eq!(admitted(&mut buckets, ms(0)), 1000, "writes are apart");
}

#[test]
fn without_limits_everything_goes_through_and_is_counted() {
    let mut buckets = Buckets::new(None);
    assert_eq!(buckets.admit(ms(0), &[vec![charge("a", 1e9)]]), Ok(()));
    assert!(buckets.admits_read(ms(0), &partition("a")));
    assert_eq!(buckets.hottest(1)[0].writes.total, 1e9);
}

#[test]
fn the_hottest_keys_are_those_nearest_to_a_limit_in_one_second() {
    let mut buckets = Buckets::new(None);
    for (at, key, kind, units) in [
        (0, "steady", Kind::Writes, 40.0),
        (1_000, "steady", Kind::Writes, 40.0),
        (0, "bursty", Kind::Writes, 30.0),
        (900, "bursty", Kind::Writes, 30.0),
        (0, "read", Kind::Reads, 150.0),
        (0, "cold", Kind::Writes, 1.0),
    ] {
        buckets.charge(ms(at), &partition(key), kind, units);
    }
    let hottest = buckets.hottest(3);
    let found: Vec<_> = hottest
        .iter()
        .map(|hot| (hot.partition.key.as_str(), hot.writes.peak, hot.reads.peak))
        .collect();
    let expected = [
        ("bursty", 60.0, 0.0),
        ("read", 0.0, 150.0),
        ("steady", 40.0, 0.0),
    ];
    assert_eq!(found, expected);
    assert_eq!(hottest[2].writes.total, 80.0);

    buckets.forget_loads();
    assert_eq!(buckets.hottest(1)[0].writes, Load::default());
}
