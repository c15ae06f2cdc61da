//! The ids in a path.

use crate::problem::{Problem, no_such_record};
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use std::str::FromStr;

/// The one captured segment of the path, parsed. What cannot be an id is the id of nothing:
/// 404.
pub struct PathId<T>(pub T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await.ok();
        text.and_then(|Path(text)| text.parse().ok())
            .map(Self)
            .ok_or_else(no_such_record)
    }
}

/// The two captured segments of the path, parsed; 404 for what cannot be ids.
pub struct PathIds<A, B>(pub A, pub B);

impl<S: Send + Sync, A: FromStr, B: FromStr> FromRequestParts<S> for PathIds<A, B> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let texts = Path::<(String, String)>::from_request_parts(parts, state).await;
        let ids = texts.ok().and_then(|Path((first, second))| {
            let ids = (first.parse().ok()?, second.parse().ok()?);
            Some(Self(ids.0, ids.1))
        });
        ids.ok_or_else(no_such_record)
    }
}
