//! The token keys of a function on AWS: read from Secrets Manager in init, by the compiled
//! binary, from an endpoint that speaks its protocol.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use local::engine::{self, Engine};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use store::UnscopedStore;
use tests::runtime_api::{InitFailure, Lambda, http_event};
use web::settings::Settings;
use web::token::Claims;

const FUNCTION: &str = "reward-promotion";
const SECRET: &str = "arn:aws:secretsmanager:eu-north-1:123456789012:secret:verv/token-keys-a1B2c3";
const VERSION: &str = "0b1d5a2e-7e1c-4f39-9a55-1f0f0e4f7c11";
const KEYS: &str = r#"{"*":["a-key-that-secrets-manager-holds-for-this-test"]}"#;

/// Secrets Manager, with one answer to everything.
struct SecretsManager {
    endpoint: String,
    asked: Arc<Mutex<Vec<Value>>>,
}

#[derive(Clone)]
struct Answer {
    status: StatusCode,
    body: String,
    asked: Arc<Mutex<Vec<Value>>>,
}

async fn answer(State(answer): State<Answer>, headers: HeaderMap, question: String) -> Response {
    assert_eq!(headers["x-amz-target"], "secretsmanager.GetSecretValue");
    let question = serde_json::from_str(&question).expect("JSON");
    answer.asked.lock().expect("a lock").push(question);
    (answer.status, answer.body).into_response()
}

impl SecretsManager {
    async fn start(status: StatusCode, body: impl ToString) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new()
            .route("/", post(self::answer))
            .with_state(Answer {
                status,
                body: body.to_string(),
                asked: Arc::clone(&asked),
            });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { endpoint, asked }
    }

    async fn holding(text: &str) -> Self {
        let body = json!({
            "ARN": SECRET, "Name": "verv/token-keys", "VersionId": VERSION,
            "SecretString": text,
        });
        Self::start(StatusCode::OK, body).await
    }
}

/// A public API verifies tokens for one contract alone.
#[tokio::test]
async fn a_function_that_verifies_nothing_reads_no_secret() {
    let engine = Engine::in_memory().await.expect("the engine starts");
    let endpoint = engine.endpoint();
    for (access, asked) in [("public", 0), ("token", 1)] {
        let secrets = SecretsManager::holding(KEYS).await;
        let variables = [
            ("TABLE_NAME", "verv"),
            ("API_ACCESS", access),
            ("TOKEN_KEYS_SECRET", SECRET),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &secrets.endpoint),
            ("AWS_ENDPOINT_URL_DYNAMODB", &endpoint),
        ];
        let started = Lambda::start("codes", &variables).await;
        let lambda = started.unwrap_or_else(|InitFailure(wrote)| panic!("{wrote}"));
        assert_eq!(
            secrets.asked.lock().expect("a lock").len(),
            asked,
            "{access}"
        );
        lambda.stop().await;
    }
}

async fn start(secrets: &SecretsManager, dynamodb: &str) -> Result<Lambda, InitFailure> {
    let variables = [
        ("TABLE_NAME", "verv"),
        ("TOKEN_KEYS_SECRET", SECRET),
        ("TOKEN_KEYS_VERSION", VERSION),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &secrets.endpoint),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb),
    ];
    Lambda::start(FUNCTION, &variables).await
}

/// A token of a customer that `keys` sign, valid for an hour.
fn token(keys: &str) -> String {
    let settings = Settings::from_lookup(|name| (name == "TOKEN_KEYS").then(|| keys.to_owned()));
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed();
    let claims = Claims {
        sub: "usr_4491".to_owned(),
        roles: vec!["ROLE_CUSTOMER".to_owned()],
        exp: i64::try_from(now.expect("a time").as_secs()).expect("a time") + 3_600,
        nbf: None,
        iat: None,
        iss: None,
        aud: None,
        org_id: None,
    };
    let token = settings.expect("valid settings").tokens.issue(&claims);
    format!("Token {}", token.expect("a key"))
}

#[tokio::test]
async fn a_function_verifies_with_the_keys_of_the_secret() {
    let engine = Engine::in_memory().await.expect("the engine starts");
    let endpoint = engine.endpoint();
    let store = UnscopedStore::new(engine::client(&endpoint), "verv");
    store.create_table_if_absent().await.expect("a table");
    let secrets = SecretsManager::holding(KEYS).await;
    let started = start(&secrets, &endpoint).await;
    let lambda = started.unwrap_or_else(|InitFailure(wrote)| panic!("{wrote}"));

    let path = "/gafapay/v3/reward_promotion/user_referral_code";
    let mut question = http_event("GET", path, path, &Value::Null);
    question["rawQueryString"] = json!("user_id=usr_4491");
    question["headers"]["companyid"] = json!("org_002");
    question["headers"]["requestid"] = json!("a-request-of-the-company");
    let other = r#"{"*":["a-key-that-nobody-holds-in-a-secret-anywhere"]}"#;
    for (keys, status) in [(KEYS, 404), (other, 401)] {
        question["headers"]["authorization"] = json!(token(keys));
        let answer = lambda.invoke(&question).await.expect("an answer");
        assert_eq!(answer["statusCode"], status, "{answer}");
    }
    let asked = secrets.asked.lock().expect("a lock").clone();
    let once = json!({"SecretId": SECRET, "VersionId": VERSION});
    assert_eq!(asked, [once], "in init, and once");
    let output = lambda.output();
    assert!(!output.contains("a-key-that"), "{output}");
    let named = output.matches(r#""requestid":"a-request-of-the-company""#);
    assert_eq!(named.count(), 2, "{output}");
    lambda.stop().await;
}

#[tokio::test]
async fn a_secret_that_cannot_be_used_fails_init_and_is_not_shown() {
    let refused = json!({
        "__type": "AccessDeniedException",
        "Message": "User is not authorized to perform secretsmanager:GetSecretValue",
    });
    let no_text = json!({"ARN": SECRET, "Name": "verv/token-keys", "SecretBinary": "YWJj"});
    let broken_off = r#"{"Name":"verv/token-keys","SecretString":"a-secret-that-breaks-off"#;
    let short = r#"{"*":["too-short-a-key-for-lambda"]}"#;
    for (secrets, named) in [
        (
            SecretsManager::start(StatusCode::BAD_REQUEST, refused).await,
            ["TOKEN_KEYS_SECRET", "AccessDeniedException"],
        ),
        (
            SecretsManager::start(StatusCode::OK, no_text).await,
            ["TOKEN_KEYS_SECRET", "holds no text"],
        ),
        (
            SecretsManager::start(StatusCode::OK, broken_off).await,
            ["TOKEN_KEYS_SECRET", "cannot be read"],
        ),
        (
            SecretsManager::holding("no-json-at-all").await,
            ["TOKEN_KEYS", "JSON"],
        ),
        (
            SecretsManager::holding(short).await,
            ["TOKEN_KEYS", "32 bytes"],
        ),
    ] {
        let Err(InitFailure(wrote)) = start(&secrets, "http://127.0.0.1:9").await else {
            panic!("it starts without {named:?}");
        };
        for text in named {
            assert!(wrote.contains(text), "{text}: {wrote}");
        }
        for secret in [
            "a-secret-that",
            "no-json-at-all",
            "too-short-a-key-for-lambda",
        ] {
            assert!(!wrote.contains(secret), "{wrote}");
        }
    }
}
