//! A platform with owners, each of whom has one of everything.

use crate::callers::Caller;
use axum::http::Method;
use serde_json::{Value, json};
use tests::tokens::bearer;
use tests::{Reply, Verv};

const DEFAULT: &str = "default-key-that-is-long-enough-for-hs256";
const PLATFORM: &str = "platform-key-that-is-long-enough-for-hs256";

const WEBHOOKS: &str = "/api/v1/webhooks";

/// An owner with one of everything.
#[derive(Debug, Clone)]
pub(crate) struct Belongings {
    pub(crate) org: String,
    pub(crate) mentor: String,
    pub(crate) code: String,
    pub(crate) code_id: String,
    pub(crate) attribution: String,
    pub(crate) program: String,
    pub(crate) api_key: String,
    pub(crate) webhook: String,
    /// The event that is delivered to it.
    pub(crate) delivered: String,
    /// The receipt of somebody's erasure.
    pub(crate) erasure: String,
}

impl Belongings {
    /// What belongs to nobody.
    pub(crate) fn nobodys() -> Self {
        let id = "019d2a5c000070008000000000000003";
        Self {
            org: "org_none".to_owned(),
            mentor: "usr_none".to_owned(),
            code: "NO-NE-0000".to_owned(),
            code_id: format!("rc_{id}"),
            attribution: format!("attr_{id}"),
            program: format!("prg_{id}"),
            api_key: format!("key_{id}"),
            webhook: format!("whk_{id}"),
            delivered: format!("evt_{id}"),
            erasure: format!("erased_{id}"),
        }
    }

    /// Who joined by their click, where anybody did.
    pub(crate) fn member(&self) -> String {
        format!("new_of_{}", self.mentor)
    }

    /// `text` with what is these belongings' replaced by what they are.
    pub(crate) fn nameless(&self, text: &str) -> String {
        text.replace(&self.code_id, "CODE_ID")
            .replace(&self.attribution, "ATTRIBUTION")
            .replace(&self.program, "PROGRAM")
            .replace(&self.api_key, "API_KEY")
            .replace(&self.webhook, "WEBHOOK")
            .replace(&self.delivered, "EVENT")
            .replace(&self.erasure, "ERASURE")
            .replace(&self.code, "CODE")
            .replace(&self.mentor, "MENTOR")
            .replace(&self.org, "ORG")
    }
}

pub(crate) struct World {
    pub(crate) verv: Verv,
    pub(crate) admin: String,
}

impl World {
    /// A platform that requires tokens.
    pub(crate) async fn start() -> Self {
        Self::with_access("token").await
    }

    pub(crate) async fn with_access(access: &str) -> Self {
        let keys = json!({"*": [DEFAULT], "platform": [PLATFORM]}).to_string();
        // Whose guesses are limited is another test's.
        let settings = [
            ("API_ACCESS", access),
            ("TOKEN_KEYS", &keys),
            ("MISS_LIMIT", "0"),
        ];
        let verv = Verv::with_settings(&settings).await;
        let admin = bearer(&verv, "root", &["ROLE_ADMIN"], None);
        Self { verv, admin }
    }

    pub(crate) async fn make(&self, method: Method, path: &str, body: Value) -> Reply {
        let made = self.verv.call_as(&self.admin, method, path, Some(body));
        made.await.expect(201)
    }

    /// One of everything for `mentor` in `org`.
    pub(crate) async fn belongings(&self, org: &str, mentor: &str) -> Belongings {
        let program = json!({"org_id": org, "name": "Spring", "currency_id": "NOK"});
        let program = self
            .make(Method::POST, "/api/v1/referral-programs", program)
            .await;
        let pair = json!({"mentor_id": mentor, "org_id": org});
        let code = self
            .make(Method::POST, "/api/v1/referral-codes", pair)
            .await;
        let click = json!({"code": code.string("/code"), "ip_address": "185.12.34.56"});
        let click = self
            .make(Method::POST, "/api/v1/referral-attributions", click)
            .await;
        let key = json!({"org_id": org, "name": mentor, "scopes": ["codes:read"]});
        let key = self.make(Method::POST, "/api/v1/api-keys", key).await;
        let webhook = json!({"org_id": org, "url": "https://hooks.example/", "events": ["*"]});
        let webhook = self.make(Method::POST, WEBHOOKS, webhook).await;
        let test = format!("{WEBHOOKS}/{}/test", webhook.string("/id"));
        let delivery = self.verv.call_as(&self.admin, Method::POST, &test, None);
        let delivery = delivery.await.expect(202);
        Belongings {
            org: org.to_owned(),
            mentor: mentor.to_owned(),
            code: code.string("/code"),
            code_id: code.string("/id"),
            attribution: click.string("/id"),
            program: program.string("/id"),
            api_key: key.string("/id"),
            webhook: webhook.string("/id"),
            delivered: delivery.string("/event_id"),
            erasure: Belongings::nobodys().erasure,
        }
    }

    /// What the routes of privacy find of somebody: a member who came by their click, and the
    /// erasure of another mentor of theirs.
    pub(crate) async fn add_persons(&self, of: &mut Belongings) {
        self.add_member(of).await;
        let gone = format!("gone_{}", of.mentor);
        let pair = json!({"mentor_id": gone, "org_id": of.org});
        self.make(Method::POST, "/api/v1/referral-codes", pair)
            .await;
        let gone = format!("/api/v1/privacy/mentors/{gone}?org_id={}", of.org);
        let erased = self.verv.call_as(&self.admin, Method::DELETE, &gone, None);
        of.erasure = erased.await.expect(202).string("/id");
    }

    /// A member who came by their click.
    pub(crate) async fn add_member(&self, of: &Belongings) {
        let click = format!("/api/v1/referral-attributions/{}", of.attribution);
        let member = json!({"code": of.code, "new_member_id": of.member()});
        let confirmed = self
            .verv
            .call_as(&self.admin, Method::PUT, &click, Some(member));
        confirmed.await.expect(200);
    }

    /// Calls a route for `of`, in the name of `company` where the route takes one.
    pub(crate) async fn ask(
        &self,
        caller: Caller,
        (method, route): (&Method, &str),
        of: &Belongings,
        company: &str,
    ) -> Reply {
        let authorization = caller.authorization(self).await;
        self.ask_with(&authorization, (method, route), of, company)
            .await
    }

    /// The same with this `Authorization`; an empty one is none.
    pub(crate) async fn ask_with(
        &self,
        authorization: &str,
        (method, route): (&Method, &str),
        of: &Belongings,
        company: &str,
    ) -> Reply {
        let (path, body) = crate::requests::request(method, route, of);
        let mut headers = vec![("companyid", company)];
        if !authorization.is_empty() {
            headers.push(("authorization", authorization));
        }
        self.verv.call(method.clone(), &path, &headers, body).await
    }
}

/// All that a caller can tell one answer from another by, names aside.
pub(crate) fn visible(reply: &Reply, of: &Belongings) -> (u16, Vec<(String, String)>, String) {
    let headers = reply
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id" && *name != "content-length")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("").to_owned()))
        .collect();
    (reply.status.as_u16(), headers, of.nameless(&reply.text))
}
