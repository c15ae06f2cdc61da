//! TEMPORARY STUB by the lead, so that the other crates compile; the fold helper replaces this file.
use crate::dynamo::Dynamo; use crate::error::StoreError; use crate::keys::View; use chrono::{DateTime, NaiveDate, Utc}; use domain::stats::*; use domain::*;
#[derive(Debug, Clone)] pub(crate) struct Statistics { dynamo: Dynamo }
#[derive(Debug, Clone)] pub struct Counted<T> { pub value: T, pub as_of: DateTime<Utc> }
impl<T> Counted<T> { pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Counted<U> { Counted { value: f(self.value), as_of: self.as_of } } }
#[derive(Debug, Clone)] pub struct Ranking { pub mentors: Vec<(MentorId, Counts)>, pub as_of: Option<Timestamp> }
#[derive(Debug, Clone)] pub(crate) enum Subject { All, Org(OrgId), Mentor(MentorId), MentorInOrg(MentorId, OrgId), Code(FoldedCode, MentorId, OrgId) }
impl Subject { pub(crate) fn view(&self) -> View { View::All } }
impl Statistics { pub(crate) fn new(dynamo: Dynamo) -> Self { Self { dynamo } }
 pub(crate) async fn prepare(&self, _now: DateTime<Utc>) -> Result<(), StoreError> { unimplemented!() }
 pub(crate) async fn attributions(&self, s: &Subject, p: Period, _now: DateTime<Utc>) -> Result<Counted<Counts>, StoreError> { unimplemented!() }
 pub(crate) async fn codes(&self, s: &Subject, _now: DateTime<Utc>) -> Result<Counted<i64>, StoreError> { unimplemented!() }
 pub(crate) async fn daily(&self, s: &Subject, first: NaiveDate, _now: DateTime<Utc>) -> Result<Counted<DailyCounts>, StoreError> { unimplemented!() }
 pub(crate) async fn ranking(&self, o: &OrgId, m: Option<Month>, l: usize, _now: DateTime<Utc>) -> Result<Ranking, StoreError> { unimplemented!() }
}
