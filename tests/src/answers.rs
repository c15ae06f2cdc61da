//! The answers to the sample events, as text for snapshots.

use crate::samples::{
    API_KEY_ID, CLICK_ID, CODE_ID, PROGRAM_ID, WEBHOOK_ID, platform, replay, samples,
};

/// `text` without what the operating system's random source put into it.
fn stable(text: &str) -> String {
    let mut stable = text.to_owned();
    let ids = [
        ("rc_", CODE_ID),
        ("attr_", CLICK_ID),
        ("prg_", PROGRAM_ID),
        ("key_", API_KEY_ID),
        ("whk_", WEBHOOK_ID),
        ("evt_", "evt_"),
        ("erased_", "erased_"),
    ];
    for (prefix, length, known) in ids.map(|(prefix, known)| (prefix, 32, known)) {
        stable = mask(&stable, prefix, length, &known[prefix.len()..]);
    }
    stable = mask(&stable, "vrv_test_", 80, "");
    stable = mask(&stable, "whsec_", 44, "");
    mask(&stable, "JAN-VERV-", 4, "8F3A")
}

fn mask(text: &str, prefix: &str, length: usize, known: &str) -> String {
    let mut parts = text.split(prefix);
    let mut masked = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let (random, rest) = part.split_at(length);
        let shown = if random == known { known } else { "…" };
        masked.extend([prefix, shown, rest]);
    }
    masked
}

/// The answers to a function's events, each from its own fresh platform.
///
/// # Panics
/// When an event is answered with another status than it says.
pub async fn answers(function: &str) -> String {
    let mut text = String::new();
    for sample in samples() {
        let name = &sample.name;
        if !name.starts_with(function) {
            continue;
        }
        let verv = platform(sample.before).await;
        let reply = replay(&verv, &sample.event).await;
        assert_eq!(reply.status, sample.status, "{name}: {}", reply.text);
        let request_id = &sample.event["requestContext"]["requestId"];
        assert_eq!(
            reply.header("x-request-id"),
            request_id.as_str().expect("an id"),
            "{name}"
        );
        let location = match reply.header("location") {
            "" => String::new(),
            location => format!(" {location}"),
        };
        let kind = reply.header("content-type");
        let is_page = kind.starts_with("text/html") || function == "console-";
        let is_file = kind.starts_with("image/") || is_page;
        let body = match (is_file, reply.text.as_str()) {
            (_, "") => String::new(),
            (true, _) => format!("  {kind}\n"),
            (false, text) => format!("  {text}\n"),
        };
        text += &stable(&format!("{name}: {}{location}\n{body}", sample.status));
    }
    text
}
