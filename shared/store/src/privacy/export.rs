//! What an erasure will touch, in its own order, page by page.

use super::mentor::{all_sources, last_generation};
use super::sources::{Found, Position, Reader};
use crate::dynamo::{Dynamo, Read};
use crate::error::StoreError;
use crate::idempotency::{KeptAnswer, kept_answers};
use crate::keys::{self, RowName};
use crate::rollup::Checkpoint;
use domain::privacy::Tally;
use domain::rollup::Fold;
use domain::{Attribution, AttributionId, CodeRecord, MentorId, OrgId, Timestamp};
use std::fmt;
use std::str::FromStr;

/// How many items a page has, not counting the answers kept with them.
const PAGE: usize = 100;

/// How often a page reads on where it has met other organisations' items.
const READS_AT_MOST: usize = 20;

/// A page of an export.
#[derive(Debug, Clone, Default)]
pub struct ExportPage {
    /// What names the person.
    pub records: Vec<ExportRecord>,
    /// How many items of each kind: over all pages, what the receipt of the erasure will say.
    pub tally: Tally,
    /// Where the next page begins; `None` after the last.
    pub next: Option<ExportPosition>,
}

/// Where a page of an export begins; the default is the first. Its text is for a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportPosition(Position);

impl fmt::Display for ExportPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let after = self.0.after.as_deref().unwrap_or("");
        write!(f, "{} {after}", self.0.source)
    }
}

impl FromStr for ExportPosition {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (source, after) = text.split_once(' ').ok_or(())?;
        Ok(Self(Position {
            source: source.parse().map_err(|_| ())?,
            after: Some(after.to_owned()).filter(|after| !after.is_empty()),
        }))
    }
}

/// Something that names the person.
#[derive(Debug, Clone)]
pub enum ExportRecord {
    /// A code; a deleted one keeps its string.
    Code {
        /// As it is or was.
        record: Box<CodeRecord>,
        /// Whether it is deleted.
        is_deleted: bool,
    },
    /// A click and what became of it.
    Attribution(Box<Attribution>),
    /// That something was counted, or no longer is.
    Change {
        /// Its id.
        id: String,
        /// In which organisation.
        org: OrgId,
    },
    /// That a member has an attribution.
    Guard {
        /// Which.
        attribution: AttributionId,
    },
    /// The answer to an earlier request.
    KeptAnswer {
        /// When it was given.
        given_at: Timestamp,
    },
    /// A row of statistics.
    Statistic {
        /// In which organisation.
        org: Option<String>,
        /// Of which code.
        code: Option<String>,
        /// Of which month, `2026-03`.
        month: Option<String>,
        /// Clicks.
        clicks: i64,
        /// Conversions.
        conversions: i64,
    },
}

impl ExportRecord {
    pub(super) fn answer(answer: &KeptAnswer) -> Self {
        Self::KeptAnswer {
            given_at: answer.given_at().into(),
        }
    }
}

/// A page of what names a mentor in an organisation.
pub(super) async fn page(
    dynamo: &Dynamo,
    mentor: &MentorId,
    org: &OrgId,
    from: ExportPosition,
) -> Result<ExportPage, StoreError> {
    let key = keys::checkpoint(Fold::Detail);
    let checkpoint = Checkpoint::read(dynamo, &key, Read::Strong).await?;
    let reader = Reader {
        dynamo,
        mentor,
        org,
        sources: all_sources(last_generation(&checkpoint)),
    };
    let mut export = ExportPage::default();
    let mut position = from.0;
    for _ in 0..READS_AT_MOST {
        let left = PAGE.saturating_sub(export.records.len());
        if left == 0 {
            break;
        }
        let Some(page) = reader.page(position, left).await? else {
            return Ok(export);
        };
        let made_under: Vec<_> = page.found.iter().filter_map(Found::made_under).collect();
        let answers = kept_answers(dynamo, &made_under).await?;
        export.tally.kept_answers += answers.len() as u64;
        export
            .records
            .extend(answers.iter().map(ExportRecord::answer));
        for found in page.found {
            export.add(found);
        }
        position = page.next;
    }
    export.next = Some(ExportPosition(position));
    Ok(export)
}

impl ExportPage {
    fn add(&mut self, found: Found) {
        let tally = &mut self.tally;
        let change = |id: &dyn fmt::Display, org: &OrgId| ExportRecord::Change {
            id: id.to_string(),
            org: org.clone(),
        };
        let record = match found {
            Found::Code(code, is_deleted) => {
                tally.codes += 1;
                let record = Box::new(CodeRecord::from(*code));
                ExportRecord::Code { record, is_deleted }
            }
            Found::Attribution(click) => {
                tally.attributions += 1;
                if click.guard_key().is_some() {
                    tally.guards += 1;
                    let attribution = click.id;
                    self.records.push(ExportRecord::Guard { attribution });
                }
                ExportRecord::Attribution(Box::new((*click).into()))
            }
            Found::Change(fact) => {
                tally.changes += 1;
                change(&fact.id, &fact.org)
            }
            Found::Removal(fact) => {
                tally.changes += 1;
                change(&fact.id, &fact.org)
            }
            Found::Answer(answer) => {
                tally.kept_answers += 1;
                ExportRecord::answer(&answer)
            }
            Found::Row(_, row, _) => {
                tally.statistics += 1;
                let RowName { month, org, code } = row.name();
                let counts = row.counts();
                let owned = |part: Option<&str>| part.map(ToOwned::to_owned);
                ExportRecord::Statistic {
                    org: owned(org),
                    code: owned(code),
                    month: owned(month),
                    clicks: counts.clicks,
                    conversions: counts.conversions,
                }
            }
        };
        self.records.push(record);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_back_from_its_text() {
        for (source, after) in [
            (0, None),
            (3, Some("attr_1")),
            (17, Some("TOTAL#org_1#JAN")),
        ] {
            let after = after.map(str::to_owned);
            let position = ExportPosition(Position { source, after });
            assert_eq!(position.to_string().parse(), Ok(position));
        }
        for refused in ["", "3", "x attr_1", "-1 "] {
            assert_eq!(refused.parse::<ExportPosition>(), Err(()), "{refused}");
        }
    }
}
