//! Tokens as clients have them, and requests that carry them.

use super::{Reply, Verv};
use axum::http::Method;
use serde_json::Value;
use shared::domain::OrgId;
use shared::http::access::token::Claims;

/// The `Authorization` of a token signed with the platform's key of `verv`, valid for an
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
        org_id: org.map(|org| org.parse::<OrgId>().expect("an id")),
    };
    let token = verv.app.settings.token_keys.issue(&claims);
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

/// Every route of every function with its methods, as the routers themselves say.
pub fn routes() -> Vec<(Method, String)> {
    let text = format!("{:?}", local::routes());
    let own = text.split("fallback_router").next().unwrap_or_default();
    let mut methods: Vec<(&str, Vec<Method>)> = Vec::new();
    let mut paths: Vec<(&str, &str)> = Vec::new();
    for part in own.split("RouteId(").skip(1) {
        let Some((id, rest)) = part.split_once("): ") else {
            continue;
        };
        if rest.starts_with("MethodRouter") {
            let all = [
                Method::GET,
                Method::POST,
                Method::PUT,
                Method::DELETE,
                Method::PATCH,
            ];
            let taken = all.into_iter().filter(|method| {
                let none = format!("{}: None", method.as_str().to_lowercase());
                !rest.contains(&none)
            });
            methods.push((id, taken.collect()));
        } else if let Some(path) = rest.split('"').nth(1) {
            paths.push((id, path));
        }
    }
    let mut routes = Vec::new();
    for (id, path) in paths {
        for (_, taken) in methods.iter().filter(|(other, _)| *other == id) {
            routes.extend(taken.iter().map(|method| (method.clone(), path.to_owned())));
        }
    }
    routes.sort_by(|(a, x), (b, y)| (x, a.as_str()).cmp(&(y, b.as_str())));
    routes
}
