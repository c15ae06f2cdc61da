//! Calls of receivers, without a table: what they answer, and where they are.

use crate::bed::{Does, Receiver, status};
use chrono::DateTime;
use domain::attempt::AttemptError;
use domain::{WebhookTargets, WebhookUrl};
use futures::future::BoxFuture;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use webhooks::connect::{Resolve, SystemResolver};
use webhooks::receiver::{Message, Received, Receivers, TIMEOUT};

fn message() -> Message {
    Message {
        id: "evt_1".to_owned(),
        timestamp: 1_774_526_400,
        signature: "v1,AA==".to_owned(),
        body: br#"{"type":"webhook.test"}"#.to_vec(),
    }
}

async fn post(receivers: &Receivers, url: &str) -> Result<Received, AttemptError> {
    let url: WebhookUrl = url.parse().expect("a URL");
    let now = DateTime::from_timestamp(1_774_526_400, 0).expect("in range");
    receivers.post(&url, &message(), now).await
}

async fn post_anywhere(url: &str) -> Result<Received, AttemptError> {
    let receivers = Receivers::new(WebhookTargets::Any, Arc::new(SystemResolver));
    post(&receivers, url).await
}

/// A resolver that gives these addresses, one list for each look-up; the last one stays.
struct Changing(Mutex<Vec<Vec<IpAddr>>>);

impl Changing {
    fn new(lookups: &[&[&str]]) -> Arc<Self> {
        let parse = |list: &&[&str]| {
            list.iter()
                .map(|text| text.parse().expect("an address"))
                .collect()
        };
        let mut lookups: Vec<Vec<IpAddr>> = lookups.iter().map(parse).collect();
        lookups.reverse();
        Arc::new(Self(Mutex::new(lookups)))
    }
}

impl Resolve for Changing {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        assert_eq!(host, "hooks.example");
        Box::pin(async {
            let mut lookups = self.0.lock().expect("a lock");
            match lookups.len() {
                1 => Ok(lookups[0].clone()),
                _ => Ok(lookups.pop().expect("a list")),
            }
        })
    }
}

#[tokio::test]
async fn a_status_is_what_counts_and_a_redirect_leads_nowhere() {
    let elsewhere = Receiver::answering(204).await;
    let location = format!("location: {}\r\n", elsewhere.url);
    for answer in [200, 204, 301, 302, 307, 308, 400, 410, 500, 503] {
        let does = status(answer, &location);
        let receiver = Receiver::start(move |_, _| does.clone()).await;
        let received = post_anywhere(&receiver.url).await.expect("an answer");
        assert_eq!(received.status, answer);
        let got = receiver.got();
        assert_eq!(got.len(), 1);
        assert_eq!(got[0].line, "POST /verv HTTP/1.1");
        assert_eq!(got[0].id(), "evt_1");
        assert_eq!(got[0].headers["content-type"], "application/json");
        assert_eq!(got[0].body, r#"{"type":"webhook.test"}"#);
    }
    assert_eq!(elsewhere.got().len(), 0);
}

#[tokio::test]
async fn a_receiver_that_lies_about_its_length_has_answered_its_status() {
    for does in [
        Does::Write("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\nshort".to_owned()),
        Does::Write("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nlonger than one".to_owned()),
        Does::Write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_owned()),
        Does::Stall("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n"),
        Does::WriteForever("HTTP/1.1 200 OK\r\n\r\nmore and more and more"),
    ] {
        let named = format!("{does:?}");
        let receiver = Receiver::start(move |_, _| does.clone()).await;
        let begun = Instant::now();
        let received = post_anywhere(&receiver.url).await;
        assert_eq!(received.map(|received| received.status), Ok(200), "{named}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{named}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_no_answer() {
    let long = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(100_000));
    for does in [
        Does::Write(String::new()),
        Does::Write("SSH-2.0-OpenSSH_9.6\r\n".to_owned()),
        Does::Write(
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab".to_owned(),
        ),
        Does::Write(long),
        Does::WriteForever("x: and another header\r\n"),
    ] {
        let named = format!("{does:?}");
        let receiver = Receiver::start(move |_, _| does.clone()).await;
        let received = post_anywhere(&receiver.url).await;
        assert_eq!(received, Err(AttemptError::InvalidAnswer), "{named:.60}");
    }
    // Nobody listens at the discard port.
    let received = post_anywhere("http://127.0.0.1:9/").await;
    assert_eq!(received, Err(AttemptError::ConnectionFailed));
    // Nor is there TLS where a plain server talks at once.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let _ = stream.write_all(b"220 mail.example ESMTP\r\n").await;
    });
    let received = post_anywhere(&format!("https://{address}/")).await;
    assert_eq!(received, Err(AttemptError::TlsFailed));
}

