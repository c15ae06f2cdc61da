//! What a declaration does: to the methods and paths around it, to its callers, and to the
//! errors below its base.

use super::Routes;
use crate::access::{OPEN, OWN, STAFF, TENANT, tenant_access};
use crate::app::App;
use crate::extract::BoundedBody;
use crate::language::Language;
use crate::middleware::RESERVE;
use crate::problem::Problem;
use crate::settings::Settings;
use crate::token::{Claims, Role};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::http::{Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::Clock;
use lambda_http::Context;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use store::{Store, UnscopedStore};
use tower::ServiceExt;

/// A state whose store is never called.
fn app(variables: &[(&str, &str)]) -> App {
    let settings = Settings::from_lookup(|wanted| {
        let found = variables.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| (*value).to_owned())
    });
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
        .build();
    let store = UnscopedStore::new(aws_sdk_dynamodb::Client::from_conf(config), "verv");
    let settings = Arc::new(settings.expect("valid settings"));
    App::new(store, settings, Clock::system())
}

fn token(app: &App, role: Role, org: Option<&str>) -> String {
    let claims = Claims {
        sub: "usr_1".to_owned(),
        roles: vec![role.name().to_owned()],
        exp: app.clock().now().timestamp() + 60,
        nbf: None,
        iat: None,
        iss: None,
        aud: None,
        org_id: org.map(|org| org.parse().expect("an id")),
    };
    let token = app.settings().tokens.issue(&claims);
    format!("Bearer {}", token.expect("a key"))
}

/// The platform's part and one with conventions of its own.
fn routes() -> Routes {
    Routes::under("/api/things")
        .get("", OWN, async |_: Store| "all")
        .post("", STAFF, async |_: Store| "made")
        .get("/active", OPEN, async || "active")
        .get("/{id}", OWN, async |Path(id): Path<String>| id)
        .delete("/{id}", STAFF, async || "gone")
        .merge(
            Routes::under("/own")
                .errors_as(render)
                .echo_header("requestid")
                .get("/v1/tenant", TENANT, for_tenant)
                .get("/v1/store", TENANT, async |_: Store| "a store")
                .post("/v1/body", OPEN, async |_: BoundedBody| "read")
                .get("/v1/slow", OPEN, std::future::pending::<()>)
                .put("/v1/roles", OWN, for_tenant),
        )
}

async fn for_tenant(State(app): State<App>, mut parts: Parts) -> Result<&'static str, Problem> {
    let tenant = "org_1".parse().expect("an id");
    tenant_access(&app, &tenant, &mut parts).await?;
    Ok("theirs")
}

fn render(problem: &Problem, _: Language) -> Response {
    let text = format!("own {}", problem.status().as_u16());
    (problem.status(), text).into_response()
}

async fn send(app: &App, request: Request<Body>) -> (StatusCode, axum::http::HeaderMap, String) {
    let router = routes().into_router(app.clone());
    let response = router.oneshot(request).await.expect("infallible");
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 10_000).await.expect("a body");
    let text = String::from_utf8(bytes.to_vec()).expect("text");
    (parts.status, parts.headers, text)
}

fn request(method: Method, path: &str) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    *request.uri_mut() = path.parse().expect("a path");
    request
}

fn authorized(method: Method, path: &str, token: &str) -> Request<Body> {
    let mut request = request(method, path);
    let value = token.parse().expect("a header");
    request.headers_mut().insert(header::AUTHORIZATION, value);
    request
}

