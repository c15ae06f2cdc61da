//! Answers that may be kept under an idempotency key: rendered before the effect is
//! committed, sent as they were rendered.

use super::{App, Problem};
use crate::store::idempotency::Replay;
use crate::store::{Answer, IdempotencyKey};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

impl Answer {
    /// 200 with `view`.
    pub fn ok(view: &impl Serialize) -> Self {
        Self {
            status: StatusCode::OK.as_u16(),
            location: None,
            body: render(view),
        }
    }

    /// 201 with `view`, found from now on at `location`.
    pub fn created(location: String, view: &impl Serialize) -> Self {
        Self {
            status: StatusCode::CREATED.as_u16(),
            location: Some(location),
            body: render(view),
        }
    }
}

/// What an earlier request with `key` was answered, or else `refusal`: a first answer stands
/// even where time has passed and the same request would be refused by now.
///
/// # Errors
/// `refusal`, or 422 when the key served another request.
pub async fn kept_or(
    refusal: Problem,
    key: Option<&IdempotencyKey>,
    app: &App,
) -> Result<Answer, Problem> {
    match app.table.find_answer(key, app.clock.now()).await? {
        None => Err(refusal),
        Some(Replay::Same(answer)) => Ok(answer),
        Some(Replay::OtherRequest) => Err(Problem::key_reused()),
    }
}

fn render(view: &impl Serialize) -> String {
    serde_json::to_string(view).expect("a view has string keys and no failing parts")
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let json = [(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        )];
        let mut response = (status, json, self.body).into_response();
        if let Some(location) = self.location.and_then(|to| HeaderValue::try_from(to).ok()) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}
