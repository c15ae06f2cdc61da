//! An organisation's mentors by conversions.
//!
//! The index says who is ranked, as far as it has heard; what they have is read from the rows
//! of their codes, strongly, so that clicks and conversions are as of the same moment. A rank
//! is written only where conversions change, so it cannot hold the clicks.

use super::Statistics;
use crate::dynamo::{Order, Query, Read};
use crate::error::StoreError;
use crate::keys::{self, BY_ORG, Generation, Item};
use chrono::{DateTime, Utc};
use domain::rollup::{Fold, Span};
use domain::stats::{Counts, Month};
use domain::{MentorId, OrgId, Timestamp};
use futures::future::try_join_all;
use futures::try_join;
use std::collections::HashSet;

/// How many places are read beyond those that are shown: an index may show a mentor who is
/// moving at two places, or one whom the rows say to be further down.
const SPARE: usize = 5;

/// An organisation's mentors by conversions, best first.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// Each once, those with conversions only.
    pub mentors: Vec<(MentorId, Counts)>,
    /// Everything recorded before is counted, and perhaps some of what came after; `None` is
    /// before the first aggregation.
    pub as_of: Option<Timestamp>,
}

impl Statistics {
    /// An organisation's mentors by conversions of all time or of a month, best first, as of
    /// the last aggregation: at most `limit`. Two trips.
    pub(crate) async fn ranking(
        &self,
        org: &OrgId,
        month: Option<Month>,
        limit: usize,
        now: DateTime<Utc>,
    ) -> Result<Ranking, StoreError> {
        let span = month.map_or(Span::AllTime, Span::Month);
        let likely = self.likely_generation();
        let (checkpoint, ranked) = try_join!(
            self.checkpoint(Fold::Detail, now),
            self.ranked(org, span, limit + SPARE, likely)
        )?;
        let generation = checkpoint.generation;
        let ranked = if generation == likely {
            ranked
        } else {
            self.ranked(org, span, limit + SPARE, generation).await?
        };
        let counting = ranked.into_iter().map(|mentor| async move {
            let counts = self.counts_in(&mentor, org, span, generation).await?;
            Ok::<_, StoreError>((mentor, counts))
        });
        let mut mentors = try_join_all(counting).await?;
        mentors.retain(|(_, counts)| counts.conversions > 0);
        mentors.sort_by(|(a, of_a), (b, of_b)| {
            of_b.conversions
                .cmp(&of_a.conversions)
                .then_with(|| a.cmp(b))
        });
        mentors.truncate(limit);
        let as_of = checkpoint.exists().then(|| checkpoint.folded_to.into());
        Ok(Ranking { mentors, as_of })
    }

    /// The generation that was read last. It changes with a rebuild only.
    fn likely_generation(&self) -> Generation {
        let held = self.last_held(Fold::Detail);
        held.map(|checkpoint| checkpoint.generation)
            .unwrap_or_default()
    }

    /// Whom the index ranks, each once.
    async fn ranked(
        &self,
        org: &OrgId,
        span: Span,
        limit: usize,
        generation: Generation,
    ) -> Result<Vec<MentorId>, StoreError> {
        let query = Query {
            index: Some(BY_ORG),
            pk: keys::ranking(org, span, generation),
            from: None,
            to: None,
            order: Order::Ascending,
            limit,
            read: Read::Eventual,
        };
        let mentors = self.dynamo.query(&query).await?;
        let mentors: Vec<_> = mentors.iter().map(mentor_of).collect::<Result<_, _>>()?;
        let mut seen = HashSet::new();
        let is_first = |mentor: &MentorId| seen.insert(mentor.clone());
        Ok(mentors.into_iter().filter(is_first).collect())
    }

    /// What a mentor's codes of an organisation have.
    async fn counts_in(
        &self,
        mentor: &MentorId,
        org: &OrgId,
        span: Span,
        generation: Generation,
    ) -> Result<Counts, StoreError> {
        let range = keys::stats_of_codes(org, span);
        let rows = self
            .range(keys::stats_of_mentor(mentor, generation), range)
            .await?;
        let counts: Counts = match span {
            Span::AllTime => rows.iter().map(|row| row.counts()).sum(),
            Span::Month(_) => {
                let days = rows.iter().flat_map(|row| row.days());
                days.map(|(_, counts)| counts).sum()
            }
        };
        Ok(counts.at_least_zero())
    }
}

fn mentor_of(rank: &Item) -> Result<MentorId, StoreError> {
    let place = rank.get(BY_ORG.sk).and_then(|sk| sk.as_s().ok());
    place
        .and_then(|place| keys::mentor_of_rank(place)?.parse().ok())
        .ok_or_else(|| StoreError::corrupt("a rank without its mentor"))
}
