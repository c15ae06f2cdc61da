//! The design as plain data: what there is, and what a reader is shown of it.

use crate::operation::{MENTORS, ORGS};
use chrono::{DateTime, Datelike, Days, NaiveDate, SubsecRound, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::HashMap;

pub(crate) type Time = DateTime<Utc>;

/// As the API shows times: UTC to the second.
pub(crate) fn shown(at: Time) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub(crate) fn folded(code: &str) -> String {
    let kept = code.chars().filter(|c| c.is_ascii_alphanumeric());
    kept.collect::<String>().to_ascii_uppercase()
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Code {
    pub(crate) id: String,
    pub(crate) mentor: String,
    pub(crate) org: String,
    pub(crate) code: String,
    pub(crate) created: Time,
    pub(crate) expires: Option<Time>,
    pub(crate) max_referrals: Option<u64>,
    pub(crate) user_type: u8,
    pub(crate) confirmed: u64,
    /// The place of the code that it was rotated to, which carries its count on.
    pub(crate) replaced_by: Option<usize>,
    pub(crate) deactivated: Option<Time>,
    pub(crate) invalidated: Option<Time>,
    pub(crate) deleted: bool,
}

impl Code {
    pub(crate) fn status(&self, now: Time) -> &'static str {
        if self.invalidated.is_some() {
            "invalidated"
        } else if self.deactivated.is_some() {
            "inactive"
        } else if self.expires.is_some_and(|end| end <= now) {
            "expired"
        } else {
            "active"
        }
    }

    /// As `/referral-code-records` shows it.
    pub(crate) fn record(&self, now: Time) -> Value {
        json!({
            "id": self.id,
            "mentor_id": self.mentor,
            "org_id": self.org,
            "code": self.code,
            "status": self.status(now),
            "created_at": shown(self.created),
            "deactivated_at": self.deactivated.map(shown),
        })
    }

    /// As `/referral-codes` shows it.
    pub(crate) fn view(&self, now: Time) -> Value {
        json!({
            "id": self.id,
            "mentor_id": self.mentor,
            "org_id": self.org,
            "code": self.code,
            "url": format!("https://app.org.no/join?ref={}", self.code),
            "status": self.status(now),
            "created_at": shown(self.created),
            "expires_at": self.expires.map(shown),
        })
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Click {
    pub(crate) id: String,
    /// The place of its code among the model's codes.
    pub(crate) code: usize,
    /// Whether there was a click: a code may be typed without one.
    pub(crate) is_typed: bool,
    pub(crate) address: Option<String>,
    pub(crate) agent: Option<String>,
    pub(crate) referrer: Option<String>,
    pub(crate) occurred: Time,
    pub(crate) created: Time,
    pub(crate) member: Option<(String, Time)>,
    pub(crate) deleted: bool,
}

impl Click {
    pub(crate) fn status(&self) -> &'static str {
        match self.member {
            None => "pending",
            Some(_) => "confirmed",
        }
    }

    fn kind(&self) -> &'static str {
        match self.member {
            None => "click",
            Some(_) => "conversion",
        }
    }

    fn member_id(&self) -> Option<&str> {
        self.member.as_ref().map(|(member, _)| member.as_str())
    }
}

/// An answer that a key keeps.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) path: &'static str,
    pub(crate) key: usize,
    pub(crate) body: Value,
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) location: String,
    /// The record that the request made: its deletion takes the answer along.
    pub(crate) made: Option<String>,
    pub(crate) until: Time,
}

/// Everything that there is.
#[derive(Debug, Default)]
pub(crate) struct Model {
    /// Oldest first, deleted ones included: their strings stay taken.
    pub(crate) codes: Vec<Code>,
    /// Oldest first, deleted ones included.
    pub(crate) clicks: Vec<Click>,
    pub(crate) kept: HashMap<(&'static str, usize), Kept>,
}

impl Model {
    pub(crate) fn active(&self, mentor: &str, org: &str, now: Time) -> Option<&Code> {
        self.codes.iter().find(|code| {
            !code.deleted
                && code.mentor == mentor
                && code.org == org
                && code.status(now) == "active"
        })
    }

    /// Forgets the answer that shows a deleted record.
    pub(crate) fn drop_kept(&mut self, id: &str) {
        self.kept.retain(|_, kept| kept.made.as_deref() != Some(id));
    }

    pub(crate) fn is_taken(&self, string: &str) -> bool {
        let wanted = folded(string);
        self.codes.iter().any(|code| folded(&code.code) == wanted)
    }

