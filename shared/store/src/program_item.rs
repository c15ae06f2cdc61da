//! What a program's item holds.

use crate::entity::Entity;
use crate::keys::{self, Keys};
use chrono::{DateTime, Utc};
use domain::code_record::ReferralLimit;
use domain::program::{Days, EligibleUserTypes, ProgramName, ProgramTerms};
use domain::{CurrencyId, OrgId, Program, ProgramId, Timestamp};
use serde::{Deserialize, Serialize};

/// A program, found by its id and listed by its organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ProgramItem {
    #[serde(rename = "sk")]
    id: ProgramId,
    org: OrgId,
    name: ProgramName,
    currency: CurrencyId,
    user_types: EligibleUserTypes,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    max_referrals_per_code: Option<ReferralLimit>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    attribution_window_days: Option<Days>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    code_ttl_days: Option<Days>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    starts_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ends_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    archived_at: Option<Timestamp>,
    version: u64,
    #[serde(default)]
    referred: bool,
    /// The idempotency key that the program was made under, hashed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    made_under: Option<String>,
}

impl ProgramItem {
    pub(crate) fn id(&self) -> ProgramId {
        self.id
    }

    pub(crate) fn org(&self) -> &OrgId {
        &self.org
    }

    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// The item of a program that is made under an idempotency key.
    pub(crate) fn made_under(mut self, hash: Option<&str>) -> Self {
        self.made_under = hash.map(ToOwned::to_owned);
        self
    }

    /// The key that it was made under, hashed, and when that was.
    pub(crate) fn origin(&self) -> (Option<&str>, DateTime<Utc>) {
        (self.made_under.as_deref(), self.id.made_at())
    }
}

impl Entity for ProgramItem {
    const KIND: &'static str = "program";

    fn keys(&self) -> Keys {
        keys::program_listed(self.id, &self.org)
    }
}

impl From<&Program> for ProgramItem {
    fn from(program: &Program) -> Self {
        let terms = program.terms.clone();
        Self {
            id: program.id,
            org: program.org.clone(),
            name: terms.name,
            currency: terms.currency,
            user_types: terms.user_types,
            max_referrals_per_code: terms.max_referrals_per_code,
            attribution_window_days: terms.attribution_window,
            code_ttl_days: terms.code_ttl,
            starts_at: terms.starts_at,
            ends_at: terms.ends_at,
            archived_at: program.archived_at,
            version: program.version,
            referred: program.is_referred,
            made_under: None,
        }
    }
}

impl From<ProgramItem> for Program {
    fn from(item: ProgramItem) -> Self {
        Self {
            id: item.id,
            org: item.org,
            terms: ProgramTerms {
                name: item.name,
                currency: item.currency,
                user_types: item.user_types,
                max_referrals_per_code: item.max_referrals_per_code,
                attribution_window: item.attribution_window_days,
                code_ttl: item.code_ttl_days,
                starts_at: item.starts_at,
                ends_at: item.ends_at,
            },
            archived_at: item.archived_at,
            version: item.version,
            is_referred: item.referred,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_program_is_in_its_shard_and_under_its_organisation() {
        let text = json!({
            "sk": "prg_019d2a5c000070008000000000000003", "org": "org_1", "name": "Spring",
            "currency": "NOK", "user_types": [2, 5], "max_referrals_per_code": 10,
            "ends_at": "2026-07-01T00:00:00Z", "version": 1, "referred": false,
        });
        let item: ProgramItem = serde_json::from_value(text.clone()).expect("a program");
        let stored = item.to_item().expect("an item");
        let read: Value = serde_dynamo::from_item(stored.clone()).expect("JSON");
        let mut expected = text;
        expected["pk"] = json!("PRG#03");
        expected["gsi2pk"] = json!("PRG#O#org_1");
        expected["gsi2sk"] = expected["sk"].clone();
        expected["kind"] = json!("program");
        assert_eq!(read, expected);
        assert_eq!(ProgramItem::from_item(stored).ok().flatten(), Some(item));
    }
}
