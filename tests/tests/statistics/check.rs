//! Compares statistics with a recount of the records.

use super::play::{MENTORS, ORGS};
use super::whose::Whose;
use chrono::{Datelike, Days, NaiveDate};
use domain::ProgramId;
use serde_json::Value;
use std::collections::BTreeMap;
use tests::Verv;
use tests::recount::{Record, Records};

const PERIODS: [&str; 8] = [
    "all_time",
    "7d",
    "30d",
    "90d",
    "month",
    "mtd",
    "previous_month",
    "ytd",
];

/// Some statistics, drawn by `seed`: cheap enough to check after every run.
pub(crate) async fn something(
    verv: &Verv,
    programs: &[ProgramId],
    seed: u64,
) -> Result<(), String> {
    let records = read(verv).await;
    let draw = |bits: u32, choices: usize| (seed >> bits) as usize % choices;
    let mentor = MENTORS[draw(20, 3)];
    let org = [None, Some(ORGS[0]), Some(ORGS[1])][draw(24, 3)];
    let whose = match draw(50, 5) {
        0 => Whose::Org(ORGS[draw(33, 2)]),
        1 => Whose::Program(programs[draw(33, 2)]),
        _ => Whose::Mentor(mentor, org),
    };
    total(verv, &records, whose, "all_time").await?;
    match draw(45, 3) {
        0 => total(verv, &records, whose, PERIODS[draw(28, 8)]).await,
        1 => series(verv, &records, whose, "90d").await,
        _ => {
            let drawn = [draw(36, LISTS)];
            lists(verv, &records, mentor, ORGS[draw(33, 2)], &drawn).await
        }
    }
}

/// All statistics, with everything folded.
pub(crate) async fn everything(verv: &Verv, programs: &[ProgramId]) -> Result<(), String> {
    let records = read(verv).await;
    let mentors = MENTORS.map(|mentor| Whose::Mentor(mentor, None));
    let programs = programs.iter().copied().map(Whose::Program);
    for whose in mentors
        .into_iter()
        .chain(ORGS.map(Whose::Org))
        .chain(programs)
    {
        for period in PERIODS {
            total(verv, &records, whose, period).await?;
        }
        for period in ["ytd", "previous_month"] {
            series(verv, &records, whose, period).await?;
        }
    }
    for mentor in MENTORS {
        for org in ORGS {
            total(verv, &records, Whose::Mentor(mentor, Some(org)), "ytd").await?;
        }
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
        for window in ["all_time", "month", "mtd", "previous_month"] {
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

/// The first and the last day of a period.
fn days_of(period: &str, today: NaiveDate) -> (NaiveDate, NaiveDate) {
    let this_month = today.with_day(1).expect("the first");
    let last_month = this_month - Days::new(1);
    let first = match period {
        "7d" => today - Days::new(6),
        "30d" => today - Days::new(29),
        "90d" => today - Days::new(89),
        "month" | "mtd" => this_month,
        "previous_month" => last_month.with_day(1).expect("the first"),
        "ytd" => today.with_ordinal(1).expect("the first"),
        _ => NaiveDate::MIN,
    };
    match period {
        "previous_month" => (first, last_month),
        _ => (first, NaiveDate::MAX),
    }
}

/// What records come to.
#[derive(Debug, Default)]
struct Recount {
    clicks: i64,
    conversions: i64,
    /// Those that came from clicks.
    from_clicks: i64,
}

impl Recount {
    /// Clicks and conversions of the records on the days that count.
    fn of<'a>(
        records: impl Iterator<Item = &'a Record>,
        counts: impl Fn(NaiveDate) -> bool,
    ) -> Self {
        records.fold(Self::default(), |sum, record| {
            let clicked = record.clicked_on.is_some_and(&counts);
            let converted = record.converted_on.is_some_and(&counts);
            let from_click = converted && record.clicked_on.is_some();
            Self {
                clicks: sum.clicks + i64::from(clicked),
                conversions: sum.conversions + i64::from(converted),
                from_clicks: sum.from_clicks + i64::from(from_click),
            }
        })
    }

    /// Compares a total with it.
    fn compare(&self, path: &str, told: &Value) -> Result<(), String> {
        same(path, told["total_clicks"].clone(), self.clicks.into())?;
        same(
            path,
            told["total_conversions"].clone(),
            self.conversions.into(),
        )?;
        let rate = match self.clicks {
            0 => 0.0,
            clicks => (self.from_clicks as f64 / clicks as f64 * 1000.0).round() / 1000.0,
        };
        same(path, told["conversion_rate"].clone(), rate.into())
    }
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
    whose: Whose<'_>,
    period: &str,
) -> Result<(), String> {
    let path = whose.path("total", period);
    let told = verv.get(&path).await.expect(200).json();
    let (first, last) = days_of(period, verv.now().date_naive());
    let recount = Recount::of(whose.records(records), |day| first <= day && day <= last);
    recount.compare(&path, &told)
}

async fn series(
    verv: &Verv,
    records: &Records,
    whose: Whose<'_>,
    period: &str,
) -> Result<(), String> {
    let path = whose.path("timeseries", period);
    let told = verv.get(&path).await.expect(200).json();
    let today = verv.now().date_naive();
    let (first, last) = days_of(period, today);
    let mut days: BTreeMap<NaiveDate, (i64, i64)> = first
        .iter_days()
        .take_while(|day| *day <= last.min(today))
        .map(|day| (day, (0, 0)))
        .collect();
    for record in whose.records(records) {
        if let Some(day) = record.clicked_on.and_then(|day| days.get_mut(&day)) {
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

const RECRUITMENTS: &str = "/api/v1/referral-conversions";

/// The days of the conversions.
fn recruited<'a>(
    whose: Whose<'a>,
    records: &'a Records,
) -> impl Iterator<Item = NaiveDate> + use<'a> {
    whose
        .records(records)
        .filter_map(|record| record.converted_on)
}

/// How many lists are compared, and the places of some among them.
const LISTS: usize = 9;
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
    let month = verv.now().format("%Y-%m").to_string();
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
            Whose::Mentor(mentor, None).records(records).count(),
        ),
        (
            format!("{clicks}/mentor/{mentor}?status=confirmed"),
            Whose::Mentor(mentor, None)
                .records(records)
                .filter(|r| r.converted_on.is_some())
                .count(),
        ),
        (
            format!("{RECRUITMENTS}?org_id={org}"),
            recruited(Whose::Org(org), records).count(),
        ),
        (
            format!("{RECRUITMENTS}?org_id={org}&mentor_id={mentor}&from={month}-01T00:00:00Z"),
            recruited(Whose::Mentor(mentor, Some(org)), records)
                .filter(|day| day.format("%Y-%m").to_string() >= month)
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
    let (first, last) = days_of(window, verv.now().date_naive());
    let next_month = first
        .with_day(1)
        .and_then(|day| day.checked_add_months(chrono::Months::new(1)));
    let end = next_month
        .filter(|_| window != "all_time")
        .unwrap_or(NaiveDate::MAX);
    let counts = |day: NaiveDate| first <= day && day <= last && day < end;
    let mut ranked: Vec<(i64, &str, i64)> = MENTORS
        .into_iter()
        .map(|mentor| {
            let own = Whose::Mentor(mentor, Some(org)).records(records);
            let recount = Recount::of(own, counts);
            (recount.conversions, mentor, recount.clicks)
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
    Recount::of(of_code, |_| true).compare(&path, &told)
}
