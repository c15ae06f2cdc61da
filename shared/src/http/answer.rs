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

impl App {
    /// What a `POST` that `refusal` meets is answered: the first answer, if `key` keeps one
    /// of the same request. Its times may have been in the future then.
    ///
    /// # Errors
    /// The refusal.
    pub async fn first_answer_or(
        &self,
        refusal: Problem,
        key: Option<&IdempotencyKey>,
    ) -> Result<Answer, Problem> {
        match self.table.find_answer(key, self.clock.now()).await? {
            Some(Replay::Same(answer)) => Ok(answer),
            Some(Replay::OtherRequest) | None => Err(refusal),
        }
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
