//! The filter that both lists of codes take.

use crate::domain::{CodeStatus, FoldedCode, MentorId, OrgId};
use crate::store::codes::CodeFilter;
use serde::Deserialize;

/// A list's filter, as the query string names it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeQuery {
    mentor_id: Option<MentorId>,
    org_id: Option<OrgId>,
    status: Option<CodeStatus>,
    code: Option<FoldedCode>,
}

impl From<CodeQuery> for CodeFilter {
    fn from(query: CodeQuery) -> Self {
        Self {
            mentor: query.mentor_id,
            org: query.org_id,
            status: query.status,
            code: query.code,
        }
    }
}
