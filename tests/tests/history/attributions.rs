//! Attributions: clicks by API and by link, confirmations, deletions, totals.

use crate::codes::conflict;
use crate::model::{self, Click, Time, at, shown};
use crate::operation::{MEMBERS, Operation, Spelling, Visit, Which};
use crate::play::{ATTRIBUTIONS, Play, Refusal, Verdict, encoded, give, give_time, too_far_ahead};
use axum::http::Method;
use chrono::TimeDelta;
use serde_json::json;
use tests::Reply;

/// What a person's browser calls itself.
const BROWSER: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0)";

impl Play {
    /// The code that a click on `typed` counts for, or why there is none.
    pub(crate) fn usable(&self, typed: &str) -> Result<usize, Refusal> {
        let unknown = Refusal(404, "code_not_found", None);
        let place = self.model.find(typed).ok_or(unknown)?;
        let code = &self.model.codes[place];
        match code.status(self.now()) {
            "active" => {}
            status => return Err(Refusal(409, conflict(status), None)),
        }
        if code.max_referrals.is_some_and(|max| code.confirmed >= max) {
            return Err(Refusal(409, "limit_reached", None));
        }
        Ok(place)
    }

    /// # Panics
    /// For another operation than a click.
    pub(crate) async fn click(&mut self, click: &Operation) {
        let Operation::Click {
            code,
            spelling,
            occurred,
            address,
            agent,
            referrer,
            key,
        } = click
        else {
            panic!("not a click: {click:?}");
        };
        let now = self.now();
        let typed = self.typed(*code, *spelling);
        let occurred = occurred.map(|offset| at(now, offset));
        let mut body = json!({"code": typed});
        give(&mut body, "ip_address", *address);
        give(&mut body, "user_agent", *agent);
        give(&mut body, "referrer_url", *referrer);
        give_time(&mut body, "occurred_at", occurred);
        let refusal = ("occurred_in_the_future", "occurred_at");
        let usable = self.usable(&typed);
        let too_long_ago = occurred
            .filter(|at| *at < now - TimeDelta::days(30))
            .map(|_| Refusal(422, "occurred_too_long_ago", Some("occurred_at")));
        let refused = too_far_ahead(occurred, now, refusal).or(too_long_ago);
        let (verdict, place) = match (refused, usable) {
            (Some(refusal), _) => (Verdict::Malformed(refusal), None),
            (None, Err(refusal)) => (Verdict::Refused(refusal), None),
            (None, Ok(place)) => (Verdict::Done, Some(place)),
        };
        let Some(reply) = self.post(ATTRIBUTIONS, body, *key, verdict).await else {
            return;
        };
        let made = Click {
            id: reply.string("/id"),
            code: place.expect("a usable code"),
            is_typed: false,
            address: Some(address.unwrap_or("127.0.0.1").to_owned()),
            agent: agent.map(str::to_owned),
            referrer: referrer.map(str::to_owned),
            // A clock that is ahead, within its tolerance, is now.
            occurred: occurred.unwrap_or(now).min(at(now, 0)),
            created: now,
            member: None,
            deleted: false,
        };
        assert_eq!(reply.expect(201).json(), self.model.attribution(&made));
        self.add_click(made);
    }

    pub(crate) fn add_click(&mut self, click: Click) {
        let newest = self.model.clicks.last();
        assert!(newest.is_none_or(|newest| newest.id < click.id));
        self.model.clicks.push(click);
    }

    pub(crate) async fn visit(&mut self, which: Which, spelling: Spelling, visit: Visit) {
        let now = self.now();
        let typed = self.typed(which, spelling);
        let path = format!("/r/{}", encoded(&typed));
        let method = match visit {
            Visit::Head => Method::HEAD,
            _ => Method::GET,
        };
        let headers: &[(&str, &str)] = match visit {
            Visit::Person | Visit::Head => &[],
            Visit::NamedPerson => &[("user-agent", BROWSER), ("referer", "https://t.co/x")],
            Visit::Prefetch => &[("sec-purpose", "prefetch;prerender")],
            Visit::Bot => &[("user-agent", "Googlebot/2.1")],
        };
        let reply = self.verv.call(method, &path, headers, None).await;
        assert_eq!(reply.header("cache-control"), "no-store");
        let Ok(place) = self.usable(&typed) else {
            assert_eq!(reply.status.as_u16(), 404);
            assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
            return;
        };
        let join = format!(
            "https://app.org.no/join?ref={}",
            self.model.codes[place].code
        );
        let location = reply.header("location").to_owned();
        reply.expect(302);
        if !matches!(visit, Visit::Person | Visit::NamedPerson) {
            assert_eq!(location, join);
            return;
        }
        let named = visit == Visit::NamedPerson;
        let id = location.strip_prefix(&format!("{join}&click="));
        self.add_click(Click {
            id: id.expect("the click's id").to_owned(),
            code: place,
            is_typed: false,
            address: Some("127.0.0.1".to_owned()),
            agent: named.then(|| BROWSER.to_owned()),
            referrer: named.then(|| "https://t.co/x".to_owned()),
            occurred: now,
            created: now,
            member: None,
            deleted: false,
        });
        self.show_click(Some(self.model.clicks.len() - 1)).await;
    }

