//! `--demo`: an organisation with mentors, codes, 60 days of clicks and the recruitments
//! among them, made by the functions' own code on a clock that runs through those days.

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use domain::attribution::Visitor;
use domain::click::Click;
use domain::codes::{Issued, WantedCode};
use domain::confirmation::Confirmation;
use domain::terms::RequestedTerms;
use domain::{
    Attribution, AttributionId, AttributionStatus, Code, CodeRecord, FoldedCode, OwnerFilter, Scope,
};
use indicatif::{ProgressBar, ProgressStyle};
use std::fmt::Debug;
use std::net::SocketAddr;
use store::attributions::AttributionFilter;
use store::{ListRequest, Start, Store, StoreError, TransactError, UnscopedStore};

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
    /// Codes, one a mentor.
    pub codes: usize,
    /// Clicks, the confirmed ones included.
    pub clicks: usize,
    /// Clicks that were confirmed.
    pub recruitments: usize,
}

/// Fills a table that holds no code yet; `None` where it does: ids of the past would come
/// too late for an aggregator that has passed them.
///
/// # Errors
/// [`StoreError`] when DynamoDB does not answer.
pub async fn fill(store: &UnscopedStore, now: DateTime<Utc>) -> Result<Option<Demo>, StoreError> {
    if !store.is_empty().await? {
        return Ok(None);
    }
    let mut history = History {
        store: store.scoped(Scope::unrestricted(), None),
        now,
        dice: Dice(0x5eed),
        demo: Demo::default(),
    };
    let start = now - TimeDelta::days(DAYS);
    let mut codes = Vec::with_capacity(MENTORS.len());
    for (mentor, prefix, clicks_a_day) in MENTORS {
        codes.push((history.issue(mentor, prefix, start).await?, clicks_a_day));
    }
    let progress = progress_bar();
    for day in 0..DAYS {
        for (code, clicks_a_day) in &codes {
            let day = start + TimeDelta::days(day);
            history.day_of_clicks(code, *clicks_a_day, day).await?;
        }
        let Demo {
            clicks,
            recruitments,
            ..
        } = history.demo;
        progress.set_message(format!("{clicks} clicks, {recruitments} recruited"));
        progress.inc(1);
    }
    progress.finish();
    Ok(Some(history.demo))
}

/// Some of the demonstration, to be looked at.
#[derive(Debug)]
pub struct Examples {
    code: CodeRecord,
    recruitment: Attribution,
}

/// A code of the demonstration and the newest recruitment by it; `None` where the table does not
/// hold it.
///
/// # Errors
/// [`StoreError`] when DynamoDB does not answer.
pub async fn examples(
    store: &UnscopedStore,
    now: DateTime<Utc>,
) -> Result<Option<Examples>, StoreError> {
    let (mentor, _, _) = MENTORS[0];
    let (mentor, org) = (valid(mentor), valid(ORG));
    let store = store.scoped(Scope::unrestricted(), None);
    let Some(code) = store.find_active_code(&mentor, &org, now).await? else {
        return Ok(None);
    };
    let confirmed = AttributionFilter {
        owner: OwnerFilter {
            mentor: Some(mentor),
            org: Some(org),
        },
        status: Some(AttributionStatus::Confirmed),
        ..AttributionFilter::default()
    };
    let newest = ListRequest {
        limit: 1,
        start: Start::Skip(0),
    };
    let mut page = store.list_attributions(&confirmed, newest, now).await?;
    let recruitment = page.records.pop();
    Ok(recruitment.map(|recruitment| Examples { code, recruitment }))
}

impl Examples {
    /// The calls that show them, to the API at `address`: one a line.
    #[must_use]
    pub fn calls(&self, address: SocketAddr) -> String {
        let (id, code) = (self.code.id, &self.code.code);
        let (mentor, click) = (&self.code.mentor, self.recruitment.id);
        let attributions = format!("{address}/api/v1/referral-attributions");
        format!(
            "  curl -s 'http://{address}/api/v1/referral-codes?org_id={ORG}'
  curl -s http://{address}/api/v1/referral-codes/{id}/stats
  curl -s http://{attributions}/mentor/{mentor}/total
  curl -s 'http://{attributions}/mentor/{mentor}/timeseries?period=30d' -H 'accept: text/csv'
  curl -s 'http://{attributions}/leaderboard?org_id={ORG}'
  curl -s 'http://{attributions}?org_id={ORG}&status=confirmed' -H 'accept: text/csv'
  curl -s http://{attributions}/{click}
  curl -si http://{address}/r/{code}
"
        )
    }
}

