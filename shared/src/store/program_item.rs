//! What a program's item holds, and the programs that a function holds in memory.

use super::entities::Entity;
use super::keys::{self, Keys};
use crate::domain::code_record::ReferralLimit;
use crate::domain::program::{Days, EligibleUserTypes, ProgramName, ProgramTerms};
use crate::domain::{CurrencyId, OrgId, Program, ProgramId, Timestamp};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A program, found by its id and listed by its organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProgramItem {
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

/// How many programs a function holds at most.
const REMEMBERED: usize = 1_000;

/// How long a function uses a program without reading it again.
const REMEMBERED_FOR: TimeDelta = TimeDelta::seconds(10);

/// Programs that a function has read a moment ago.
#[derive(Debug, Clone, Default)]
pub(super) struct ProgramMemory(Arc<Mutex<HashMap<ProgramId, Held>>>);

#[derive(Debug)]
struct Held {
    program: Program,
    read_at: DateTime<Utc>,
}

impl ProgramMemory {
    pub(super) fn recall(&self, id: ProgramId, now: DateTime<Utc>) -> Option<Program> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Held { program, read_at } = held.get(&id)?;
        (now - *read_at < REMEMBERED_FOR).then(|| program.clone())
    }

    pub(super) fn keep(&self, program: &Program, now: DateTime<Utc>) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= REMEMBERED {
            held.clear();
        }
        let program = program.clone();
        held.insert(
            program.id,
            Held {
                program,
                read_at: now,
            },
        );
    }

    pub(super) fn forget(&self, id: ProgramId) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_program_lies_in_its_shard_and_under_its_organisation() {
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
