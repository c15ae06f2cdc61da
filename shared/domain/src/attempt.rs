//! An attempt at a delivery, and what it came to.

use crate::clock::Timestamp;
use serde::{Deserialize, Serialize};

/// An attempt at a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// What it came to; `None` while it lasts, and when whoever made it was stopped.
    pub result: Option<AttemptResult>,
}

impl Attempt {
    /// The receiver's status, and why there is none: neither while the attempt lasts.
    pub fn answer(&self) -> (Option<u16>, Option<AttemptError>) {
        match self.result.map(|result| result.answer) {
            None => (None, None),
            Some(Answer::Status(status)) => (Some(status), None),
            Some(Answer::None(error)) => (None, Some(error)),
        }
    }
}

/// What an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptResult {
    /// What the receiver did.
    pub answer: Answer,
    /// How long it took, in milliseconds.
    pub duration_ms: u32,
}

/// What a receiver did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It answered with this status.
    Status(u16),
    /// It did not answer.
    None(AttemptError),
}

/// Why there was no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptError {
    /// Its name leads to no address.
    NotResolved,
    /// It is at an address that nothing is sent to: private, loopback, link-local.
    AddressRefused,
    /// It took no connection.
    ConnectionFailed,
    /// Its certificate is not valid for its name, or TLS failed otherwise.
    TlsFailed,
    /// It took longer than an attempt may.
    TimedOut,
    /// What it answered is no HTTP.
    InvalidAnswer,
}
