//! What can go wrong with the table, the cause kept apart from what a caller is told.

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use domain::OutOfScope;
use std::convert::Infallible;
use std::num::NonZeroU32;

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The table could not answer. `Display` names the trouble, `source` the cause, for the log.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Throttled, out of reach or too slow: the same request may succeed in a moment.
    #[error("DynamoDB is out of reach or throttles")]
    Unavailable(#[source] BoxError),
    /// DynamoDB refused the request itself: a fault of ours or of the deployment.
    #[error("DynamoDB refused the request")]
    Refused(#[source] BoxError),
    /// The caller or address has looked up more unknown codes than a minute allows.
    #[error("too many unknown codes were looked up")]
    TooManyMisses {
        /// How many a minute allows.
        limit: NonZeroU32,
        /// Seconds until the next minute begins: 1 to 60.
        retry_after: u16,
    },
    /// An item does not hold what its key promises.
    #[error("a stored item cannot be read")]
    Corrupt(#[source] BoxError),
}

impl StoreError {
    /// An item that lacks or garbles what its key promises.
    pub(crate) fn corrupt(what: impl Into<BoxError>) -> Self {
        Self::Corrupt(what.into())
    }

    /// `what` kept being put off or overtaken.
    pub(crate) fn retries_exhausted(what: &str) -> Self {
        Self::Unavailable(format!("{what} kept being put off").into())
    }
}

impl From<serde_dynamo::Error> for StoreError {
    fn from(error: serde_dynamo::Error) -> Self {
        Self::corrupt(error)
    }
}

impl<E> From<SdkError<E, HttpResponse>> for StoreError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        let passing = match &error {
            SdkError::TimeoutError(_)
            | SdkError::DispatchFailure(_)
            | SdkError::ResponseError(_) => true,
            // Whatever is in front of DynamoDB fails without naming an error.
            SdkError::ServiceError(service) if service.raw().status().is_server_error() => true,
            SdkError::ServiceError(service) => matches!(
                service.err().code(),
                Some(
                    "ProvisionedThroughputExceededException"
                        | "RequestLimitExceeded"
                        | "ThrottlingException"
                        | "TransactionInProgressException"
                        | "TransactionConflictException"
                        | "TransactionCanceledException"
                )
            ),
            _ => false,
        };
        if passing {
            Self::Unavailable(Box::new(error))
        } else {
            Self::Refused(Box::new(error))
        }
    }
}

/// An operation that did not happen: refused by a rule, or failed.
#[derive(Debug)]
pub enum TransactError<R> {
    /// A rule refused it; `R` says which, and what is in its way.
    Refused(R),
    /// The `Idempotency-Key` served another request.
    KeyReused,
    /// The table could not answer.
    Store(StoreError),
}

impl<R, E: Into<StoreError>> From<E> for TransactError<R> {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}

impl TransactError<Infallible> {
    /// The error of an operation that no rule refuses and that takes no key.
    pub(crate) fn into_store_error(self) -> StoreError {
        match self {
            Self::Store(error) => error,
            Self::Refused(never) => match never {},
            Self::KeyReused => StoreError::corrupt("a key was reused where none is taken"),
        }
    }
}

/// A statistic that was not read.
#[derive(Debug)]
pub enum ScopedError {
    /// It is another owner's.
    OutOfScope,
    /// The table could not answer.
    Store(StoreError),
}

impl From<OutOfScope> for ScopedError {
    fn from(OutOfScope: OutOfScope) -> Self {
        Self::OutOfScope
    }
}

impl From<StoreError> for ScopedError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Why what an organisation has was not listed.
#[derive(Debug)]
pub enum ListOfOrgError {
    /// It is another organisation's.
    OutOfScope,
    /// The caller may see every organisation's, and has named none.
    OrgRequired,
    /// The table could not answer.
    Store(StoreError),
}

impl From<OutOfScope> for ListOfOrgError {
    fn from(OutOfScope: OutOfScope) -> Self {
        Self::OutOfScope
    }
}

impl From<StoreError> for ListOfOrgError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