#[tokio::test]
async fn a_receiver_that_hangs_is_waited_for_as_long_as_an_attempt_may_take() {
    let each = [
        "",
        "HTTP/1.1 200 OK\r\nx: y\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
    ]
    .map(|head| async move {
        let receiver = Receiver::start(move |_, _| Does::Stall(head)).await;
        let begun = Instant::now();
        let received = post_anywhere(&receiver.url).await;
        assert_eq!(received, Err(AttemptError::TimedOut), "{head}");
        let took = begun.elapsed();
        let latest = TIMEOUT + Duration::from_secs(5);
        assert!((TIMEOUT..latest).contains(&took), "{head} {took:?}");
    });
    futures::future::join_all(each).await;
}

#[tokio::test]
async fn what_resolves_to_an_address_that_is_not_public_is_not_called() {
    let receiver = Receiver::answering(204).await;
    let port = receiver.port();
    let url = format!("https://hooks.example:{port}/");
    for lookups in [
        &[&["127.0.0.1"][..]][..],
        &[&["169.254.169.254", "127.0.0.1", "::1"]],
        &[&["::ffff:127.0.0.1"]],
        &[&["10.0.0.1"]],
    ] {
        let receivers = Receivers::new(WebhookTargets::Public, Changing::new(lookups));
        let received = post(&receivers, &url).await;
        assert_eq!(received, Err(AttemptError::AddressRefused), "{lookups:?}");
    }
    // An IP address in the URL is resolved by nobody, however it is written.
    let receivers = Receivers::new(WebhookTargets::Public, Changing::new(&[&[]]));
    for host in [
        "127.0.0.1",
        "[::1]",
        "[::ffff:7f00:1]",
        "2130706433",
        "0x7f.1",
        "169.254.169.254",
    ] {
        let received = post(&receivers, &format!("https://{host}:{port}/")).await;
        assert_eq!(received, Err(AttemptError::AddressRefused), "{host}");
    }
    // Nor is anything sent in plain text.
    let received = post(&receivers, &format!("http://hooks.example:{port}/")).await;
    assert_eq!(received, Err(AttemptError::AddressRefused));
    let received = post(&receivers, &url).await;
    assert_eq!(received, Err(AttemptError::NotResolved));
    assert_eq!(receiver.got().len(), 0);
}

/// A name that was harmless when it was looked at is resolved anew for each connection.
#[tokio::test]
async fn a_name_that_resolves_to_this_machine_the_second_time_is_not_called_then() {
    let receiver = Receiver::answering(204).await;
    let url = format!("http://hooks.example:{}/", receiver.port());
    for second in ["169.254.169.254", "127.0.0.1"] {
        let lookups = [&["127.0.0.1"][..], &[second]];
        // The same look-ups, by a deployment that calls anything: the first one is answered.
        let anywhere = Receivers::new(WebhookTargets::Any, Changing::new(&lookups));
        let received = post(&anywhere, &url).await;
        assert_eq!(received.map(|received| received.status), Ok(204));
        let before = receiver.got().len();
        let lookups = [&[][..], &[second]];
        let public = Receivers::new(WebhookTargets::Public, Changing::new(&lookups));
        let https = url.replace("http:", "https:");
        let first = post(&public, &https).await;
        assert_eq!(first, Err(AttemptError::NotResolved));
        let second = post(&public, &https).await;
        assert_eq!(second, Err(AttemptError::AddressRefused));
        assert_eq!(receiver.got().len(), before);
    }
}
