//! Compares statistics with a recount of the records.

use super::play::{MENTORS, ORGS};
use chrono::{Datelike, Days, NaiveDate};
use serde_json::Value;
use std::collections::BTreeMap;
use tests::Verv;
use tests::recount::{Record, Records};

const PERIODS: [&str; 6] = ["all_time", "7d", "30d", "90d", "mtd", "ytd"];

/// Some statistics, drawn by `seed`: cheap enough to check after every run.
pub(crate) async fn something(verv: &Verv, seed: u64) -> Result<(), String> {
    let records = read(verv).await;
    let draw = |bits: u32, choices: usize| (seed >> bits) as usize % choices;
    let mentor = MENTORS[draw(20, 3)];
    let org = [None, Some(ORGS[0]), Some(ORGS[1])][draw(24, 3)];
    total(verv, &records, mentor, org, "all_time").await?;
    match draw(45, 3) {
        0 => total(verv, &records, mentor, org, PERIODS[draw(28, 6)]).await,
        1 => series(verv, &records, mentor, org, "90d").await,
        _ => {
            let drawn = [draw(36, LISTS)];
            lists(verv, &records, mentor, ORGS[draw(33, 2)], &drawn).await
        }
    }
}

/// All statistics, with everything folded.
pub(crate) async fn everything(verv: &Verv) -> Result<(), String> {
    let records = read(verv).await;
    for mentor in MENTORS {
        for period in PERIODS {
            total(verv, &records, mentor, None, period).await?;
        }
        for org in ORGS {
            total(verv, &records, mentor, Some(org), "ytd").await?;
        }
        series(verv, &records, mentor, None, "ytd").await?;
        lists(
            verv,
            &records,
            mentor,
            ORGS[0],
            &[OF_MENTOR, CONFIRMED_OF_MENTOR],
        )
        .await?;
    }
    let all: Vec<usize> = (0..LISTS).collect();
    lists(verv, &records, MENTORS[0], ORGS[1], &all).await?;
    for org in ORGS {
        for window in ["all_time", "month", "previous_month"] {
            leaderboard(verv, &records, org, window).await?;
        }
    }
    for code in &records.codes {
        code_stats(verv, &records, &code.id).await?;
    }
    Ok(())
}

async fn read(verv: &Verv) -> Records {
    let client = local::engine::client(&verv.engine.endpoint());
    Records::read(&client, verv.store.table_name()).await
}

fn first_day(period: &str, today: NaiveDate) -> NaiveDate {
    match period {
        "7d" => today - Days::new(6),
        "30d" => today - Days::new(29),
        "90d" => today - Days::new(89),
        "mtd" => today.with_day(1).expect("the first"),
        "ytd" => today.with_ordinal(1).expect("the first"),
        _ => NaiveDate::MIN,
    }
}

/// Clicks and conversions of the records since `first`.
fn count<'a>(records: impl Iterator<Item = &'a Record>, first: NaiveDate) -> (i64, i64) {
    records.fold((0, 0), |(clicks, conversions), record| {
        let clicked = record.clicked_on >= first;
        let converted = record.converted_on.is_some_and(|day| day >= first);
        (
            clicks + i64::from(clicked),
            conversions + i64::from(converted),
        )
    })
}

fn of<'a>(
    records: &'a Records,
    mentor: &'a str,
    org: Option<&'a str>,
) -> impl Iterator<Item = &'a Record> {
    records
        .attributions
        .iter()
        .filter(move |record| record.mentor == mentor && org.is_none_or(|org| record.org == org))
}

fn same(
    what: &str,
    told: impl PartialEq<Value> + std::fmt::Debug,
    counted: Value,
) -> Result<(), String> {
    if told == counted {
        Ok(())
    } else {
        Err(format!("{what}: told {told:?}, counted {counted:?}"))
    }
}

async fn total(
    verv: &Verv,
    records: &Records,
    mentor: &str,
    org: Option<&str>,
    period: &str,
) -> Result<(), String> {
    let narrowed = org.map(|org| format!("&org_id={org}")).unwrap_or_default();
    let path =
        format!("/api/v1/referral-attributions/mentor/{mentor}/total?period={period}{narrowed}");
    let told = verv.get(&path).await.expect(200).json();
    let (clicks, conversions) = count(
        of(records, mentor, org),
        first_day(period, verv.now().date_naive()),
    );
    same(&path, told["total_clicks"].clone(), clicks.into())?;
    same(&path, told["total_conversions"].clone(), conversions.into())
}

