//! The short link `/r/{code}`: records a click and leads to the page where a person joins.

mod bots;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use shared::domain::attribution::{ReferrerUrl, UserAgent, Visitor};
use shared::domain::{AttributionId, Code, FoldedCode};
use shared::http::{App, Client, PathId, Problem, Scoped};
use shared::store::TransactError;
use shared::store::attributions::{Click, ClickRefusal};

/// Every route of the function.
pub fn routes() -> Router<App> {
    Router::new().route("/r/{code}", get(follow))
}

async fn follow(
    Scoped(app): Scoped,
    method: Method,
    headers: HeaderMap,
    client: Client,
    typed: Result<PathId<FoldedCode>, Problem>,
) -> Result<Response, Problem> {
    let Ok(PathId(code)) = typed else {
        return Ok(no_such_link());
    };
    let counts = method == Method::GET && is_a_person(&headers, &client);
    let target = if counts {
        click(&app, code, client).await?
    } else {
        look(&app, &code).await?
    };
    Ok(target.map_or_else(no_such_link, |(code, click)| redirect(&app, &code, click)))
}

/// Records the click; `None` for a code that is unknown or cannot be used.
async fn click(
    app: &App,
    code: FoldedCode,
    client: Client,
) -> Result<Option<(Code, Option<AttributionId>)>, Problem> {
    let now = app.clock.now();
    let click = Click {
        code,
        visitor: Visitor {
            ip_address: client
                .address
                .and_then(|address| app.settings.ip_policy.apply(address)),
            user_agent: client.user_agent.as_deref().and_then(UserAgent::shortened),
            referrer_url: client
                .referrer
                .and_then(|url| url.parse::<ReferrerUrl>().ok()),
        },
        occurred_at: now.into(),
        retention: app.settings.click_retention,
    };
    let recorded = app.table.record_click(click, now).await;
    match recorded {
        Ok(attribution) => Ok(Some((attribution.code, Some(attribution.id)))),
        Err(TransactError::Refused(ClickRefusal::UnknownCode | ClickRefusal::Unusable(_))) => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Finds where a visitor who is not counted goes.
async fn look(
    app: &App,
    code: &FoldedCode,
) -> Result<Option<(Code, Option<AttributionId>)>, Problem> {
    let usable = app.table.find_usable_code(code, app.clock.now()).await?;
    Ok(usable.map(|record| (record.code, None)))
}

/// Not a prefetch, and not a program that says it is one.
fn is_a_person(headers: &HeaderMap, client: &Client) -> bool {
    let mentions_prefetch = |name: &str| {
        let values = headers.get_all(name);
        values.iter().any(|value| {
            let text = value.to_str().unwrap_or("").to_ascii_lowercase();
            text.contains("prefetch") || text.contains("prerender") || text.contains("preview")
        })
    };
    let prefetched = ["sec-purpose", "purpose", "x-purpose", "x-moz"]
        .into_iter()
        .any(mentions_prefetch);
    !prefetched && !client.user_agent.as_deref().is_some_and(bots::is_bot)
}

/// 302 to the join page, which nothing may keep: the next visit is the next click.
fn redirect(app: &App, code: &Code, click: Option<AttributionId>) -> Response {
    let mut url = app.settings.join_url(code);
    if let Some(click) = click {
        url.query_pairs_mut()
            .append_pair("click", &click.to_string());
    }
    let location = HeaderValue::try_from(url.as_str()).unwrap_or(HeaderValue::from_static("/"));
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (StatusCode::FOUND, headers).into_response()
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

fn no_such_link() -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'"),
        ),
    ];
    (StatusCode::NOT_FOUND, headers, NO_SUCH_LINK).into_response()
}
