//! Codes whose terms change, and that are active again.

use crate::codes::conflict;
use crate::model::{Code, at, shown};
use crate::operation::{Change, Which};
use crate::play::{CODES, Play, Refusal};
use serde_json::{Value, json};

impl Play {
    pub(crate) async fn change(&mut self, which: Which, change: &Change) {
        let now = self.now();
        let place = self.code_at(which);
        let path = format!("{CODES}/{}", self.code_id(place));
        let ends = change.expires.map(|end| end.map(|offset| at(now, offset)));
        let mut body = json!({});
        let mut give = |field: &str, value: Option<Value>| {
            if let Some(value) = value {
                body[field] = value;
            }
        };
        give("expires_at", ends.map(|end| json!(end.map(shown))));
        give(
            "max_referrals",
            change.max_referrals.map(|limit| json!(limit)),
        );
        give(
            "user_type",
            change.user_type.map(|user_type| json!(user_type)),
        );
        give("status", change.is_activated.then(|| json!("active")));
        let reply = self.verv.patch(&path, body).await;
        let Some(place) = place.filter(|at| !self.model.codes[*at].deleted) else {
            return Refusal::NOT_FOUND.check(&reply);
        };
        let old = &self.model.codes[place];
        if old.replaced_by.is_some() {
            return Refusal(409, "code_inactive", None).check(&reply);
        }
        if old.invalidated.is_some() {
            return Refusal(409, "code_invalidated", None).check(&reply);
        }
        let past = ends.flatten().filter(|end| *end <= now);
        if past.is_some() && past != old.expires {
            let field = Some("expires_at");
            return Refusal(422, "expires_in_the_past", field).check(&reply);
        }
        let changed = Code {
            expires: ends.unwrap_or(old.expires),
            max_referrals: change.max_referrals.unwrap_or(old.max_referrals),
            user_type: change
                .user_type
                .map_or(old.user_type, |given| given.unwrap_or(2)),
            deactivated: old.deactivated.filter(|_| !change.is_activated),
            ..old.clone()
        };
        let status = changed.status(now);
        if change.is_activated && status == "expired" {
            return Refusal(409, conflict(status), None).check(&reply);
        }
        let active = self.model.active(&old.mentor, &old.org, now);
        let other = active.filter(|active| active.id != old.id);
        if let Some(other) = other.filter(|_| status == "active" && changed != *old) {
            Refusal(409, "active_code_exists", None).check(&reply);
            assert_eq!(reply.string("/code_id"), other.id);
            return;
        }
        assert_eq!(reply.expect(200).json(), changed.view(now));
        let confirmed = changed.confirmed;
        self.model.codes[place] = changed;
        // As many are confirmed as all codes of the line have brought, counted or not.
        let terms = self.verv.get(&format!("{path}/terms")).await.expect(200);
        if self.model.codes[place].max_referrals.is_some() {
            assert_eq!(
                terms.json()["confirmed_referrals"],
                confirmed,
                "{}",
                terms.text
            );
        }
        self.follow_uncounted(which).await;
    }
}
