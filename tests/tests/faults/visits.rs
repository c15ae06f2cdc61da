//! A visitor of a short link is led on, whatever becomes of the click.

use crate::{assert_unavailable, code, counted, start};
use serde_json::json;
use std::time::{Duration, Instant};
use tests::faults::Fault;

#[tokio::test]
async fn a_visit_whose_click_cannot_be_written_is_led_on_without_it() {
    let (verv, faults) = start().await;
    let code = code(&verv).await.string("/code");
    for fault in [
        Fault::Throttled,
        Fault::ThroughputExceeded,
        Fault::InternalError,
        Fault::BadGateway,
        Fault::NoAnswer,
    ] {
        faults.always("PutItem", fault);
        let begun = Instant::now();
        let visit = verv.get(&format!("/r/{code}")).await.expect(302);
        let join = format!("https://app.org.no/join?ref={code}");
        assert_eq!(visit.header("location"), join, "{fault:?}");
        assert_eq!(visit.header("cache-control"), "no-store");
        assert!(faults.calls("PutItem") > 0, "{fault:?}: nothing was tried");
        assert!(begun.elapsed() < Duration::from_secs(5), "{fault:?}");
        faults.clear();
        assert_eq!(counted(&verv).await, (json!(0), json!(0)), "{fault:?}");
    }
    // The next visit is a click again.
    let visit = verv.get(&format!("/r/{code}")).await.expect(302);
    assert!(visit.header("location").contains("&click=attr_"));
    assert_eq!(counted(&verv).await, (json!(1), json!(0)));
}

/// Nobody can be led to where a code leads before it is read.
#[tokio::test]
async fn a_visit_whose_code_cannot_be_read_is_503() {
    let (verv, faults) = start().await;
    let code = code(&verv).await.string("/code");
    faults.always("GetItem", Fault::Throttled);
    assert_unavailable(verv.get(&format!("/r/{code}")).await);
}
