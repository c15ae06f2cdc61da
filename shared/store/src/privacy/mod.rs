//! Erasing a person, exporting what that will be, and forgetting visitors.
//!
//! A member is found by their guard and erased in one transaction. A mentor may have millions
//! of clicks: their erasure is a *job*, an item that says how far it is. Each step of it is one
//! transaction of some items, the job and its receipt, so that a step which is killed, repeated
//! or doubled has happened once or not at all, and the receipt counts what was really done.
//!
//! The order is what keeps statistics right. A fact is renamed once its fold is past it: no
//! round reads it again. When a pass over all facts finds nothing more, and began so late that
//! no run is left which has read the old id, the rows are added to those of the pseudonym, each
//! in one transaction with the end of the old one. Then the job is deleted: nothing is left
//! that leads from the person to the pseudonym.

mod export;
mod job;
mod member;
mod mentor;
mod rename;
mod rows;
mod sources;
mod visitors;

pub use export::{ExportPage, ExportPosition, ExportRecord};
pub use visitors::ForgottenVisitors;

use crate::error::StoreError;
use crate::fold::Aggregator;
use crate::store::Store;
use chrono::{DateTime, Utc};
use domain::privacy::Receipt;
use domain::{MemberId, MentorId, OrgId, OutOfScope, OwnerFilter, Pseudonym};
use mentor::{Eraser, after};
use std::time::Instant;

/// Why nobody was erased or exported.
#[derive(Debug)]
pub enum PrivacyError {
    /// The organisation is another tenant's.
    OutOfScope,
    /// The organisation must be named, as the caller may act in all.
    OrgRequired,
    /// The table could not answer.
    Store(StoreError),
}

impl From<StoreError> for PrivacyError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Store {
    /// Erases a member of an organisation: at once, as a member has one attribution.
    ///
    /// # Errors
    /// [`PrivacyError`].
    pub async fn erase_member(
        &self,
        member: &MemberId,
        org: Option<OrgId>,
        now: DateTime<Utc>,
    ) -> Result<Receipt, PrivacyError> {
        let org = self.named_org(org)?;
        Ok(member::erase(&self.dynamo, member, &org, now).await?)
    }

    /// What the erasure of a member will be: one page has all of it.
    ///
    /// # Errors
    /// [`PrivacyError`].
    pub async fn export_member(
        &self,
        member: &MemberId,
        org: Option<OrgId>,
    ) -> Result<ExportPage, PrivacyError> {
        let org = self.named_org(org)?;
        Ok(member::export(&self.dynamo, member, &org).await?)
    }

    /// Begins to erase a mentor in an organisation, or goes on with that: until it is done, has to wait, or `stop` says so between two steps.
    ///
    /// # Errors
    /// [`PrivacyError`]; what was done until then is kept.
    pub async fn erase_mentor(
        &self,
        mentor: &MentorId,
        org: Option<OrgId>,
        now: DateTime<Utc>,
        stop: impl Fn() -> bool,
    ) -> Result<Receipt, PrivacyError> {
        let org = self.named_org(org)?;
        let eraser = Eraser::new(&self.dynamo, mentor.clone(), org, now);
        Ok(eraser.erase(stop).await?)
    }

    /// A page of what the erasure of a mentor in an organisation will be.
    ///
    /// # Errors
    /// [`PrivacyError`].
    pub async fn export_mentor(
        &self,
        mentor: &MentorId,
        org: Option<OrgId>,
        from: ExportPosition,
    ) -> Result<ExportPage, PrivacyError> {
        let org = self.named_org(org)?;
        Ok(export::page(&self.dynamo, mentor, &org, from).await?)
    }

    /// The receipt of an erasure, under way or done.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn find_erasure(&self, pseudonym: &Pseudonym) -> Result<Option<Receipt>, StoreError> {
        let receipt = job::find_receipt(&self.dynamo, pseudonym).await?;
        Ok(receipt.filter(|receipt| self.scope().covers_org(&receipt.org)))
    }

    /// The organisation that is named, or else the one that the caller is limited to.
    fn named_org(&self, org: Option<OrgId>) -> Result<OrgId, PrivacyError> {
        let wanted = OwnerFilter { mentor: None, org };
        let owner = self.scope().narrow(wanted);
        let owner = owner.map_err(|OutOfScope| PrivacyError::OutOfScope)?;
        owner.org.ok_or(PrivacyError::OrgRequired)
    }
}

impl Aggregator {
    /// Goes on with the erasures under way, until each is done or has to wait, or `stop` says
    /// so. Gives how many are left.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer; what was done until then is kept.
    pub async fn continue_erasures(
        &self,
        now: DateTime<Utc>,
        stop: impl Fn() -> bool,
    ) -> Result<usize, StoreError> {
        let (mut left, began) = (0, Instant::now());
        for job in job::under_way(&self.dynamo).await? {
            let now = after(now, began);
            let eraser = Eraser::new(&self.dynamo, job.mentor, job.org, now);
            let receipt = eraser.go_on(&stop).await?;
            left += usize::from(receipt.is_some_and(|receipt| !receipt.is_complete()));
        }
        Ok(left)
    }
}
