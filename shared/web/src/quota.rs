//! The headers that tell a caller of a limit, as draft-ietf-httpapi-ratelimit-headers-10 has
//! them: `RateLimit-Policy: "clicks";q=300;w=30` and `RateLimit: "clicks";r=299;t=1`.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponseParts, ResponseParts};
use domain::rate::{Empty, Left, Rate};
use std::convert::Infallible;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");

/// A limit as it applies to the caller at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// What the policy is called.
    name: &'static str,
    /// How many there are in all.
    quota: u32,
    /// Seconds in which they come back.
    window: u32,
    /// How many are left.
    remaining: u32,
    /// Seconds until all of them are back.
    reset: u32,
}

impl Quota {
    /// A bucket with something left.
    pub(crate) fn left(name: &'static str, rate: Rate, left: Left) -> Self {
        Self {
            name,
            quota: rate.burst.get(),
            window: rate.window(),
            remaining: left.remaining,
            reset: left.full_after,
        }
    }

    /// An empty bucket.
    pub(crate) fn empty(name: &'static str, rate: Rate, empty: Empty) -> Self {
        Self {
            name,
            quota: rate.burst.get(),
            window: rate.window(),
            remaining: 0,
            reset: empty.full_after,
        }
    }

    /// `quota` a minute, none of them left for `reset` seconds.
    pub(crate) fn used_up(name: &'static str, quota: u32, reset: u16) -> Self {
        Self {
            name,
            quota,
            window: 60,
            remaining: 0,
            reset: reset.into(),
        }
    }

    /// Tells it in the headers of a response.
    pub(crate) fn write_to(&self, headers: &mut HeaderMap) {
        let Self {
            name,
            quota,
            window,
            remaining,
            reset,
        } = self;
        for (header, text) in [
            (POLICY, format!("\"{name}\";q={quota};w={window}")),
            (STATE, format!("\"{name}\";r={remaining};t={reset}")),
        ] {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(header, value);
            }
        }
    }
}

impl IntoResponseParts for Quota {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        self.write_to(parts.headers_mut());
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_told_as_the_draft_has_it() {
        let rate = Rate {
            per_minute: 600.try_into().expect("not 0"),
            burst: 300.try_into().expect("not 0"),
        };
        let left = Left {
            remaining: 12,
            full_after: 29,
        };
        let mut headers = HeaderMap::new();
        Quota::left("clicks", rate, left).write_to(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"clicks\";q=300;w=30");
        assert_eq!(headers["ratelimit"], "\"clicks\";r=12;t=29");
        Quota::used_up("misses", 20, 17).write_to(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"misses\";q=20;w=60");
        assert_eq!(headers["ratelimit"], "\"misses\";r=0;t=17");
    }
}