    /// # Panics
    /// For another operation than a confirmation.
    pub(crate) async fn confirm(&mut self, confirmation: &Operation) {
        let Operation::Confirm {
            click,
            code,
            spelling,
            member,
            at: time,
        } = confirmation
        else {
            panic!("not a confirmation: {confirmation:?}");
        };
        let now = self.now();
        let time = time.map(|offset| at(now, offset));
        let place = self.click_at(*click);
        let own = place.map_or(Which::Unknown, |at| {
            self.code_made(self.model.clicks[at].code)
        });
        let typed = self.typed(code.unwrap_or(own), *spelling);
        let member = MEMBERS[*member];
        let path = format!("{ATTRIBUTIONS}/{}", self.click_id(place));
        let mut body = json!({"code": typed, "new_member_id": member});
        give_time(&mut body, "confirmed_at", time);
        let reply = self.verv.put(&path, body).await;
        self.judge_confirmation(place, &typed, member, time, &reply);
        self.follow_uncounted(own).await;
    }

    /// Whether a code can be used, as a visit tells that leaves nothing behind.
    pub(crate) async fn follow_uncounted(&mut self, code: Which) {
        self.visit(code, Spelling::AsShown, Visit::Head).await;
    }

    fn judge_confirmation(
        &mut self,
        place: Option<usize>,
        typed: &str,
        member: &str,
        time: Option<Time>,
        reply: &Reply,
    ) {
        let now = self.now();
        let refusal = ("confirmed_in_the_future", "confirmed_at");
        if let Some(refusal) = too_far_ahead(time, now, refusal) {
            return refusal.check(reply);
        }
        let Some(place) = place.filter(|at| !self.model.clicks[*at].deleted) else {
            return Refusal::NOT_FOUND.check(reply);
        };
        let click = &self.model.clicks[place];
        let code = &self.model.codes[click.code];
        if model::folded(&code.code) != model::folded(typed) {
            return Refusal(422, "code_mismatch", Some("code")).check(reply);
        }
        match &click.member {
            Some((holder, _)) if holder == member => {
                assert_eq!(reply.status.as_u16(), 200, "{}", reply.text);
                assert_eq!(reply.json(), self.model.confirmed(click));
                return;
            }
            Some(_) => return Refusal(409, "already_confirmed", None).check(reply),
            None => {}
        }
        if code.mentor == member {
            return Refusal(422, "self_referral", Some("new_member_id")).check(reply);
        }
        // Times are compared as they are shown: to the second.
        let time = time.unwrap_or(at(now, 0));
        if time < at(click.occurred, 0) - TimeDelta::minutes(5) {
            let field = Some("confirmed_at");
            return Refusal(422, "confirmed_before_click", field).check(reply);
        }
        let time = time.max(at(click.occurred, 0));
        if let Some(holder) = self.model.holder(&code.org, member) {
            Refusal(409, "member_already_attributed", None).check(reply);
            assert!(reply.string("/detail").contains(&holder.id));
            return;
        }
        let newest = self.newest(click.code);
        let counting = &self.model.codes[newest];
        if counting
            .max_referrals
            .is_some_and(|max| counting.confirmed >= max)
        {
            return Refusal(409, "limit_reached", None).check(reply);
        }
        self.model.codes[newest].confirmed += 1;
        self.model.clicks[place].member = Some((member.to_owned(), time));
        assert_eq!(reply.status.as_u16(), 200, "{}", reply.text);
        let expected = self.model.confirmed(&self.model.clicks[place]);
        assert_eq!(reply.json(), expected);
    }

    /// The code that counts the referrals of the one at `place`: the last of its rotations.
    fn newest(&self, mut place: usize) -> usize {
        while let Some(next) = self.model.codes[place].replaced_by {
            place = next;
        }
        place
    }

    pub(crate) async fn delete_click(&mut self, which: Which) {
        let place = self.click_at(which);
        let path = format!("{ATTRIBUTIONS}/{}", self.click_id(place));
        let reply = self.verv.delete(&path).await;
        let Some(place) = place.filter(|at| !self.model.clicks[*at].deleted) else {
            return Refusal::NOT_FOUND.check(&reply);
        };
        let deleted_at = shown(self.now());
        let newest = self.newest(self.model.clicks[place].code);
        let click = &mut self.model.clicks[place];
        click.deleted = true;
        if click.member.is_some() {
            self.model.codes[newest].confirmed -= 1;
        }
        let expected = json!({"id": click.id, "deleted": true, "deleted_at": deleted_at});
        let id = click.id.clone();
        self.model.drop_kept(&id);
        assert_eq!(reply.expect(200).json(), expected);
        // A confirmation less may make the code usable again.
        let code = self.code_made(self.model.clicks[place].code);
        self.follow_uncounted(code).await;
    }

    pub(crate) async fn show_click(&mut self, place: Option<usize>) {
        let path = format!("{ATTRIBUTIONS}/{}", self.click_id(place));
        let reply = self.verv.get(&path).await;
        match place.filter(|at| !self.model.clicks[*at].deleted) {
            None => Refusal::NOT_FOUND.check(&reply),
            Some(at) => {
                let expected = self.model.attribution(&self.model.clicks[at]);
                assert_eq!(reply.expect(200).json(), expected);
            }
        }
    }

    pub(crate) async fn total(&mut self, mentor: usize, org: Option<usize>, period: &str) {
        let (mentor, org) = (model::mentor(mentor), org.map(model::org));
        let mut path = format!("{ATTRIBUTIONS}/mentor/{mentor}/total?period={period}");
        if let Some(org) = org {
            path.push_str(&format!("&org_id={org}"));
        }
        let expected = self.model.total(mentor, org, period, self.now());
        assert_eq!(self.verv.get(&path).await.expect(200).json(), expected);
    }
}
