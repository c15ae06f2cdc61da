//! The three items of a code: the canonical one under its folded string, its entry in the log
//! of codes, and the active code of its pair.

use crate::entity::Entity;
use crate::keys::{self, Keys};
use chrono::{DateTime, Utc};
use domain::code_record::{CodeTerms, ReferralLimit};
use domain::{
    Code, CodeId, CodeRecord, CountedCode, FoldedCode, MentorId, OrgId, ProgramId, Timestamp,
    UserType,
};
use serde::{Deserialize, Serialize};

/// What the three items of a code hold in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CodeItem {
    id: CodeId,
    mentor: MentorId,
    org: OrgId,
    code: Code,
    user_type: UserType,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    program: Option<ProgramId>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    max_referrals: Option<ReferralLimit>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    expires_at: Option<Timestamp>,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    deactivated_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    invalidated_at: Option<Timestamp>,
    /// Referrals confirmed, where the code counts them: in the canonical item, which decides, as
    /// it is; in the log entry, as the count began.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    confirmed: Option<i64>,
    /// When the count began with the statistics; likewise.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    counts_since: Option<Timestamp>,
    /// The code that this one was rotated from: in the canonical item and the log entry.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    replaces: Option<FoldedCode>,
    /// Whether a code that was rotated without limit or program has a newer one in its line which
    /// has got one since: in the canonical item alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    has_counting_heir: Option<bool>,
    /// The code that this one was rotated to, which carries the count on: in the canonical item
    /// and the log entry.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    replaced_by: Option<FoldedCode>,
    /// That code's id, in the canonical item alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    successor: Option<CodeId>,
    /// When the record was deleted: the canonical item and the log entry stay as tombstones.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    deleted_at: Option<Timestamp>,
    /// The idempotency key that the code was made under, hashed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    made_under: Option<String>,
}

impl From<&CodeRecord> for CodeItem {
    fn from(record: &CodeRecord) -> Self {
        Self {
            id: record.id,
            mentor: record.mentor.clone(),
            org: record.org.clone(),
            code: record.code.clone(),
            user_type: record.terms.user_type,
            program: record.terms.program,
            max_referrals: record.terms.max_referrals,
            expires_at: record.terms.expires_at,
            created_at: record.created_at,
            deactivated_at: record.deactivated_at,
            invalidated_at: record.invalidated_at,
            confirmed: None,
            counts_since: None,
            replaces: None,
            has_counting_heir: None,
            replaced_by: None,
            successor: None,
            deleted_at: None,
            made_under: None,
        }
    }
}

impl CodeItem {
    fn terms(&self) -> CodeTerms {
        CodeTerms {
            user_type: self.user_type,
            program: self.program,
            max_referrals: self.max_referrals,
            expires_at: self.expires_at,
        }
    }
}

impl From<CodeItem> for CodeRecord {
    fn from(item: CodeItem) -> Self {
        Self {
            id: item.id,
            terms: item.terms(),
            mentor: item.mentor,
            org: item.org,
            code: item.code,
            created_at: item.created_at,
            deactivated_at: item.deactivated_at,
            invalidated_at: item.invalidated_at,
        }
    }
}

