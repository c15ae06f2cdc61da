//! One call of a receiver: a POST, its status, and as little of its answer as is polite.
//!
//! No redirect is followed, as its target was not checked when the webhook was made; there is no
//! proxy, no cookie, and no connection is kept.

use crate::connect::{Connector, Resolve};
use chrono::{DateTime, TimeDelta, Utc};
use domain::attempt::AttemptError;
use domain::{WebhookTargets, WebhookUrl};
use http::header::{CONNECTION, CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;
use url::{Position, Url};

/// How long a receiver has, from the resolution of its name to its status.
pub const TIMEOUT: Duration = Duration::from_secs(15);

/// How much of a body is read, and for how long. The status has decided already: a receiver that
/// is reset in the middle of its answer would log an error.
const BODY_BYTES: usize = 4_096;
const BODY_TIME: Duration = Duration::from_secs(1);

/// How long all headers of an answer may be, in bytes.
const HEAD_BYTES: usize = 16 * 1_024;

const AGENT: &str = concat!("Verv-Webhooks/", env!("CARGO_PKG_VERSION"));

/// What is sent to a receiver.
#[derive(Debug, Clone)]
pub struct Message {
    /// The header `webhook-id`.
    pub id: String,
    /// The header `webhook-timestamp`.
    pub timestamp: i64,
    /// The header `webhook-signature`.
    pub signature: String,
    /// JSON.
    pub body: Vec<u8>,
}

/// What a receiver answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Its status.
    pub status: u16,
    /// How long it asks to wait.
    pub retry_after: Option<TimeDelta>,
}

/// Calls receivers. Clones share what they have loaded.
#[derive(Clone)]
pub struct Receivers {
    connector: Connector,
}

impl Receivers {
    /// Calls those among `targets`, whose names `resolver` knows.
    pub fn new(targets: WebhookTargets, resolver: Arc<dyn Resolve>) -> Self {
        Self {
            connector: Connector::new(targets, resolver),
        }
    }

    /// Posts `message` to `url`.
    ///
    /// # Errors
    /// [`AttemptError`] when there is no status within [`TIMEOUT`].
    pub async fn post(
        &self,
        url: &WebhookUrl,
        message: &Message,
        now: DateTime<Utc>,
    ) -> Result<Received, AttemptError> {
        let url = Url::parse(url.as_str()).map_err(|_| AttemptError::AddressRefused)?;
        let request = request(&url, message).ok_or(AttemptError::InvalidAnswer)?;
        let mut connection = JoinSet::new();
        let exchange = self.exchange(&url, request, &mut connection);
        let answer = timeout(TIMEOUT, exchange).await;
        let (head, body) = answer.map_err(|_| AttemptError::TimedOut)??.into_parts();
        // Whatever becomes of the body, the status is known.
        let _ = timeout(BODY_TIME, discard(body)).await;
        Ok(Received {
            status: head.status.as_u16(),
            retry_after: retry_after(&head.headers, now),
        })
    }

    /// Sends a request; `connection` has to live until the answer is read, and ends with it.
    async fn exchange(
        &self,
        url: &Url,
        request: Request<Full<Bytes>>,
        connection: &mut JoinSet<()>,
    ) -> Result<http::Response<Incoming>, AttemptError> {
        let stream = TokioIo::new(self.connector.connect(url).await?);
        let mut http = http1::Builder::new();
        let opened = http.max_buf_size(HEAD_BYTES).handshake(stream).await;
        let (mut sender, driver) = opened.map_err(|_| AttemptError::InvalidAnswer)?;
        connection.spawn(async move {
            // The sender is told of it.
            let _ = driver.await;
        });
        let answer = sender.send_request(request).await;
        answer.map_err(|_| AttemptError::InvalidAnswer)
    }
}

fn request(url: &Url, message: &Message) -> Option<Request<Full<Bytes>>> {
    let host = &url[Position::BeforeHost..Position::AfterPort];
    let target = &url[Position::BeforePath..Position::AfterQuery];
    let request = Request::post(target)
        .header(HOST, host)
        .header(USER_AGENT, AGENT)
        .header(CONNECTION, "close")
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", &message.id)
        .header("webhook-timestamp", message.timestamp)
        .header("webhook-signature", &message.signature);
    request.body(Full::from(message.body.clone())).ok()
}

async fn discard(mut body: Incoming) {
    let mut read = 0;
    while read < BODY_BYTES {
        match body.frame().await {
            Some(Ok(frame)) => read += frame.data_ref().map_or(0, Bytes::len),
            Some(Err(_)) | None => return,
        }
    }
}

/// How long `Retry-After` asks to wait: a number of seconds, or a date.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<TimeDelta> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(TimeDelta::seconds(seconds.into()));
    }
    let date = DateTime::parse_from_rfc2822(text).ok()?;
    Some(date.to_utc() - now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_asks_to_wait_in_seconds_or_until_a_date() {
        let now = DateTime::from_timestamp(1_774_526_400, 0).expect("in range");
        for (text, expected) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("4294967295", Some(4_294_967_295)),
            ("Thu, 26 Mar 2026 12:10:00 GMT", Some(600)),
            ("Thu, 26 Mar 2026 11:59:00 GMT", Some(-60)),
            ("", None),
            ("-1", None),
            ("soon", None),
            ("99999999999999999999", None),
            ("Thu, 99 Mar 2026 12:10:00 GMT", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().expect("a header"));
            let wait = retry_after(&headers, now).map(|wait| wait.num_seconds());
            assert_eq!(wait, expected, "{text}");
        }
    }

    #[test]
    fn a_request_names_its_host_and_signs_what_it_carries() {
        let message = Message {
            id: "evt_1".to_owned(),
            timestamp: 1_774_526_400,
            signature: "v1,AA==".to_owned(),
            body: b"{}".to_vec(),
        };
        for (url, host, target) in [
            ("https://x.org", "x.org", "/"),
            ("https://x.org:8443/a?b=c", "x.org:8443", "/a?b=c"),
            ("http://[::1]:80/hook", "[::1]", "/hook"),
            ("https://x.org:443/å", "x.org", "/%C3%A5"),
        ] {
            let url: Url = url.parse().expect("a URL");
            let request = request(&url, &message).expect("a request");
            assert_eq!(request.uri(), target);
            assert_eq!(request.method(), "POST");
            let headers = request.headers();
            assert_eq!(headers["host"], host);
            assert_eq!(headers["webhook-id"], "evt_1");
            assert_eq!(headers["webhook-timestamp"], "1774526400");
            assert_eq!(headers["webhook-signature"], "v1,AA==");
            assert_eq!(headers["content-type"], "application/json");
        }
    }
}
