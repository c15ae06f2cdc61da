//! Many codes in one request: each is answered as the single request is, and by itself.

use crate::views::CodeView;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::CallerKind;
use domain::codes::{Issued, WantedCode};
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::sync::Arc;
use store::{IdempotencyKey, IdempotentReply, Store};
use web::codes::WantedCodeBody;
use web::extract::parse_json;
use web::problem::Problem;
use web::reply::FailedPart;
use web::settings::Settings;
use web::{CodeAllowance, Quota};

/// How many codes a request may ask for.
const AT_MOST: usize = 100;

/// How many of them are under way at once.
const SIDE_BY_SIDE: usize = 8;

/// The bodies of the single requests, in order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkBody {
    codes: Bodies,
}

/// 1 to 100 objects. Each is read by itself, so that one at fault is no fault of the others.
#[derive(Deserialize)]
#[serde(try_from = "Vec<Box<RawValue>>")]
struct Bodies(Vec<Box<RawValue>>);

impl TryFrom<Vec<Box<RawValue>>> for Bodies {
    type Error = &'static str;

    fn try_from(bodies: Vec<Box<RawValue>>) -> Result<Self, Self::Error> {
        let are_objects = bodies.iter().all(|body| body.get().starts_with('{'));
        if are_objects && (1..=AT_MOST).contains(&bodies.len()) {
            return Ok(Self(bodies));
        }
        Err("must be a list of 1 to 100 objects")
    }
}

/// What is wanted in each place, or why it is refused before anything is read.
pub(crate) struct Wanted {
    parts: Vec<Result<WantedCode, Problem>>,
    quota: Option<Quota>,
}

impl BulkBody {
    /// What `caller` may have of it. Each code counts against the `allowance`, in order.
    pub(crate) fn wanted(self, caller: CallerKind, allowance: &CodeAllowance) -> Wanted {
        let mut quota = None;
        let mut wanted = |body: Box<RawValue>| {
            let taken = allowance.take();
            quota = match &taken {
                Ok(left) => *left,
                Err(problem) => problem.quota(),
            };
            taken?;
            let body: WantedCodeBody = parse_json(body.get().as_bytes())?;
            Ok(body.chosen_by(caller)?)
        };
        let parts = self.codes.0.into_iter().map(&mut wanted).collect();
        Wanted { parts, quota }
    }
}

/// What one place of the list is answered.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Part {
    /// As the single request's success.
    Done {
        /// 200 or 201.
        status: u16,
        data: CodeView,
    },
    /// As the single request's problem.
    Failed { status: u16, error: Problem },
}

impl Part {
    /// The code that was made or found.
    fn issued(reply: IdempotentReply<Issued>, settings: &Settings) -> Self {
        let (status, record) = match reply.value {
            Issued::Created(record) => (StatusCode::CREATED, record),
            Issued::Existing(record) => (StatusCode::OK, record),
        };
        Self::Done {
            status: status.as_u16(),
            data: CodeView::new(record, settings, reply.at),
        }
    }
}

impl From<Problem> for Part {
    fn from(error: Problem) -> Self {
        Self::Failed {
            status: error.status().as_u16(),
            error,
        }
    }
}

/// 200 with what each place is answered.
#[derive(Serialize)]
pub(crate) struct BulkReply {
    results: Vec<Part>,
    #[serde(skip)]
    quota: Option<Quota>,
}

impl IntoResponse for BulkReply {
    fn into_response(self) -> Response {
        let failed = self.results.iter().find_map(|part| match part {
            Part::Failed { error, .. } => FailedPart::of(error),
            Part::Done { .. } => None,
        });
        (failed, self.quota, Json(self)).into_response()
    }
}

/// What the codes of one request are issued with.
pub(crate) struct Issuer {
    pub(crate) store: Store,
    pub(crate) settings: Arc<Settings>,
    pub(crate) key: Option<IdempotencyKey>,
    pub(crate) now: DateTime<Utc>,
}

impl Issuer {
    /// Answers each place, several at once; those of one mentor in one organisation one after
    /// the other, as separate requests in this order would be.
    pub(crate) async fn answer(self, wanted: Wanted) -> BulkReply {
        let mut pairs: HashMap<_, Vec<_>> = HashMap::new();
        let mut answered = Vec::new();
        for (index, part) in wanted.parts.into_iter().enumerate() {
            match part {
                Ok(wanted) => {
                    let pair = (wanted.mentor.clone(), wanted.org.clone());
                    pairs.entry(pair).or_default().push((index, wanted));
                }
                Err(problem) => answered.push((index, problem.into())),
            }
        }
        let issuer = Arc::new(self);
        let of_pair = |wanted| Arc::clone(&issuer).issue_in_order(wanted);
        let under_way = stream::iter(pairs.into_values().map(of_pair));
        let issued: Vec<_> = under_way.buffer_unordered(SIDE_BY_SIDE).collect().await;
        answered.extend(issued.into_iter().flatten());
        answered.sort_by_key(|(index, _)| *index);
        BulkReply {
            results: answered.into_iter().map(|(_, part)| part).collect(),
            quota: wanted.quota,
        }
    }

    async fn issue_in_order(
        self: Arc<Self>,
        wanted: Vec<(usize, WantedCode)>,
    ) -> Vec<(usize, Part)> {
        let mut answered = Vec::new();
        for (index, wanted) in wanted {
            let part = self.issue(index, wanted).await;
            answered.push((index, part.unwrap_or_else(Part::from)));
        }
        answered
    }

    async fn issue(&self, index: usize, wanted: WantedCode) -> Result<Part, Problem> {
        let key = self.key.as_ref().map(|key| key.of_part(index));
        let issued = self
            .store
            .get_or_create_code(wanted, key.as_ref(), self.now);
        Ok(Part::issued(issued.await?, &self.settings))
    }
}
