//! `--demo`: an organisation with mentors, codes, 60 days of clicks and the recruitments
//! among them, made by the functions' own code on a clock that runs through those days.

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use indicatif::{ProgressBar, ProgressStyle};
use shared::domain::attribution::Visitor;
use shared::domain::code_record::CodeTerms;
use shared::domain::{Code, MemberId, MentorId, OrgId};
use shared::store::attributions::{Click, Confirmation};
use shared::store::codes::{Issued, Keep};
use shared::store::{Answer, StoreError, Table, TransactError};
use std::fmt::Debug;
use std::sync::Mutex;

/// The demonstration's organisation.
pub const ORG: &str = "org_demo";

const DAYS: i64 = 60;

/// A mentor's name, the prefix of their code, and their usual clicks a day.
const MENTORS: [(&str, &str, u32); 8] = [
    ("usr_jan", "JAN-VERV", 14),
    ("usr_ingrid", "INGRID-VERV", 11),
    ("usr_amina", "AMINA-VERV", 9),
    ("usr_olav", "OLAV-VERV", 7),
    ("usr_sofie", "SOFIE-VERV", 5),
    ("usr_mateo", "MATEO-VERV", 4),
    ("usr_liv", "LIV-VERV", 2),
    ("usr_erik", "ERIK-VERV", 1),
];

const REFERRERS: [&str; 4] = [
    "https://instagram.com",
    "https://www.facebook.com/",
    "https://t.co/",
    "https://www.linkedin.com/feed/",
];

const AGENTS: [&str; 3] = [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36",
];

/// What the demonstration made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Demo {
    pub codes: usize,
    pub clicks: usize,
    pub recruitments: usize,
}

/// Fills a table that holds no code yet; `None` where it does: ids of the past would come
/// too late for an aggregator that has passed them.
///
/// # Errors
/// [`StoreError`] when DynamoDB does not answer.
pub async fn fill(table: &Table, now: DateTime<Utc>) -> Result<Option<Demo>, StoreError> {
    if !table.is_empty().await? {
        return Ok(None);
    }
    let org: OrgId = valid(ORG);
    let mut dice = Dice(0x5eed);
    let mut demo = Demo::default();
    let start = now - TimeDelta::days(DAYS);
    let mut codes: Vec<(MentorId, Code, u32)> = Vec::new();
    for (mentor, prefix, a_day) in MENTORS {
        let mentor: MentorId = valid(mentor);
        let code = issue(table, &mentor, &org, prefix, start).await?;
        codes.push((mentor, code, a_day));
        demo.codes += 1;
    }

    let progress = ProgressBar::new(DAYS.unsigned_abs()).with_style(
        ProgressStyle::with_template("  demo data {bar:40} day {pos} of {len}, {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    for day in 0..DAYS {
        for (_, code, a_day) in &codes {
            for _ in 0..dice.around(*a_day) {
                let at = daytime(start + TimeDelta::days(day), &mut dice);
                if at >= now {
                    continue;
                }
                let recruited = click(table, code, at, &mut dice, demo.recruitments, now).await?;
                demo.clicks += 1;
                demo.recruitments += usize::from(recruited);
            }
        }
        progress.set_message(format!(
            "{} clicks, {} recruited",
            demo.clicks, demo.recruitments
        ));
        progress.inc(1);
    }
    progress.finish();
    Ok(Some(demo))
}

async fn issue(
    table: &Table,
    mentor: &MentorId,
    org: &OrgId,
    prefix: &str,
    at: DateTime<Utc>,
) -> Result<Code, StoreError> {
    let issued = Mutex::new(None);
    let render = |made: &Issued| {
        let (Issued::Created(record) | Issued::Existing(record)) = made;
        if let Ok(mut issued) = issued.lock() {
            *issued = Some(record.code.clone());
        }
        Answer {
            status: 200,
            location: None,
            body: String::new(),
        }
    };
    let keep = Keep {
        key: None,
        render: &render,
    };
    let (prefix, terms) = (valid(prefix), CodeTerms::default());
    expected(
        table
            .get_or_create_code(mentor, org, Some(&prefix), &terms, keep, at)
            .await,
    )?;
    let issued = issued.into_inner().ok().flatten();
    issued.ok_or_else(|| StoreError::Refused("the demonstration's code was not made".into()))
}

/// A click, which in one case of eight is a recruitment some days later; says whether.
async fn click(
    table: &Table,
    code: &Code,
    at: DateTime<Utc>,
    dice: &mut Dice,
    recruited: usize,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let click = Click {
        code: code.folded(),
        visitor: Visitor {
            // Addresses that documentation may use.
            ip_address: Some([203, 0, 113, dice.below(256) as u8].into()),
            user_agent: AGENTS[dice.below(AGENTS.len())].parse().ok(),
            referrer_url: REFERRERS[dice.below(REFERRERS.len())].parse().ok(),
        },
        occurred_at: at.into(),
        retention: None,
    };
    let attribution = expected(table.record_click(click, at).await)?;
    let joined = at + TimeDelta::hours(1 + dice.below(120) as i64);
    if dice.below(8) != 0 || joined >= now {
        return Ok(false);
    }
    let member: MemberId = valid(&format!("usr_{}", 5_000 + recruited));
    let confirmation = Confirmation {
        code: code.folded(),
        member,
        confirmed_at: joined.into(),
    };
    expected(table.confirm(attribution.id, &confirmation, joined).await)?;
    Ok(true)
}

/// Some time between 7 in the morning and 11 at night of the day of `day`.
fn daytime(day: DateTime<Utc>, dice: &mut Dice) -> DateTime<Utc> {
    let morning = day.with_hour(7).unwrap_or(day);
    morning + TimeDelta::milliseconds(dice.below(16 * 3_600_000) as i64)
}

/// What nobody else can have refused: the table was empty.
fn expected<T, R: Debug>(outcome: Result<T, TransactError<R>>) -> Result<T, StoreError> {
    outcome.map_err(|error| match error {
        TransactError::Store(error) => error,
        TransactError::Refused(refusal) => StoreError::Refused(format!("{refusal:?}").into()),
    })
}

fn valid<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: Debug,
{
    text.parse()
        .expect("the demonstration's own names are valid")
}

/// The same throws every time, so that the demonstration looks the same on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    /// Between nothing and twice `usual`.
    fn around(&mut self, usual: u32) -> usize {
        self.below(2 * usual as usize + 1)
    }
}
