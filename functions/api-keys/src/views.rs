//! API keys as they are shown.

use chrono::{DateTime, NaiveDate, Utc};
use domain::api_key::{ApiKeyName, ApiKeyStatus, KeyScopes};
use domain::{ApiKey, ApiKeyId, OrgId, Timestamp};
use serde::Serialize;
use store::IssuedKey;
use web::csv::Columns;

#[derive(Serialize)]
pub(crate) struct ApiKeyView {
    id: ApiKeyId,
    org_id: OrgId,
    name: ApiKeyName,
    scopes: KeyScopes,
    status: ApiKeyStatus,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    last_used_on: Option<NaiveDate>,
}

impl Columns for ApiKeyView {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "org_id",
        "name",
        "scopes",
        "status",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_on",
    ];
}

impl ApiKeyView {
    pub(crate) fn new(key: ApiKey, now: DateTime<Utc>) -> Self {
        Self {
            id: key.id,
            status: key.status(now),
            created_at: key.created_at(),
            org_id: key.org,
            name: key.name,
            scopes: key.scopes,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            last_used_on: key.last_used_on,
        }
    }
}

/// A key with its text. A repeated request finds the record, and `null` for the text: the
/// table holds only its hash.
#[derive(Serialize)]
pub(crate) struct IssuedView {
    key: Option<String>,
    #[serde(flatten)]
    record: ApiKeyView,
}

impl IssuedView {
    pub(crate) fn new(issued: IssuedKey, at: DateTime<Utc>) -> Self {
        Self {
            key: issued.text.map(|text| text.expose().to_owned()),
            record: ApiKeyView::new(issued.key, at),
        }
    }
}
