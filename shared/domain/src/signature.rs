//! The signature of a delivery, after Standard Webhooks 1.0.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What is signed: the delivery's id, the moment of the attempt and the body as it is sent. A
/// signature of the body alone could be replayed with another id or at another time.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The header `webhook-id`.
    pub id: &'a str,
    /// The header `webhook-timestamp`: seconds since 1970.
    pub timestamp: i64,
    /// The body, byte for byte.
    pub body: &'a [u8],
}

impl Signed<'_> {
    /// The header `webhook-signature`: a signature by each of the secrets, separated by spaces, so
    /// that a receiver which has either of two secrets in a rotation finds its own.
    pub fn by<'s>(self, secrets: impl IntoIterator<Item = &'s [u8]>) -> String {
        let each = secrets.into_iter().map(|secret| self.by_one(secret));
        each.collect::<Vec<_>>().join(" ")
    }

    fn by_one(self, secret: &[u8]) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
        mac.update(self.id.as_bytes());
        mac.update(b".");
        mac.update(self.timestamp.to_string().as_bytes());
        mac.update(b".");
        mac.update(self.body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Vec<u8> {
        STANDARD.decode(text).expect("base64")
    }

    /// Made with `standardwebhooks` of PyPI; the first is the vector of its own tests.
    #[test]
    fn signatures_are_those_of_the_standards_own_library() {
        for (key, id, timestamp, body, expected) in [
            (
                "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                r#"{"test": 2432232314}"#,
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
            (
                "C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
                "evt_019d2a5c000070008000000000000003",
                1_774_526_400,
                r#"{"type":"code.created","timestamp":"2026-03-26T12:00:00Z","data":{"name":"Vår"}}"#,
                "v1,CchBArt3SjCi0Fc71zGqV+jZ1njfQfLDTwf8SW6MQ4I=",
            ),
        ] {
            let body = body.as_bytes();
            let signed = Signed {
                id,
                timestamp,
                body,
            };
            let key = secret(key);
            assert_eq!(signed.by([key.as_slice()]), expected);
        }
    }

    #[test]
    fn each_secret_of_a_rotation_has_its_signature() {
        let signed = Signed {
            id: "evt_1",
            timestamp: 1,
            body: b"{}",
        };
        let (old, new) = (vec![1; 24], vec![2; 32]);
        let both = signed.by([new.as_slice(), old.as_slice()]);
        let each = [signed.by([new.as_slice()]), signed.by([old.as_slice()])];
        assert_eq!(both, each.join(" "));
        assert_ne!(each[0], each[1]);
        for other in [
            Signed {
                id: "evt_2",
                ..signed
            },
            Signed {
                timestamp: 2,
                ..signed
            },
            Signed {
                body: b"[]",
                ..signed
            },
        ] {
            assert_ne!(other.by([new.as_slice()]), each[0], "{other:?}");
        }
    }
}
