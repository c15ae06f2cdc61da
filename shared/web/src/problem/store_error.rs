//! What a failure of the store is answered.

use super::{Cause, Problem, invalid, no_such_record};
use crate::quota::Quota;
use domain::OutOfScope;
use std::convert::Infallible;
use store::privacy::PrivacyError;
use store::{ListOfOrgError, ScopedError, StoreError, TransactError};

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TooManyMisses { limit, retry_after } => Self::too_many_requests(
                "too_many_misses",
                "Too many unknown codes were requested.",
                retry_after.into(),
                Quota::used_up("misses", limit.get(), retry_after),
            ),
            StoreError::Unavailable(_) => Self::unavailable(Cause::new(error)),
            StoreError::Refused(_) | StoreError::Corrupt(_) => Self::internal(Cause::new(error)),
        }
    }
}

/// What is out of scope is answered like what does not exist.
impl From<OutOfScope> for Problem {
    fn from(OutOfScope: OutOfScope) -> Self {
        no_such_record()
    }
}

impl From<ScopedError> for Problem {
    fn from(error: ScopedError) -> Self {
        match error {
            ScopedError::OutOfScope => OutOfScope.into(),
            ScopedError::Store(error) => error.into(),
        }
    }
}

impl From<ListOfOrgError> for Problem {
    fn from(error: ListOfOrgError) -> Self {
        match error {
            ListOfOrgError::OutOfScope => OutOfScope.into(),
            ListOfOrgError::OrgRequired => invalid("org_id", "is required"),
            ListOfOrgError::Store(error) => error.into(),
        }
    }
}

impl From<PrivacyError> for Problem {
    fn from(error: PrivacyError) -> Self {
        match error {
            PrivacyError::OutOfScope => OutOfScope.into(),
            PrivacyError::OrgRequired => invalid("org_id", "is required"),
            PrivacyError::Store(error) => error.into(),
        }
    }
}

/// What nothing refuses.
impl From<Infallible> for Problem {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl<R> From<TransactError<R>> for Problem
where
    Problem: From<R>,
{
    fn from(error: TransactError<R>) -> Self {
        match error {
            TransactError::Refused(refusal) => refusal.into(),
            TransactError::KeyReused => Self::unprocessable(
                "idempotency_key_reused",
                "This Idempotency-Key was used for a request with another body.",
            ),
            TransactError::Store(error) => error.into(),
        }
    }
}
