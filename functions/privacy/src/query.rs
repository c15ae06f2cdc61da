//! What a request for an export or an erasure says.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::OrgId;
use serde::Deserialize;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use store::privacy::ExportPosition;
use web::problem::{Problem, invalid};

/// How many steps of an erasure a request makes at most, each of some twenty items.
const STEPS_AT_MOST: u32 = 100;

/// How long a request goes on with an erasure: half of the time that a function has.
const TIME_AT_MOST: Duration = Duration::from_secs(5);

/// In which organisation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrgQuery {
    pub(crate) org_id: Option<OrgId>,
}

/// In which organisation, and which page.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportQuery {
    pub(crate) org_id: Option<OrgId>,
    cursor: Option<String>,
}

impl ExportQuery {
    /// Where the page begins.
    ///
    /// # Errors
    /// 400 for a cursor that is none.
    pub(crate) fn position(&self) -> Result<ExportPosition, Problem> {
        let Some(cursor) = &self.cursor else {
            return Ok(ExportPosition::default());
        };
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
        bytes
            .and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok())
            .ok_or_else(|| invalid("cursor", "must be the next_cursor of an earlier page"))
    }
}

/// The text of the page's cursor.
pub(crate) fn cursor(position: &ExportPosition) -> String {
    URL_SAFE_NO_PAD.encode(position.to_string())
}

/// How far a request goes with an erasure.
pub(crate) struct StepBudget {
    began: Instant,
    steps: AtomicU32,
}

impl StepBudget {
    /// That of a request which begins now.
    pub(crate) fn of_a_request() -> Self {
        Self {
            began: Instant::now(),
            steps: AtomicU32::new(0),
        }
    }

    /// Counts a step. Says whether it is one too many.
    pub(crate) fn is_used_up(&self) -> bool {
        let made = self.steps.fetch_add(1, Ordering::Relaxed);
        made >= STEPS_AT_MOST || self.began.elapsed() >= TIME_AT_MOST
    }
}
