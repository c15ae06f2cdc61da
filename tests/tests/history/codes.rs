//! Codes: made, rotated, retired, deleted, found.

use crate::model::{Code, at, folded};
use crate::operation::{MENTORS, Offset, PREFIXES, STRINGS, Terms, Which};
use crate::play::{
    CODES, Play, RECORDS, Refusal, Verdict, encoded, give, give_time, too_far_ahead,
};
use serde_json::{Value, json};
use tests::Reply;

/// What generated parts are made of.
const CROCKFORD: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl Play {
    pub(crate) async fn get_or_create(
        &mut self,
        (mentor, org): (&str, &str),
        prefix: Option<usize>,
        terms: &Terms,
        key: Option<usize>,
    ) {
        let now = self.now();
        let prefix = prefix.map(|number| PREFIXES[number]);
        let mut body = json!({"mentor_id": mentor, "org_id": org});
        give(&mut body, "prefix", prefix);
        let refused = self.give_terms(&mut body, terms);
        let verdict = match refused {
            _ if prefix.is_some_and(|prefix| prefix.contains(' ')) => {
                Verdict::Malformed(Refusal(400, "invalid_field", Some("prefix")))
            }
            Some(refusal) => Verdict::Malformed(refusal),
            None => match self.differing(mentor, org, terms) {
                Some(field) => Verdict::Refused(Refusal(409, "terms_differ", Some(field))),
                None => Verdict::Done,
            },
        };
        let Some(reply) = self.post(CODES, body, key, verdict).await else {
            return;
        };
        if let Some(active) = self.model.active(mentor, org, now) {
            assert_eq!(reply.status.as_u16(), 200);
            assert_eq!(reply.json(), active.view(now));
            return;
        }
        assert_eq!(reply.status.as_u16(), 201);
        let code = reply.string("/code");
        match prefix {
            Some(prefix) => {
                let prefix = prefix.trim_matches('-').to_ascii_uppercase();
                assert_suffixed(&code, &prefix);
            }
            None => {
                let parts: Vec<&str> = code.split('-').collect();
                let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
                assert_eq!(lengths, [3, 4, 4], "{code}");
                assert!(parts.concat().chars().all(|c| CROCKFORD.contains(c)));
            }
        }
        let made = self.learn(&reply, mentor, org, code, terms);
        assert_eq!(reply.json(), made.view(now));
    }

    pub(crate) async fn create(
        &mut self,
        (mentor, org): (&str, &str),
        string: usize,
        terms: &Terms,
        key: Option<usize>,
    ) {
        let now = self.now();
        let string = STRINGS[string];
        let mut body = json!({"mentor_id": mentor, "org_id": org, "code": string});
        let refused = self.give_terms(&mut body, terms);
        let verdict = if string.len() < 3 || string.contains(' ') {
            Verdict::Malformed(Refusal(400, "invalid_field", Some("code")))
        } else if let Some(refusal) = refused {
            Verdict::Malformed(refusal)
        } else if self.model.active(mentor, org, now).is_some() {
            Verdict::Refused(Refusal(409, "active_code_exists", None))
        } else if self.model.is_taken(string) {
            Verdict::Refused(Refusal(409, "code_taken", Some("code")))
        } else {
            Verdict::Done
        };
        let Some(reply) = self.post(RECORDS, body, key, verdict).await else {
            return;
        };
        assert_eq!(reply.status.as_u16(), 201);
        let code = string.to_ascii_uppercase();
        let made = self.learn(&reply, mentor, org, code, terms);
        assert_eq!(reply.json(), made.record(now));
    }

    /// The first of the terms that the pair's active code has otherwise.
    fn differing(&self, mentor: &str, org: &str, terms: &Terms) -> Option<&'static str> {
        let now = self.now();
        let active = self.model.active(mentor, org, now)?;
        let ends = terms.expires.map(|offset| at(now, offset));
        let compared = [
            (
                "user_type",
                terms
                    .user_type
                    .is_some_and(|given| given != active.user_type),
            ),
            (
                "max_referrals",
                terms.max_referrals.is_some() && terms.max_referrals != active.max_referrals,
            ),
            ("expires_at", ends.is_some() && ends != active.expires),
        ];
        let differing = compared.into_iter().find(|(_, differs)| *differs);
        differing.map(|(field, _)| field)
    }

    /// Puts the terms into `body`; gives the refusal that they meet.
    fn give_terms(&self, body: &mut Value, terms: &Terms) -> Option<Refusal> {
        let now = self.now();
        let expires = terms.expires.map(|offset| at(now, offset));
        give_time(body, "expires_at", expires);
        give(body, "max_referrals", terms.max_referrals);
        give(body, "user_type", terms.user_type);
        expires
            .filter(|end| *end <= now)
            .map(|_| Refusal(422, "expires_in_the_past", Some("expires_at")))
    }

    /// Adds the code that `reply` says was made now.
    fn learn(
        &mut self,
        reply: &Reply,
        mentor: &str,
        org: &str,
        code: String,
        terms: &Terms,
    ) -> &Code {
        let now = self.now();
        let expires = terms.expires.map(|offset| at(now, offset));
        self.add_code(Code {
            id: reply.string("/id"),
            mentor: mentor.to_owned(),
            org: org.to_owned(),
            code,
            created: now,
            expires,
            max_referrals: terms.max_referrals,
            user_type: terms.user_type.unwrap_or(2),
            confirmed: 0,
            replaced_by: None,
            deactivated: None,
            invalidated: None,
            deleted: false,
        })
    }

    fn add_code(&mut self, code: Code) -> &Code {
        assert!(!self.model.is_taken(&code.code), "{} again", code.code);
        let hidden = folded(&code.code).to_ascii_lowercase();
        assert!(!code.id.contains(&hidden), "the id gives the code away");
        let newest = self.model.codes.last();
        assert!(newest.is_none_or(|newest| newest.id < code.id));
        self.model.codes.push(code);
        self.model.codes.last().expect("it was added")
    }

    /// A code of the model that is there still.
    fn live(&self, place: Option<usize>) -> Option<usize> {
        place.filter(|at| !self.model.codes[*at].deleted)
    }

    pub(crate) async fn rotate(&mut self, which: Which, mentor: Option<usize>, action: &str) {
        let now = self.now();
        let place = self.code_at(which);
        let owner = place.map_or("usr_nobody", |at| &self.model.codes[at].mentor);
        let mentor = mentor.map_or(owner, |number| MENTORS[number]).to_owned();
        let path = format!("{CODES}/{}", self.code_id(place));
        let body = json!({"mentor_id": mentor, "action": action});
        let reply = self.verv.put(&path, body).await;
        if action != "rotate" {
            return Refusal(422, "action_not_allowed", Some("action")).check(&reply);
        }
        let Some(at) = self.live(place) else {
            return Refusal::NOT_FOUND.check(&reply);
        };
        let old = self.model.codes[at].clone();
        if old.mentor != mentor {
            return Refusal(422, "mentor_mismatch", Some("mentor_id")).check(&reply);
        }
        if old.status(now) != "active" {
            return Refusal(409, conflict(old.status(now)), None).check(&reply);
        }
        let reply = reply.expect(200);
        self.model.codes[at].deactivated = Some(now);
        let code = reply.string("/code");
        let prefix = old
            .code
            .rsplit_once('-')
            .map_or(&*old.code, |(head, _)| head);
        match prefix {
            // A code whose only hyphen leads has no prefix to keep.
            "" => assert_eq!(code.len(), "R-0000".len(), "{code}"),
            _ => assert_suffixed(&code, &prefix[..prefix.len().min(45)]),
        }
        let made = self.add_code(Code {
            id: reply.string("/id"),
            code,
            created: now,
            ..old.clone()
        });
        let mut expected = made.view(now);
        expected["previous_code"] = old.code.into();
        expected["rotated_at"] = expected["created_at"].clone();
        assert_eq!(reply.json(), expected);
        self.model.codes[at].replaced_by = Some(self.model.codes.len() - 1);
    }

    pub(crate) async fn deactivate(&mut self, which: Which, time: Option<Offset>, status: &str) {
        let now = self.now();
        let time = time.map(|offset| at(now, offset));
        let place = self.code_at(which);
        let path = format!("{RECORDS}/{}", self.code_id(place));
        let mut body = json!({"status": status});
        give_time(&mut body, "deactivated_at", time);
        let reply = self.verv.put(&path, body).await;
        if status != "inactive" {
            return Refusal(422, "status_not_allowed", Some("status")).check(&reply);
        }
        let refusal = ("deactivated_in_the_future", "deactivated_at");
        if let Some(refusal) = too_far_ahead(time, now, refusal) {
            return refusal.check(&reply);
        }
        let Some(place) = self.live(place) else {
            return Refusal::NOT_FOUND.check(&reply);
        };
        let code = &mut self.model.codes[place];
        let time = time.unwrap_or(now);
        match code.status(now) {
            "invalidated" => {
                return Refusal(409, "code_invalidated", None).check(&reply);
            }
            "inactive" => {}
            _ => code.deactivated = Some(time.max(at(code.created, 0))),
        }
        assert_eq!(reply.expect(200).json(), code.record(now));
    }

    pub(crate) async fn invalidate(&mut self, which: Which) {
        let now = self.now();
        let place = self.code_at(which);
        let path = format!("{CODES}/{}", self.code_id(place));
        let reply = self.verv.delete(&path).await;
        let Some(at) = self.live(place) else {
            return Refusal::NOT_FOUND.check(&reply);
        };
        let code = &mut self.model.codes[at];
        let since = *code.invalidated.get_or_insert(now);
        code.deactivated.get_or_insert(now);
        let expected = json!({
            "id": code.id,
            "status": "invalidated",
            "invalidated_at": crate::model::shown(since),
        });
        assert_eq!(reply.expect(200).json(), expected);
    }

    pub(crate) async fn delete_code(&mut self, which: Which) {
        let now = self.now();
        let place = self.code_at(which);
        let path = format!("{RECORDS}/{}", self.code_id(place));
        let reply = self.verv.delete(&path).await;
        let Some(at) = self.live(place) else {
            return Refusal::NOT_FOUND.check(&reply);
        };
        let code = &mut self.model.codes[at];
        code.deleted = true;
        let deleted_at = crate::model::shown(now);
        let expected = json!({"id": code.id, "deleted": true, "deleted_at": deleted_at});
        let id = code.id.clone();
        self.model.drop_kept(&id);
        assert_eq!(reply.expect(200).json(), expected);
    }

    /// By id, through both views, and its links.
    pub(crate) async fn show_code(&mut self, place: Option<usize>) {
        let now = self.now();
        let id = self.code_id(place);
        let record = self.verv.get(&format!("{RECORDS}/{id}")).await;
        let view = self.verv.get(&format!("{CODES}/{id}")).await;
        let links = self.verv.get(&format!("{CODES}/{id}/url")).await;
        let Some(at) = self.live(place) else {
            for reply in [record, view, links] {
                Refusal::NOT_FOUND.check(&reply);
            }
            return;
        };
        let code = &self.model.codes[at];
        assert_eq!(record.expect(200).json(), code.record(now));
        assert_eq!(view.expect(200).json(), code.view(now));
        let expected = json!({
            "code": code.code,
            "url": format!("https://app.org.no/join?ref={}", code.code),
            "short_url": format!("https://org.no/r/{}", code.code),
            "generated_at": crate::model::shown(now),
        });
        assert_eq!(links.expect(200).json(), expected);
    }

    pub(crate) async fn lookup(&mut self, typed: &str) {
        let path = format!("{RECORDS}/lookup?code={}", encoded(typed));
        let reply = self.verv.get(&path).await;
        match self.model.find(typed) {
            None => Refusal(404, "code_not_found", None).check(&reply),
            Some(at) => {
                let expected = self.model.codes[at].record(self.now());
                assert_eq!(reply.expect(200).json(), expected);
            }
        }
    }

    pub(crate) async fn active(&mut self, mentor: &str, org: &str) {
        let path = format!("{RECORDS}/active?mentor_id={mentor}&org_id={org}");
        let reply = self.verv.get(&path).await;
        match self.model.active(mentor, org, self.now()) {
            None => Refusal(404, "no_active_code", None).check(&reply),
            Some(code) => {
                assert_eq!(reply.expect(200).json(), code.record(self.now()));
            }
        }
    }
}

/// The conflict that a code of this status is.
pub(crate) fn conflict(status: &str) -> &'static str {
    match status {
        "inactive" => "code_inactive",
        "invalidated" => "code_invalidated",
        "expired" => "code_expired",
        other => panic!("no conflict: {other}"),
    }
}

/// Asserts that `code` is `prefix`, a hyphen and a generated suffix.
#[track_caller]
fn assert_suffixed(code: &str, prefix: &str) {
    let suffix = code
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('-'));
    let suffix = suffix.unwrap_or_else(|| panic!("{code} does not start with {prefix}-"));
    assert!(
        suffix.len() >= 4 && suffix.len().is_multiple_of(2),
        "{code}"
    );
    assert!(suffix.chars().all(|c| CROCKFORD.contains(c)), "{code}");
}