    /// The code that a person finds who types `typed`.
    pub(crate) fn find(&self, typed: &str) -> Option<usize> {
        let wanted = folded(typed);
        self.codes
            .iter()
            .position(|code| !code.deleted && folded(&code.code) == wanted)
    }

    /// The click that holds a member of an organisation.
    pub(crate) fn holder(&self, org: &str, member: &str) -> Option<&Click> {
        self.clicks.iter().find(|click| {
            !click.deleted && click.member_id() == Some(member) && self.codes[click.code].org == org
        })
    }

    /// As `/referral-attributions` shows it.
    pub(crate) fn attribution(&self, click: &Click) -> Value {
        let code = &self.codes[click.code];
        json!({
            "id": click.id,
            "code": code.code,
            "mentor_id": code.mentor,
            "type": click.kind(),
            "status": click.status(),
            "new_member_id": click.member_id(),
            "ip_address": click.address,
            "user_agent": click.agent,
            "referrer_url": click.referrer,
            "occurred_at": shown(click.occurred),
            "created_at": shown(click.created),
        })
    }

    /// As its mentor's list shows it.
    pub(crate) fn of_mentor(&self, click: &Click) -> Value {
        let code = &self.codes[click.code];
        let occurred = click.member.as_ref().map_or(click.occurred, |(_, at)| *at);
        json!({
            "id": click.id,
            "code": code.code,
            "mentor_id": code.mentor,
            "type": click.kind(),
            "status": click.status(),
            "new_member_id": click.member_id(),
            "occurred_at": shown(occurred),
        })
    }

    /// As a confirmation answers it.
    pub(crate) fn confirmed(&self, click: &Click) -> Value {
        let code = &self.codes[click.code];
        json!({
            "id": click.id,
            "code": code.code,
            "mentor_id": code.mentor,
            "type": "conversion",
            "status": "confirmed",
            "new_member_id": click.member_id(),
            "confirmed_at": click.member.as_ref().map(|(_, at)| shown(*at)),
            "created_at": shown(click.created),
        })
    }

    /// As a recruitment is shown.
    pub(crate) fn recruitment(&self, click: &Click) -> Value {
        let mut shown = self.confirmed(click);
        shown["org_id"] = json!(self.codes[click.code].org);
        shown["source"] = json!(if click.is_typed { "typed" } else { "click" });
        shown
    }

    /// The total of a mentor, in one organisation or all.
    pub(crate) fn total(&self, mentor: &str, org: Option<&str>, period: &str, now: Time) -> Value {
        let first = first_day(period, now);
        let counts = |at: Time| first.is_none_or(|first| at.date_naive() >= first);
        let own: Vec<&Click> = self
            .clicks
            .iter()
            .filter(|click| {
                let code = &self.codes[click.code];
                !click.deleted && code.mentor == mentor && org.is_none_or(|org| code.org == org)
            })
            .collect();
        let clicks = own
            .iter()
            .filter(|click| !click.is_typed && counts(click.occurred))
            .count();
        let converted = own
            .iter()
            .filter(|click| click.member.as_ref().is_some_and(|(_, at)| counts(*at)));
        let conversions = converted.clone().count();
        let clicked = converted.filter(|click| !click.is_typed).count();
        let rate = match clicks {
            0 => 0.0,
            _ => (clicked as f64 / clicks as f64 * 1000.0).round() / 1000.0,
        };
        json!({
            "mentor_id": mentor,
            "total_clicks": clicks,
            "total_conversions": conversions,
            "conversion_rate": rate,
            "period": period,
        })
    }
}

/// The first of a period's UTC days.
fn first_day(period: &str, now: Time) -> Option<NaiveDate> {
    let today = now.date_naive();
    match period {
        "7d" => Some(today - Days::new(6)),
        "30d" => Some(today - Days::new(29)),
        "90d" => Some(today - Days::new(89)),
        "mtd" => NaiveDate::from_ymd_opt(today.year(), today.month(), 1),
        "ytd" => NaiveDate::from_ymd_opt(today.year(), 1, 1),
        _ => None,
    }
}

/// `offset` seconds from `now`, to the second.
pub(crate) fn at(now: Time, offset: i64) -> Time {
    (now + TimeDelta::seconds(offset)).trunc_subsecs(0)
}

/// The mentor of this number; beyond the last one, someone unknown.
pub(crate) fn mentor(number: usize) -> &'static str {
    MENTORS.get(number).copied().unwrap_or("usr_nobody")
}

/// The organisation of this number; beyond the last one, an unknown one.
pub(crate) fn org(number: usize) -> &'static str {
    ORGS.get(number).copied().unwrap_or("org_none")
}
