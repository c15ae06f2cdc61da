//! Plays a history: performs each operation, and holds the answer against the model's.

use crate::model::{Kept, Model, Time, shown};
use crate::operation::{MEMBERS, MENTORS, ORGS, Operation, PERIODS, Spelling, Which};
use axum::http::Method;
use chrono::{Datelike, Months, NaiveDate, TimeDelta};
use serde_json::{Value, json};
use tests::{Reply, Verv};

pub(crate) const RECORDS: &str = "/api/v1/referral-code-records";
pub(crate) const CODES: &str = "/api/v1/referral-codes";
pub(crate) const ATTRIBUTIONS: &str = "/api/v1/referral-attributions";

/// The platform, and what it should be.
pub(crate) struct Play {
    pub(crate) verv: Verv,
    pub(crate) model: Model,
}

/// What the model has to say to a request that makes something.
pub(crate) enum Verdict {
    /// 400 or 422 for the request itself, whatever its key.
    Malformed(Refusal),
    /// The state of things does not allow it.
    Refused(Refusal),
    /// It is made, or there already.
    Done,
}

/// A problem: its status, its code, and the field at fault.
pub(crate) struct Refusal(
    pub(crate) u16,
    pub(crate) &'static str,
    pub(crate) Option<&'static str>,
);

impl Refusal {
    pub(crate) const NOT_FOUND: Self = Self(404, "not_found", None);

    /// Asserts that `reply` says so.
    #[track_caller]
    pub(crate) fn check(&self, reply: &Reply) {
        let Self(status, code, field) = self;
        assert_eq!(reply.status.as_u16(), *status, "{}", reply.text);
        assert_eq!(reply.header("content-type"), "application/problem+json");
        let problem = reply.json();
        assert_eq!(problem["code"], *code, "{problem}");
        assert_eq!(problem["status"], *status);
        assert_eq!(problem["type"], format!("urn:verv:problem:{code}"));
        assert_eq!(problem["errors"][0]["field"], json!(field), "{problem}");
    }
}

impl Play {
    pub(crate) async fn start() -> Self {
        Self {
            // All requests come from one address, and many ask for codes that are unknown.
            verv: Verv::with_settings(&[("MISS_LIMIT", "0")]).await,
            model: Model::default(),
        }
    }

    pub(crate) fn now(&self) -> Time {
        self.verv.now()
    }

    pub(crate) async fn perform(&mut self, operation: &Operation) {
        // Ids sort by the time when they were made: no two at the same moment.
        self.verv.clock.advance(TimeDelta::milliseconds(1));
        match operation {
            Operation::GetOrCreate {
                mentor,
                org,
                prefix,
                terms,
                key,
            } => {
                let owner = (MENTORS[*mentor], ORGS[*org]);
                self.get_or_create(owner, *prefix, terms, *key).await;
            }
            Operation::Create {
                mentor,
                org,
                string,
                terms,
                key,
            } => {
                let owner = (MENTORS[*mentor], ORGS[*org]);
                self.create(owner, *string, terms, *key).await;
            }
            Operation::Rotate {
                code,
                mentor,
                action,
            } => self.rotate(*code, *mentor, action).await,
            Operation::Deactivate { code, at, status } => {
                self.deactivate(*code, *at, status).await;
            }
            Operation::Change(code, change) => self.change(*code, change).await,
            Operation::Invalidate(code) => self.invalidate(*code).await,
            Operation::DeleteCode(code) => self.delete_code(*code).await,
            Operation::Click { .. } => self.click(operation).await,
            Operation::Repeat(number) => self.repeat(*number).await,
            Operation::Visit(code, spelling, visit) => {
                self.visit(*code, *spelling, *visit).await;
            }
            Operation::Confirm { .. } => self.confirm(operation).await,
            Operation::Recruit {
                code,
                spelling,
                member,
                at,
            } => self.recruit(*code, *spelling, MEMBERS[*member], *at).await,
            Operation::Recruitments(org, from) => self.recruitments(ORGS[*org], *from).await,
            Operation::DeleteClick(click) => self.delete_click(*click).await,
            Operation::ShowCode(code) => self.show_code(self.code_at(*code)).await,
            Operation::ShowClick(click) => self.show_click(self.click_at(*click)).await,
            Operation::Lookup(code, spelling) => {
                let typed = self.typed(*code, *spelling);
                self.lookup(&typed).await;
            }
            Operation::Active(mentor, org) => self.active(MENTORS[*mentor], ORGS[*org]).await,
            Operation::List {
                list,
                filter,
                limit,
                by_cursor,
            } => self.list(*list, filter, *limit, *by_cursor).await,
            Operation::RefusedList(number) => self.refused_list(*number).await,
            Operation::Total {
                mentor,
                org,
                period,
            } => self.total(*mentor, *org, PERIODS[*period]).await,
            Operation::Aggregate => {
                self.verv.aggregate().await;
            }
            Operation::Wait(milliseconds) => {
                let step = TimeDelta::milliseconds(*milliseconds);
                self.verv.clock.advance(step);
            }
            Operation::WaitForMonthsEnd => {
                let today = self.now().date_naive();
                let first = NaiveDate::from_ymd_opt(today.year(), today.month(), 1);
                let next = first.and_then(|first| first.checked_add_months(Months::new(1)));
                let next = next
                    .and_then(|day| day.and_hms_opt(0, 0, 0))
                    .expect("a day");
                let last = next.and_utc() - TimeDelta::milliseconds(1);
                if last > self.now() {
                    self.verv.clock.set(last);
                }
            }
        }
    }

