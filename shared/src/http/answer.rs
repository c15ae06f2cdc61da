//! Answers that may be kept under an idempotency key: rendered before the effect is
//! committed, sent as they were rendered.

use super::{App, Problem};
use crate::store::idempotency::Replay;
use crate::store::{Answer, IdempotencyKey};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
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

/// What a request that is refused with `problem` now was answered when it came first: that
/// answer stands, whatever has become of what it refers to.
///
/// # Errors
/// `problem`, where the request comes for the first time.
pub async fn first_answer_or(
    problem: Problem,
    app: &App,
    key: Option<&IdempotencyKey>,
    now: DateTime<Utc>,
) -> Result<Answer, Problem> {
    match app.table.find_answer(key, now).await? {
        Some(Replay::Same(answer)) => Ok(answer),
        Some(Replay::OtherRequest) => Err(Problem::key_reused()),
        None => Err(problem),
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
