//! Where a confirmed referral is counted: on its code, or on the code that has replaced it.
//!
//! A rotation carries the count over. A click of the old code that is confirmed, or deleted,
//! after the rotation changes the count of the newest code in the line: so all codes of a line
//! confirm no more together than one of them may.

use crate::code_item::CanonicalCode;
use crate::dynamo::Read;
use crate::error::StoreError;
use crate::keys;
use crate::store::Store;
use domain::{CountedCode, FoldedCode};

/// How many rotations of a code are followed: each costs a trip.
const ROTATIONS: usize = 32;

/// The code's item is there, and no rotation has carried its count away.
pub(super) const COUNTS: &str = "attribute_exists(pk) AND attribute_not_exists(replaced_by)";

/// Where a confirmed referral is counted.
#[derive(Debug)]
pub(super) enum Tally {
    /// On this code, which has a limit or may get one from its program.
    Code(Box<CountedCode>),
    /// A code with neither is not written, so that its confirmations do not meet there.
    Nowhere,
    /// The code was rotated more often since than is followed.
    TooFar,
}

impl Store {
    /// Where a referral by `code` is counted.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub(super) async fn tally(&self, code: Option<CanonicalCode>) -> Result<Tally, StoreError> {
        let Some(code) = code else {
            return Ok(Tally::Nowhere);
        };
        let code = Counting::read(code);
        if !code.counted.record.terms.may_limit() {
            return Ok(Tally::Nowhere);
        }
        self.newest(code).await
    }

    /// Where a referral by `code` that was counted is taken back.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub(super) async fn tally_of_counted(&self, code: &FoldedCode) -> Result<Tally, StoreError> {
        match self.issued_code(code, Read::Strong).await? {
            None => Ok(Tally::Nowhere),
            Some(code) => self.newest(Counting::read(code)).await,
        }
    }

    async fn newest(&self, mut code: Counting) -> Result<Tally, StoreError> {
        for _ in 0..ROTATIONS {
            let Some(next) = &code.replaced_by else {
                return Ok(Tally::Code(Box::new(code.counted)));
            };
            let found = self.issued_code(next, Read::Strong).await?;
            code = found
                .map(Counting::read)
                .ok_or_else(|| StoreError::corrupt("a rotated code without its replacement"))?;
        }
        Ok(Tally::TooFar)
    }

    /// A code that was issued, whether or not its record was deleted since.
    pub(super) async fn issued_code(
        &self,
        code: &FoldedCode,
        read: Read,
    ) -> Result<Option<CanonicalCode>, StoreError> {
        let item = self.dynamo.get_item(&keys::code(code), read).await?;
        Ok(item.map(serde_dynamo::from_item).transpose()?)
    }
}

/// A code in a line of rotations.
struct Counting {
    counted: CountedCode,
    replaced_by: Option<FoldedCode>,
}

impl Counting {
    fn read(code: CanonicalCode) -> Self {
        Self {
            replaced_by: code.replaced_by().cloned(),
            counted: code.into(),
        }
    }
}
