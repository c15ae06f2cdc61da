//! Query strings.

use super::faults::{Given, problem_of};
use super::field::field_problem;
use crate::csv::Format;
use crate::pagination::{Paging, parse_paging};
use crate::problem::{Problem, invalid};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::{TimeSpan, Timestamp};
use serde::de::DeserializeOwned;
use url::form_urlencoded;

/// The query string as a `T`. An unknown parameter is refused: a mistyped filter must not
/// give the unfiltered list.
pub struct StrictQuery<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for StrictQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parse_query(parts.uri.query().unwrap_or("")).map(Self)
    }
}

/// The query string of a list: its filter, and the page that it wants, in the form that the
/// request accepts.
pub struct ListQuery<F> {
    /// Every parameter but those of the page.
    pub filter: F,
    /// `page`, `limit` and `cursor`.
    pub paging: Paging,
}

impl<S: Send + Sync, F: DeserializeOwned> FromRequestParts<S> for ListQuery<F> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or("");
        let (paging, filter): (Vec<_>, Vec<_>) = form_urlencoded::parse(query.as_bytes())
            .partition(|(name, _)| matches!(&**name, "page" | "limit" | "cursor"));
        let filter = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(filter)
            .finish();
        let filter = parse_query(&filter)?;
        let paging = parse_paging(&paging)?;
        Ok(Self {
            filter,
            paging: paging.in_format(Format::accepted(&parts.headers)),
        })
    }
}

/// The span that `from` and `to` of a query name.
///
/// # Errors
/// 400 where nothing is between them.
pub fn time_span(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<TimeSpan, Problem> {
    TimeSpan::new(from, to).map_err(|error| invalid("from", &error.to_string()))
}

fn parse_query<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    let deserializer = serde_urlencoded::Deserializer::new(pairs);
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
        let problem = problem_of::<T>(&Pairs(pairs.collect()));
        let path = error.path().to_string();
        problem.unwrap_or_else(|| field_problem(&path, &error.into_inner().to_string()))
    })
}

/// The parameters of a query string.
struct Pairs(Vec<(String, String)>);

impl Given for Pairs {
    fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }

    fn fault<T: DeserializeOwned>(&self, name: &str) -> Option<String> {
        let (_, value) = self.0.iter().find(|(given, _)| given == name)?;
        let alone = form_urlencoded::Serializer::new(String::new())
            .append_pair(name, value)
            .finish();
        let pairs = form_urlencoded::parse(alone.as_bytes());
        let alone = serde_urlencoded::Deserializer::new(pairs);
        let error = serde_path_to_error::deserialize::<_, T>(alone).err()?;
        let is_its_own = error.path().iter().next().is_some();
        is_its_own.then(|| error.into_inner().to_string())
    }
}