fn progress_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("  demo data {bar:40} day {pos} of {len}, {msg}");
    ProgressBar::new(DAYS.unsigned_abs())
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// The days up to `now`, as far as they are made.
struct History {
    store: Store,
    now: DateTime<Utc>,
    dice: Dice,
    demo: Demo,
}

impl History {
    async fn issue(
        &mut self,
        mentor: &str,
        prefix: &str,
        at: DateTime<Utc>,
    ) -> Result<Code, StoreError> {
        let wanted = WantedCode {
            mentor: valid(mentor),
            org: valid(ORG),
            prefix: Some(valid(prefix)),
            terms: RequestedTerms::default(),
        };
        let reply = self.store.get_or_create_code(wanted, None, at).await;
        let (Issued::Created(record) | Issued::Existing(record)) = expected(reply)?.value;
        self.demo.codes += 1;
        Ok(record.code)
    }

    async fn day_of_clicks(
        &mut self,
        code: &Code,
        usual: u32,
        day: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        for _ in 0..self.dice.around(usual) {
            let at = self.dice.daytime(day);
            if at < self.now {
                let click = self.click(code.folded(), at).await?;
                self.join_perhaps(code.folded(), click, at).await?;
            }
        }
        Ok(())
    }

    async fn click(
        &mut self,
        code: FoldedCode,
        at: DateTime<Utc>,
    ) -> Result<AttributionId, StoreError> {
        let dice = &mut self.dice;
        let click = Click {
            code,
            visitor: Visitor {
                // Addresses that documentation may use.
                ip_address: Some([203, 0, 113, dice.below(256) as u8].into()),
                user_agent: AGENTS[dice.below(AGENTS.len())].parse().ok(),
                referrer_url: REFERRERS[dice.below(REFERRERS.len())].parse().ok(),
            },
            occurred_at: None,
            recorded_by: domain::CallerKind::Platform,
            retention: None,
        };
        let reply = self.store.record_click(click, None, at).await;
        self.demo.clicks += 1;
        Ok(expected(reply)?.value.id)
    }

    /// One click in eight is a recruitment some days later.
    async fn join_perhaps(
        &mut self,
        code: FoldedCode,
        click: AttributionId,
        clicked: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let joined = clicked + TimeDelta::hours(1 + self.dice.below(120) as i64);
        if self.dice.below(8) != 0 || joined >= self.now {
            return Ok(());
        }
        let confirmation = Confirmation {
            code,
            member: valid(&format!("usr_{}", 5_000 + self.demo.recruitments)),
            confirmed_at: None,
        };
        expected(self.store.confirm(click, confirmation, joined).await)?;
        self.demo.recruitments += 1;
        Ok(())
    }
}

/// What nobody else can have refused: the table was empty.
fn expected<T, R: Debug>(outcome: Result<T, TransactError<R>>) -> Result<T, StoreError> {
    outcome.map_err(|error| match error {
        TransactError::Store(error) => error,
        refused => StoreError::Refused(format!("{refused:?}").into()),
    })
}

fn valid<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: Debug,
{
    text.parse()
        .expect("the demonstration's own names are valid")
}

/// A random sequence that is the same every time, so that the demonstration looks the same on
/// every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    /// Some time between 7 in the morning and 11 at night of the day of `day`.
    fn daytime(&mut self, day: DateTime<Utc>) -> DateTime<Utc> {
        let morning = day.with_hour(7).unwrap_or(day);
        morning + TimeDelta::milliseconds(self.below(16 * 3_600_000) as i64)
    }

    /// Between nothing and twice `usual`.
    fn around(&mut self, usual: u32) -> usize {
        self.below(2 * usual as usize + 1)
    }
}