#[test]
fn the_table_shows_each_route_with_its_access() {
    insta::assert_snapshot!(routes().table(), @r"
    GET    /api/things                                                  ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER
    POST   /api/things                                                  ROLE_ADMIN ROLE_ORG
    GET    /api/things/active                                           open
    GET    /api/things/{id}                                             ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER
    DELETE /api/things/{id}                                             ROLE_ADMIN ROLE_ORG
    GET    /own/v1/tenant                                               tenant
    GET    /own/v1/store                                                tenant
    POST   /own/v1/body                                                 open
    GET    /own/v1/slow                                                 open
    PUT    /own/v1/roles                                                ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER
    ");
}

#[tokio::test]
async fn an_undeclared_method_is_405_and_names_the_declared_ones() {
    let app = app(&[]);
    for (method, path, allow) in [
        (Method::PUT, "/api/things", "GET,HEAD,POST"),
        (Method::OPTIONS, "/api/things", "GET,HEAD,POST"),
        (Method::POST, "/api/things/1", "GET,HEAD,DELETE"),
        (Method::DELETE, "/api/things/active", "GET,HEAD"),
        (Method::HEAD, "/own/v1/body", "POST"),
    ] {
        let (status, headers, _) = send(&app, request(method, path)).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(headers[header::ALLOW], allow, "{path}");
    }
}

#[tokio::test]
async fn an_undeclared_path_is_404() {
    let app = app(&[]);
    for path in ["/", "/api", "/api/things/", "/api/things/1/2", "/other"] {
        let (status, headers, text) = send(&app, request(Method::GET, path)).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
        assert!(text.contains("\"code\":\"route_not_found\""), "{text}");
    }
}

#[tokio::test]
async fn head_follows_get() {
    let app = app(&[("API_ACCESS", "token")]);
    let (status, headers, text) = send(&app, request(Method::HEAD, "/api/things/active")).await;
    assert_eq!((status, text.as_str()), (StatusCode::OK, ""));
    assert_eq!(headers[header::CONTENT_LENGTH], "6");
    let (status, _, text) = send(&app, request(Method::HEAD, "/api/things/1")).await;
    assert_eq!((status, text.as_str()), (StatusCode::UNAUTHORIZED, ""));
}

#[tokio::test]
async fn a_route_lets_in_whom_its_access_names() {
    let app = app(&[("API_ACCESS", "token")]);
    let org = token(&app, Role::Org, Some("org_1"));
    let mentor = token(&app, Role::Mentor, Some("org_1"));
    for (method, path, token, expected) in [
        (Method::GET, "/api/things", "", 401),
        (Method::GET, "/api/things", "Bearer x", 401),
        (Method::GET, "/api/things", &mentor, 200),
        (Method::POST, "/api/things", "", 401),
        (Method::POST, "/api/things", &mentor, 403),
        (Method::POST, "/api/things", &org, 200),
        (Method::DELETE, "/api/things/1", &mentor, 403),
        (Method::GET, "/api/things/1", &mentor, 200),
        (Method::GET, "/api/things/active", "", 200),
    ] {
        let at = format!("{method} {path} {token}");
        let (status, _, text) = send(&app, authorized(method, path, token)).await;
        assert_eq!(status.as_u16(), expected, "{at}: {text}");
    }
}

#[tokio::test]
async fn a_public_api_requires_a_token_for_a_tenant_only() {
    let app = app(&[]);
    let own = token(&app, Role::Customer, Some("org_1"));
    let others = token(&app, Role::Customer, Some("org_2"));
    for (method, path, token, expected) in [
        (Method::GET, "/api/things", "", 200),
        (Method::POST, "/api/things", "Bearer x", 200),
        (Method::GET, "/own/v1/tenant", "", 401),
        (Method::GET, "/own/v1/tenant", &others, 401),
        (Method::GET, "/own/v1/tenant", &own, 200),
    ] {
        let (status, _, text) = send(&app, authorized(method, path, token)).await;
        assert_eq!(status.as_u16(), expected, "{path} {token}: {text}");
    }
}

#[tokio::test]
async fn a_named_tenant_neither_widens_a_scope_nor_gives_another_store() {
    let app = app(&[("API_ACCESS", "token")]);
    let mentor = token(&app, Role::Mentor, Some("org_2"));
    let (status, ..) = send(&app, authorized(Method::PUT, "/own/v1/roles", &mentor)).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let own = token(&app, Role::Org, Some("org_1"));
    let (status, ..) = send(&app, authorized(Method::GET, "/own/v1/store", &own)).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn every_error_below_a_base_has_the_form_of_its_routes() {
    let app = app(&[]);
    let mut large = request(Method::POST, "/own/v1/body");
    *large.body_mut() = Body::from(vec![b' '; 64 * 1024 + 1]);
    for (request, status) in [
        (request(Method::GET, "/own"), 404),
        (request(Method::GET, "/own/v9/x"), 404),
        (request(Method::GET, "/own/v1/body"), 405),
        (request(Method::GET, "/own/v1/tenant"), 401),
        (large, 413),
        (out_of_time("/own/v1/slow"), 503),
    ] {
        let path = request.uri().to_string();
        let (answered, headers, text) = send(&app, request).await;
        assert_eq!(text, format!("own {status}"), "{path}");
        assert_eq!(answered.as_u16(), status, "{path}");
        assert_eq!(headers[header::CONTENT_LENGTH], "7", "{path}");
        let (allow, retry) = (headers.get(header::ALLOW), headers.get(header::RETRY_AFTER));
        assert_eq!(allow.is_some(), status == 405, "{path}");
        assert_eq!(retry.is_some(), status == 503, "{path}");
    }
    let (_, headers, text) = send(&app, request(Method::HEAD, "/own/v1/tenant")).await;
    assert_eq!(
        (text.as_str(), &headers[header::CONTENT_LENGTH]),
        ("", &"7".parse().expect("a header"))
    );
    let (_, headers, _) = send(&app, request(Method::GET, "/owner")).await;
    assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
}

/// A request that its function has no time left for.
fn out_of_time(path: &str) -> Request<Body> {
    let end = SystemTime::now() + RESERVE + Duration::from_millis(50);
    let end = end.duration_since(SystemTime::UNIX_EPOCH).expect("now");
    let mut context = Context::default();
    context.deadline = u64::try_from(end.as_millis()).expect("in range");
    let mut request = request(Method::GET, path);
    request.extensions_mut().insert(context);
    request
}

#[tokio::test]
async fn a_header_is_echoed_below_its_base_alone() {
    let app = app(&[]);
    let long = "x".repeat(129);
    for (path, given, echoed) in [
        ("/own/v1/tenant", "req-1", Some("req-1")),
        ("/own/v9", "req-1", Some("req-1")),
        ("/api/things", "req-1", None),
        ("/own/v1/tenant", "", None),
        ("/own/v1/tenant", &long, None),
    ] {
        let mut request = request(Method::GET, path);
        let value = given.parse().expect("a header");
        request.headers_mut().insert("requestid", value);
        let (_, headers, _) = send(&app, request).await;
        let seen = headers.get("requestid").and_then(|id| id.to_str().ok());
        assert_eq!(seen, echoed, "{path}");
        assert!(headers.contains_key("x-request-id"), "{path}");
    }
}

#[test]
#[should_panic(expected = "Overlapping method route")]
fn a_route_is_declared_once() {
    let _ = routes().merge(Routes::under("/api").get("/things", OPEN, async || "other"));
}
