//! Two answers to one request, compared.

use base64::prelude::{BASE64_STANDARD as BASE64, Engine as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::flows::CODE;
use tests::samples::{CLICK_ID, CODE_ID};

/// What two answers to one request share: everything but fresh ids, codes and times.
pub(crate) fn comparable(answer: &Value) -> Value {
    let mut headers = answer["headers"].as_object().cloned().unwrap_or_default();
    // How much is left of a rate is each process's own.
    for of_one_process in ["content-length", "ratelimit", "ratelimit-policy"] {
        headers.remove(of_one_process);
    }
    let headers: BTreeMap<_, _> = headers
        .into_iter()
        .map(|(name, value)| (name, masked(value.as_str().unwrap_or_default())))
        .collect();
    let body = answer["body"].as_str().unwrap_or_default();
    let body = match answer["isBase64Encoded"] == true {
        // A picture or a compressed page; the router's answer has its bytes as text.
        true => String::from_utf8_lossy(&BASE64.decode(body).expect("base 64")).into_owned(),
        false => body.to_owned(),
    };
    json!({"status": answer["statusCode"], "headers": headers, "body": masked(&body)})
}

/// `text` without what differs between two answers to the same request. Ids and codes that
/// the request itself names stay.
fn masked(text: &str) -> String {
    let mut masked = String::new();
    for word in split_words(&without_secrets(text)) {
        let is_id = ["rc_", "attr_", "prg_", "key_", "erased_", "evt_", "whk_"]
            .iter()
            .any(|prefix| {
                word.strip_prefix(prefix)
                    .is_some_and(|rest| rest.len() == 32)
            });
        let is_fresh = is_id && word != CODE_ID && word != CLICK_ID;
        let is_code = word.starts_with("JAN-VERV-") && word != CODE;
        let is_now = word.len() >= 20
            && word.contains('T')
            && word.ends_with('Z')
            && !word.starts_with("2026-01")
            && !word.starts_with("2026-03");
        masked.push_str(if is_fresh {
            "<id>"
        } else if word.starts_with("vrv_") {
            "<key>"
        } else if is_code {
            "<code>"
        } else if is_now {
            "<now>"
        } else {
            word
        });
    }
    masked
}

/// `text` without the secrets of webhooks, which are no words: base 64 has punctuation.
fn without_secrets(text: &str) -> String {
    let mut parts = text.split("whsec_");
    let mut without = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let after = part.trim_start_matches(|c: char| c.is_alphanumeric() || "+/=".contains(c));
        without.push_str("<secret>");
        without.push_str(after);
    }
    without
}

/// Words and what is between them, all of the text.
fn split_words(text: &str) -> impl Iterator<Item = &str> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | ':');
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = rest
            .find(|c| is_word(c) != is_word(first))
            .unwrap_or(rest.len());
        // Punctuation one by one, so that a time's quotation marks do not join it.
        let end = if is_word(first) {
            end
        } else {
            first.len_utf8()
        };
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}