    /// The code that `which` names, its place among the model's.
    pub(crate) fn code_at(&self, which: Which) -> Option<usize> {
        place(which, self.model.codes.len())
    }

    /// The code at this place among the model's, as an operation names it.
    pub(crate) fn code_made(&self, place: usize) -> Which {
        Which::Ago(self.model.codes.len() - 1 - place)
    }

    /// The click that `which` names, its place among the model's.
    pub(crate) fn click_at(&self, which: Which) -> Option<usize> {
        place(which, self.model.clicks.len())
    }

    /// The id of a code, or one that no code has.
    pub(crate) fn code_id(&self, place: Option<usize>) -> String {
        place.map_or_else(
            || format!("rc_{:032x}", 7),
            |at| self.model.codes[at].id.clone(),
        )
    }

    /// The id of a click, or one that no click has.
    pub(crate) fn click_id(&self, place: Option<usize>) -> String {
        place.map_or_else(
            || format!("attr_{:032x}", 7),
            |at| self.model.clicks[at].id.clone(),
        )
    }

    /// How a person types the code that `which` names.
    pub(crate) fn typed(&self, which: Which, spelling: Spelling) -> String {
        let code = self
            .code_at(which)
            .map_or("NO-SUCH-CODE", |at| &self.model.codes[at].code);
        match spelling {
            Spelling::AsShown => code.to_owned(),
            Spelling::Lower => code.to_ascii_lowercase(),
            Spelling::Bare => code.replace('-', ""),
            Spelling::Spaced => format!(" {} ", code.replace('-', " ")),
            Spelling::Underscored => code.to_ascii_lowercase().replace('-', "_"),
            Spelling::Hyphenated => format!("-{}--{}-", &code[..1], &code[1..]),
        }
    }

