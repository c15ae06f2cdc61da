//! The line of codes that rotations have left: each names the one before it and the one after.

use crate::code_item::{CanonicalCode, CodeLogItem};
use crate::dynamo::Read;
use crate::error::StoreError;
use crate::keys;
use crate::stats::Subject;
use crate::store::Store;
use chrono::{DateTime, Utc};
use domain::period::Period;
use domain::{CodeRecord, FoldedCode};
use futures::future::try_join_all;

/// How many rotations of a code are followed, a trip for each.
pub(crate) const ROTATIONS: usize = 32;

/// The codes before the newest one of a line, or as many of them as are followed.
pub(super) struct Line(Vec<CanonicalCode>);

impl Line {
    /// The codes whose clicks are counted nowhere: a newer code counts them from now on.
    pub(super) fn uncounted(&self) -> impl Iterator<Item = FoldedCode> {
        let uncounted = self.0.iter().filter(|code| !code.may_count());
        uncounted.map(CanonicalCode::folded)
    }
}

impl Store {
    /// The codes that were rotated before `newest`.
    pub(super) async fn line_before(&self, newest: &CodeLogItem) -> Result<Line, StoreError> {
        let mut line = Vec::new();
        let mut before = newest.replaces().cloned();
        while let Some(code) = before.filter(|_| line.len() < ROTATIONS) {
            let Some(code) = self.issued_code(&code, Read::Strong).await? else {
                break;
            };
            before = code.replaces().cloned();
            line.push(code);
        }
        Ok(Line(line))
    }

    /// How many conversions the statistics have of `newest` and the codes before it.
    pub(super) async fn conversions_of_line(
        &self,
        newest: &CodeRecord,
        before: &Line,
        now: DateTime<Utc>,
    ) -> Result<i64, StoreError> {
        let codes = before.0.iter().map(CanonicalCode::folded);
        let codes = codes.chain([newest.code.folded()]);
        let stats = &self.stats.for_counts();
        let counts = try_join_all(codes.map(|code| async move {
            let (mentor, org) = (newest.mentor.clone(), newest.org.clone());
            let subject = Subject::Code(code, mentor, org);
            let period = Period::AllTime;
            stats.attributions(&subject, period, now).await
        }));
        let counts = counts.await?;
        Ok(counts.iter().map(|counts| counts.value.conversions).sum())
    }

    /// A code that was issued, whether or not its record was deleted since.
    pub(crate) async fn issued_code(
        &self,
        code: &FoldedCode,
        read: Read,
    ) -> Result<Option<CanonicalCode>, StoreError> {
        let item = self.dynamo.get_item(&keys::code(code), read).await?;
        Ok(item.map(serde_dynamo::from_item).transpose()?)
    }
}
