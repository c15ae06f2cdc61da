//! Tokens as clients have them, and requests that carry them.

use super::{Reply, Verv};
use axum::http::Method;
use chrono::{DateTime, Utc};
use domain::OrgId;
use serde_json::Value;
use std::sync::Arc;
use web::settings::Settings;
use web::token::Claims;

/// The `Authorization` of a token signed as its issuer would: with the platform's key
/// for an administrator, else with the company's, valid for an
/// hour: `Bearer …`.
///
/// # Panics
/// When `verv` has no key, or `org` can be no organisation.
pub fn bearer(verv: &Verv, sub: &str, roles: &[&str], org: Option<&str>) -> String {
    issue(&verv.settings, verv.now(), sub, roles, org)
}

fn issue(
    settings: &Settings,
    now: DateTime<Utc>,
    sub: &str,
    roles: &[&str],
    org: Option<&str>,
) -> String {
    crate::logs::plant(sub);
    let claims = Claims {
        sub: sub.to_owned(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        exp: now.timestamp() + 3_600,
        nbf: None,
        iat: None,
        iss: None,
        aud: None,
        org_id: org.map(|org| org.parse::<OrgId>().expect("an id")),
    };
    let token = settings.tokens.issue(&claims);
    format!("Bearer {}", token.expect("a key"))
}

impl Verv {
    /// The same platform as one of its staff calls it, with a token that has just been issued.
    #[must_use]
    pub fn as_platform(self) -> Self {
        let (settings, clock) = (Arc::clone(&self.settings), self.clock.clone());
        let staff = "platforms-staff";
        self.calling_with(move || issue(&settings, clock.now(), staff, &["ROLE_ADMIN"], None))
    }

    /// Sends a request with this `Authorization`.
    pub async fn call_as(
        &self,
        authorization: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Reply {
        let headers = [("authorization", authorization)];
        self.call(method, path, &headers, body).await
    }
}