macro_rules! code_role {
    ($(#[$doc:meta])* $name:ident, $kind:literal, |$item:ident| $keys:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub(crate) struct $name(CodeItem);

        impl Entity for $name {
            const KIND: &'static str = $kind;

            fn keys(&self) -> Keys {
                let $item = &self.0;
                $keys
            }
        }

        impl From<&CodeRecord> for $name {
            fn from(record: &CodeRecord) -> Self {
                Self(record.into())
            }
        }

        impl From<$name> for CodeRecord {
            fn from(role: $name) -> Self {
                role.0.into()
            }
        }
    };
}

code_role!(
    /// The canonical item of a code, found by the code. The only one that is never deleted:
    /// as a tombstone it keeps the string from being issued again.
    CanonicalCode,
    "code",
    |item| keys::code(&item.code.folded()).into()
);

code_role!(
    /// A code's entry in the log of codes: found by id, listed by mentor and organisation.
    CodeLogItem,
    "code_entry",
    |item| keys::code_log_entry(item.id, &item.mentor, &item.org)
);

code_role!(
    /// The one active code of a mentor in an organisation.
    ActiveCode,
    "active_code",
    |item| keys::active_code(&item.mentor, &item.org).into()
);

impl CodeLogItem {
    /// The item of a code that is made under an idempotency key.
    pub(crate) fn made_under(mut self, hash: Option<&str>) -> Self {
        self.0.made_under = hash.map(ToOwned::to_owned);
        self
    }

    /// The key that it was made under, hashed, and when that was.
    pub(crate) fn origin(&self) -> (Option<&str>, DateTime<Utc>) {
        (self.0.made_under.as_deref(), self.0.id.made_at())
    }

    /// The key that it was made under, hashed.
    pub(crate) fn key_hash(&self) -> Option<&str> {
        self.0.made_under.as_deref()
    }

    /// Its id.
    pub(crate) fn id(&self) -> CodeId {
        self.0.id
    }

    /// Its string, as keys hold it.
    pub(crate) fn folded(&self) -> FoldedCode {
        self.0.code.folded()
    }

    /// Who owns the code.
    pub(crate) fn owner(&self) -> (&MentorId, &OrgId) {
        (&self.0.mentor, &self.0.org)
    }
}

impl CanonicalCode {
    /// Its terms.
    pub(crate) fn terms(&self) -> CodeTerms {
        self.0.terms()
    }

    /// Whether a referral by it may be counted: on it, or on a newer code of its line.
    pub(crate) fn may_count(&self) -> bool {
        self.terms().may_limit() || self.0.has_counting_heir.unwrap_or(false)
    }

    /// Its id.
    pub(crate) fn id(&self) -> CodeId {
        self.0.id
    }

    /// Its string, as keys hold it.
    pub(crate) fn folded(&self) -> FoldedCode {
        self.0.code.folded()
    }

    /// Whether the record is deleted.
    pub(crate) fn is_deleted(&self) -> bool {
        self.0.deleted_at.is_some()
    }

    /// The code that this one was rotated to, by its string and its id.
    pub(crate) fn successor(&self) -> Option<(&FoldedCode, CodeId)> {
        self.0.replaced_by.as_ref().zip(self.0.successor)
    }

    /// Referrals confirmed, as far as the code has counted any.
    pub(crate) fn confirmed(&self) -> Option<i64> {
        self.0.confirmed
    }
}

impl From<&CountedCode> for CodeItem {
    fn from(code: &CountedCode) -> Self {
        Self {
            confirmed: (code.confirmed != 0).then_some(code.confirmed),
            counts_since: code.counts_since,
            ..Self::from(&code.record)
        }
    }
}

impl From<CodeItem> for CountedCode {
    fn from(item: CodeItem) -> Self {
        Self {
            confirmed: item.confirmed.unwrap_or(0),
            counts_since: item.counts_since,
            record: item.into(),
        }
    }
}

/// The items of a code that have its count and its place in a line of rotations.
macro_rules! counted_role {
    ($name:ident) => {
        impl $name {
            /// The item of a code that is rotated from `previous`.
            pub(crate) fn replacing(mut self, previous: FoldedCode) -> Self {
                self.0.replaces = Some(previous);
                self
            }

            /// The code that this one was rotated from.
            pub(crate) fn replaces(&self) -> Option<&FoldedCode> {
                self.0.replaces.as_ref()
            }

            /// The code that this one was rotated to.
            pub(crate) fn replaced_by(&self) -> Option<&FoldedCode> {
                self.0.replaced_by.as_ref()
            }
        }

        impl From<&CountedCode> for $name {
            fn from(code: &CountedCode) -> Self {
                Self(code.into())
            }
        }

        impl From<$name> for CountedCode {
            fn from(role: $name) -> Self {
                role.0.into()
            }
        }
    };
}

counted_role!(CanonicalCode);
counted_role!(CodeLogItem);
