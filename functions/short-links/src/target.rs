//! Where a short link leads: to the join page.

use crate::pages::found;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::click::{Click, ClickRefusal};
use domain::{AttributionId, Code, FoldedCode};
use std::time::Duration;
use store::{Store, StoreError, TransactError};
use web::problem::Problem;
use web::reply::LostClick;
use web::settings::Settings;

/// How long a visitor waits until the click is written: ten times what a slow write takes.
const PATIENCE: Duration = Duration::from_secs(2);

/// A code that can be used, and the click on it where the visit is one.
pub(crate) struct Target {
    code: Code,
    click: Option<Result<AttributionId, StoreError>>,
}

impl Target {
    /// Records `click`, if it can be written; `None` for a code that is unknown or cannot be used.
    pub(crate) async fn of_click(
        store: &Store,
        click: Click,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, Problem> {
        use ClickRefusal::{InTheFuture, TooLongAgo, UnknownCode, Unusable};
        use TransactError::{KeyReused, Refused, Store as Failed};
        match store.record_visit(click, PATIENCE, now).await {
            Ok(visit) => Ok(Some(Self {
                code: visit.code,
                click: Some(visit.click),
            })),
            Err(Refused(UnknownCode | Unusable(_))) => Ok(None),
            Err(error @ (Refused(InTheFuture | TooLongAgo) | KeyReused | Failed(_))) => {
                Err(error.into())
            }
        }
    }

    /// The target of a visit that is not counted; `None` for a code that is unknown or cannot
    /// be used.
    pub(crate) async fn of_code(
        store: &Store,
        code: &FoldedCode,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, StoreError> {
        let usable = store.find_usable_code(code, now).await?;
        Ok(usable.map(|record| Self {
            code: record.code,
            click: None,
        }))
    }

    /// 302 to the join page with the visit's own `parameters`, without `click=` where there is
    /// none.
    pub(crate) fn redirect(self, parameters: &[(String, String)], settings: &Settings) -> Response {
        let mut url = settings.join_url(&self.code);
        // What the join page's address says already is the operator's.
        let given: Vec<String> = (url.query_pairs())
            .map(|(name, _)| name.into_owned())
            .collect();
        let others = parameters.iter().filter(|(name, _)| !given.contains(name));
        url.query_pairs_mut().extend_pairs(others);
        if let Some(Ok(click)) = &self.click {
            url.query_pairs_mut()
                .append_pair("click", &click.to_string());
        }
        let mut response = found(&url);
        if let Some(Err(error)) = self.click {
            response.extensions_mut().insert(LostClick::new(error));
        }
        response
    }
}
