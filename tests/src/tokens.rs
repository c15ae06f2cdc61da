//! Tokens as clients have them, and requests that carry them.

use super::{Reply, Verv};
use axum::http::Method;
use domain::OrgId;
use serde_json::Value;
use web::token::Claims;

/// The `Authorization` of a token signed as its issuer would: with the platform's key
/// for an administrator, else with the company's, valid for an
/// hour: `Bearer …`.
///
/// # Panics
/// When `verv` has no key, or `org` can be no organisation.
pub fn bearer(verv: &Verv, sub: &str, roles: &[&str], org: Option<&str>) -> String {
    crate::logs::plant(sub);
    let claims = Claims {
        sub: sub.to_owned(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        exp: verv.now().timestamp() + 3_600,
        nbf: None,
        iat: None,
        iss: None,
        aud: None,
        org_id: org.map(|org| org.parse::<OrgId>().expect("an id")),
    };
    let token = verv.settings.tokens.issue(&claims);
    format!("Bearer {}", token.expect("a key"))
}

impl Verv {
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