async fn series(
    verv: &Verv,
    records: &Records,
    mentor: &str,
    org: Option<&str>,
    period: &str,
) -> Result<(), String> {
    let narrowed = org.map(|org| format!("&org_id={org}")).unwrap_or_default();
    let path = format!(
        "/api/v1/referral-attributions/mentor/{mentor}/timeseries?period={period}{narrowed}"
    );
    let told = verv.get(&path).await.expect(200).json();
    let today = verv.now().date_naive();
    let mut days: BTreeMap<NaiveDate, (i64, i64)> = first_day(period, today)
        .iter_days()
        .take_while(|day| *day <= today)
        .map(|day| (day, (0, 0)))
        .collect();
    for record in of(records, mentor, org) {
        if let Some(day) = days.get_mut(&record.clicked_on) {
            day.0 += 1;
        }
        if let Some(day) = record.converted_on.and_then(|day| days.get_mut(&day)) {
            day.1 += 1;
        }
    }
    let counted: Vec<Value> = days
        .into_iter()
        .map(|(date, (clicks, conversions))| {
            serde_json::json!({"date": date, "clicks": clicks, "conversions": conversions})
        })
        .collect();
    same(&path, told["data"].clone(), counted.into())
}

/// How many lists are compared, and the places of some among them.
const LISTS: usize = 7;
const OF_MENTOR: usize = 2;
const CONFIRMED_OF_MENTOR: usize = 3;

/// Page 1 of the lists at the places `which`: their totals, and that they show what exists.
async fn lists(
    verv: &Verv,
    records: &Records,
    mentor: &str,
    org: &str,
    which: &[usize],
) -> Result<(), String> {
    let attributions = &records.attributions;
    let clicks = "/api/v1/referral-attributions".to_owned();
    let codes = "/api/v1/referral-codes".to_owned();
    let expected: [(String, usize); LISTS] = [
        (clicks.clone(), attributions.len()),
        (
            format!("{clicks}?org_id={org}"),
            attributions.iter().filter(|r| r.org == org).count(),
        ),
        (
            format!("{clicks}/mentor/{mentor}"),
            of(records, mentor, None).count(),
        ),
        (
            format!("{clicks}/mentor/{mentor}?status=confirmed"),
            of(records, mentor, None)
                .filter(|r| r.converted_on.is_some())
                .count(),
        ),
        (codes.clone(), records.codes.len()),
        (
            format!("{codes}?org_id={org}"),
            records.codes.iter().filter(|c| c.org == org).count(),
        ),
        (
            format!("{codes}?mentor_id={mentor}&org_id={org}"),
            records
                .codes
                .iter()
                .filter(|c| c.org == org && c.mentor == mentor)
                .count(),
        ),
    ];
    for (path, count) in which.iter().map(|at| &expected[*at]) {
        let count = *count;
        let told = verv.get(path).await.expect(200).json();
        same(path, told["pagination"]["total"].clone(), count.into())?;
        let shown = told["data"].as_array().map_or(0, Vec::len);
        same(path, Value::from(shown), count.min(20).into())?;
    }
    Ok(())
}

async fn leaderboard(
    verv: &Verv,
    records: &Records,
    org: &str,
    window: &str,
) -> Result<(), String> {
    let path =
        format!("/api/v1/referral-attributions/leaderboard?org_id={org}&period={window}&limit=100");
    let told = verv.get(&path).await.expect(200).json();
    let this_month = verv.now().date_naive().with_day(1).expect("the first");
    let month = match window {
        "month" => Some(this_month),
        "previous_month" => Some((this_month - Days::new(1)).with_day(1).expect("the first")),
        _ => None,
    };
    let counts = |day: NaiveDate| month.is_none_or(|month| day.with_day(1) == Some(month));
    let mut ranked: Vec<(i64, &str, i64)> = MENTORS
        .into_iter()
        .map(|mentor| {
            let clicks = of(records, mentor, Some(org))
                .filter(|r| counts(r.clicked_on))
                .count() as i64;
            let converted = of(records, mentor, Some(org)).filter_map(|r| r.converted_on);
            (
                converted.filter(|day| counts(*day)).count() as i64,
                mentor,
                clicks,
            )
        })
        .filter(|(conversions, ..)| *conversions > 0)
        .collect();
    ranked.sort_by_key(|(conversions, mentor, _)| (-conversions, *mentor));
    let counted: Vec<Value> = ranked
        .iter()
        .map(|(conversions, mentor, clicks)| {
            let rank = 1 + ranked
                .iter()
                .filter(|(other, ..)| other > conversions)
                .count();
            serde_json::json!([rank, mentor, conversions, clicks])
        })
        .collect();
    let told: Vec<Value> = told["data"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|place| {
            Value::from(vec![
                place["rank"].clone(),
                place["mentor_id"].clone(),
                place["conversions"].clone(),
                place["clicks"].clone(),
            ])
        })
        .collect();
    same(&path, Value::from(told), counted.into())
}

async fn code_stats(verv: &Verv, records: &Records, id: &str) -> Result<(), String> {
    let path = format!("/api/v1/referral-codes/{id}/stats");
    let told = verv.get(&path).await.expect(200).json();
    let code = told["code"].as_str().unwrap_or_default();
    let of_code = records
        .attributions
        .iter()
        .filter(|record| record.code == code);
    let (clicks, conversions) = count(of_code, NaiveDate::MIN);
    same(&path, told["total_clicks"].clone(), clicks.into())?;
    same(&path, told["total_conversions"].clone(), conversions.into())
}
