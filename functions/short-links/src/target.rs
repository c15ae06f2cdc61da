//! Where a short link leads: to the join page, or to a small page that says that the link
//! does not work.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
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
        use ClickRefusal::{InTheFuture, UnknownCode, Unusable};
        use TransactError::{KeyReused, Refused, Store as Failed};
        match store.record_visit(click, PATIENCE, now).await {
            Ok(visit) => Ok(Some(Self {
                code: visit.code,
                click: Some(visit.click),
            })),
            Err(Refused(UnknownCode | Unusable(_))) => Ok(None),
            Err(error @ (Refused(InTheFuture) | KeyReused | Failed(_))) => Err(error.into()),
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

    /// 302 to the join page, without `click=` where there is none. It must not be cached: the
    /// next visit is the next click.
    pub(crate) fn redirect(self, settings: &Settings) -> Response {
        let mut url = settings.join_url(&self.code);
        if let Some(Ok(click)) = &self.click {
            url.query_pairs_mut()
                .append_pair("click", &click.to_string());
        }
        let location = HeaderValue::try_from(url.as_str()).unwrap_or(HeaderValue::from_static("/"));
        let headers = [
            (header::LOCATION, location),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        let mut response = (StatusCode::FOUND, headers).into_response();
        if let Some(Err(error)) = self.click {
            response.extensions_mut().insert(LostClick::new(error));
        }
        response
    }
}

const NO_SUCH_LINK: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>This link does not work</title>
<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem}</style>
<h1>This link does not work</h1>
<p>The referral code in it is unknown or no longer in use. Ask whoever sent it for a new one.</p>
</html>
";

/// 404 with a page for people.
pub(crate) fn no_such_link() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'",
        ),
    ];
    (StatusCode::NOT_FOUND, headers, NO_SUCH_LINK).into_response()
}
