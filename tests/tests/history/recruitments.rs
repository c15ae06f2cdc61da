//! Recruitments by a code alone, and all recruitments of an organisation.

use crate::model::{Click, Time, at, shown};
use crate::operation::{Offset, Spelling, Which};
use crate::play::{Play, Refusal, give_time, too_far_ahead};
use serde_json::{Value, json};
use tests::Reply;
use tests::flows::CONVERSIONS;

impl Play {
    pub(crate) async fn recruit(
        &mut self,
        code: Which,
        spelling: Spelling,
        member: &str,
        time: Option<Offset>,
    ) {
        let time = time.map(|offset| at(self.now(), offset));
        let typed = self.typed(code, spelling);
        let mut body = json!({"code": typed, "new_member_id": member});
        give_time(&mut body, "confirmed_at", time);
        let reply = self.verv.post(CONVERSIONS, body).await;
        self.judge_recruitment(&typed, member, time, &reply);
        self.follow_uncounted(code).await;
    }

    fn judge_recruitment(&mut self, typed: &str, member: &str, time: Option<Time>, reply: &Reply) {
        let now = self.now();
        let Some(place) = self.model.find(typed) else {
            return Refusal(404, "code_not_found", None).check(reply);
        };
        let refusal = ("confirmed_in_the_future", "confirmed_at");
        if let Some(refusal) = too_far_ahead(time, now, refusal) {
            return refusal.check(reply);
        }
        let code = &self.model.codes[place];
        if code.mentor == member {
            return Refusal(422, "self_referral", Some("new_member_id")).check(reply);
        }
        if let Some(held) = self.model.holder(&code.org, member) {
            if held.code == place {
                assert_eq!(reply.json(), self.model.recruitment(held));
                assert_eq!(reply.status.as_u16(), 200, "{}", reply.text);
            } else {
                Refusal(409, "member_already_attributed", None).check(reply);
                assert_eq!(reply.string("/attribution_id"), held.id);
            }
            return;
        }
        if let Err(refusal) = self.usable(typed) {
            return refusal.check(reply);
        }
        let confirmed_at = time.unwrap_or(at(now, 0));
        assert_eq!(reply.status.as_u16(), 201, "{}", reply.text);
        let made = Click {
            id: reply.string("/id"),
            code: place,
            is_typed: true,
            address: None,
            agent: None,
            referrer: None,
            occurred: confirmed_at,
            created: now,
            member: Some((member.to_owned(), confirmed_at)),
            deleted: false,
        };
        assert_eq!(reply.json(), self.model.recruitment(&made));
        self.model.codes[place].confirmed += 1;
        self.add_click(made);
    }

    /// All recruitments of `org` that were confirmed `from` so long ago on, the last first.
    pub(crate) async fn recruitments(&mut self, org: &str, from: Option<Offset>) {
        let from = from.map(|offset| at(self.now(), offset));
        let mut path = format!("{CONVERSIONS}?org_id={org}&limit=100");
        if let Some(from) = from {
            path.push_str(&format!("&from={}", shown(from)));
        }
        let mut list = self.verv.get(&path).await.expect(200).json();
        let mut expected: Vec<Value> = Vec::new();
        for click in &self.model.clicks {
            let Some((_, confirmed)) = &click.member else {
                continue;
            };
            let is_listed = self.model.codes[click.code].org == org && !click.deleted;
            if is_listed && from.is_none_or(|from| *confirmed >= from) {
                expected.push(self.model.recruitment(click));
            }
        }
        let when = |shown: &Value| shown["confirmed_at"].as_str().map(str::to_owned);
        assert_eq!(list["pagination"]["total"], expected.len(), "{path}");
        let rows = list["data"].as_array_mut().expect("a list");
        assert!(rows.is_sorted_by(|a, b| when(a) >= when(b)), "{rows:?}");
        // Those of one second are in no order that a caller is promised.
        let id = |shown: &Value| shown["id"].as_str().map(str::to_owned);
        rows.sort_by_key(id);
        expected.sort_by_key(id);
        assert_eq!(*rows, expected, "{path}");
    }
}
