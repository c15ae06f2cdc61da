//! The terms that a code has now, with how many referrals it has confirmed.

use crate::dynamo::Read;
use crate::error::StoreError;
use crate::keys;
use crate::log_item::LogItem;
use crate::stats::{Counted, Subject};
use crate::store::Store;
use chrono::{DateTime, Utc};
use domain::period::Period;
use domain::rollup::Fold;
use domain::{CodeId, CountedCode, Program};
use futures::try_join;

impl Store {
    /// A code with its program and its confirmed referrals: as it counts them, or as the
    /// statistics have them where it has neither limit nor program. Two trips, and one more for
    /// a cold program of a code that counts.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub async fn code_with_count(
        &self,
        id: CodeId,
        now: DateTime<Utc>,
    ) -> Result<Option<Counted<(CountedCode, Option<Program>)>>, StoreError> {
        let key = keys::code_by_id(id);
        let prepared = self.stats.prepare(Fold::Detail, now);
        let (found, ()) = try_join!(self.find_log_item(&key), prepared)?;
        let Some(LogItem::Code(item)) = found else {
            return Ok(None);
        };
        let code = CountedCode::from(item);
        let record = &code.record;
        if record.terms.may_limit() {
            let folded = record.code.folded();
            let (canonical, program) = try_join!(
                self.issued_code(&folded, Read::Strong),
                self.program_of_code(record.terms.program, now)
            )?;
            let counted = canonical.map_or(code, CountedCode::from);
            return Ok(Some(Counted {
                value: (counted, program),
                as_of: now,
            }));
        }
        let (mentor, org) = (record.mentor.clone(), record.org.clone());
        let subject = Subject::Code(record.code.folded(), mentor, org);
        let counts = self.stats.attributions(&subject, Period::AllTime, now);
        Ok(Some(counts.await?.map(|counts| {
            let confirmed = counts.conversions;
            (CountedCode { confirmed, ..code }, None)
        })))
    }
}