    /// Posts `body`, and holds the answer against `verdict` and what the key keeps. Gives
    /// the answer where the request had its effect now.
    pub(crate) async fn post(
        &mut self,
        path: &'static str,
        body: Value,
        key: Option<usize>,
        verdict: Verdict,
    ) -> Option<Reply> {
        let name = key.map(|key| format!("key {key}"));
        let header: Vec<_> = name
            .iter()
            .map(|name| ("idempotency-key", name.as_str()))
            .collect();
        let reply = self
            .verv
            .call(Method::POST, path, &header, Some(body.clone()))
            .await;
        let now = self.now();
        let kept = key.and_then(|key| self.model.kept.get(&(path, key)));
        let kept = kept.filter(|kept| kept.until.timestamp() > now.timestamp());
        match (kept, verdict) {
            (Some(kept), _) if kept.body == body => {
                assert_eq!(reply.status.as_u16(), kept.status, "{}", reply.text);
                assert_eq!(reply.text, kept.text);
                assert_eq!(reply.header("location"), kept.location);
                return None;
            }
            // Whether the key served another request is asked before whether the new code's
            // end has passed: the first answer is then given for one that had not.
            (Some(_), Verdict::Malformed(refusal)) if refusal.1 == "expires_in_the_past" => {
                Refusal(422, "idempotency_key_reused", None).check(&reply);
                return None;
            }
            (_, Verdict::Malformed(refusal)) => {
                refusal.check(&reply);
                return None;
            }
            (Some(_), _) => {
                Refusal(422, "idempotency_key_reused", None).check(&reply);
                return None;
            }
            (None, Verdict::Refused(refusal)) => {
                refusal.check(&reply);
                return None;
            }
            (None, Verdict::Done) => {}
        }
        assert!(reply.status.is_success(), "{}", reply.text);
        if reply.status.as_u16() == 201 {
            let location = format!("{path}/{}", reply.string("/id"));
            assert_eq!(reply.header("location"), location);
        }
        if let Some(key) = key {
            let kept = Kept {
                path,
                key,
                body,
                status: reply.status.as_u16(),
                text: reply.text.clone(),
                location: reply.header("location").to_owned(),
                made: (reply.status.as_u16() == 201).then(|| reply.string("/id")),
                until: now + TimeDelta::hours(24),
            };
            self.model.kept.insert((path, key), kept);
        }
        Some(reply)
    }

    /// Sends a request again whose answer is kept, while it is.
    async fn repeat(&mut self, number: usize) {
        let mut kept: Vec<_> = self.model.kept.values().cloned().collect();
        kept.sort_by_key(|kept| (kept.path, kept.key));
        kept.retain(|kept| kept.until.timestamp() > self.now().timestamp());
        if kept.is_empty() {
            return;
        }
        let again = kept.swap_remove(number % kept.len());
        let refused = Verdict::Refused(Refusal::NOT_FOUND);
        let effect = self
            .post(again.path, again.body, Some(again.key), refused)
            .await;
        assert!(effect.is_none());
    }

    /// Everything there is, through every way to read it.
    pub(crate) async fn inspect_everything(&mut self) {
        for at in 0..self.model.codes.len() {
            self.show_code(Some(at)).await;
            let shown = self.model.codes[at].code.clone();
            self.lookup(&shown.to_ascii_lowercase()).await;
            self.follow_uncounted(self.code_made(at)).await;
        }
        for at in 0..self.model.clicks.len() {
            self.show_click(Some(at)).await;
        }
        for mentor in MENTORS {
            for org in ORGS {
                self.active(mentor, org).await;
            }
        }
        for mentor in 0..MENTORS.len() {
            for period in PERIODS {
                self.total(mentor, None, period).await;
                self.total(mentor, Some(0), period).await;
            }
        }
        for org in ORGS {
            self.recruitments(org, None).await;
        }
        self.list_everything().await;
    }
}

fn place(which: Which, count: usize) -> Option<usize> {
    match which {
        Which::Ago(ago) if count > 0 => Some(count - 1 - ago % count),
        _ => None,
    }
}

/// Percent-encodes what may stand neither in a path nor in a query.
pub(crate) fn encoded(typed: &str) -> String {
    typed.replace(' ', "%20")
}

/// The refusal of a time more than five minutes ahead.
pub(crate) fn too_far_ahead(
    at: Option<Time>,
    now: Time,
    refusal: (&'static str, &'static str),
) -> Option<Refusal> {
    let (code, field) = refusal;
    at.filter(|at| *at > now + TimeDelta::minutes(5))
        .map(|_| Refusal(422, code, Some(field)))
}

/// Adds `field` to `body` where there is a value.
pub(crate) fn give<T: Into<Value>>(body: &mut Value, field: &str, value: Option<T>) {
    if let Some(value) = value {
        body[field] = value.into();
    }
}

/// Adds a time to `body` where there is one.
pub(crate) fn give_time(body: &mut Value, field: &str, at: Option<Time>) {
    give(body, field, at.map(shown));
}
