//! An RSA key of nobody's, so that a token can be truly RS256.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, crypto};

/// `RSAPrivateKey` (RFC 8017), 2048 bits, made for this test: no setting names it.
const PRIVATE_KEY: &str = "\
    MIIEowIBAAKCAQEApzzhYRzKanHLxmphYO7FaJArMs0PRfcrQZVpJ8ar0COCl+Awpn/E/wmaReuP5AhG0o32\
    xd47SXklH8y3C/rMAWUKLQHBkRWfHQoX79rCPex3gCgruI7/HK4g852T4mJuHRkHrRH/erOVegGd5pTCRb/d\
    X348aw9tDj5UAeo4O7n0vZ8u+UfGu/QFCgyRoxlmX0v/+14BsblexqhUhDaLD9UfKTP7xnlEv+8R4gZ95T63\
    lfHzTA4NIBbfTx1RzkMSpkg4ryXS71SrCQF4TrDbu+ZAKZrJr58Or4Su7wvf9KLQmKKDPSsybs88Dp6XAs3O\
    jU4y9z2Q/Psyy2SZEQ1dHQIDAQABAoIBAAO50WtJ36rtmZoJooftEeSsOkDRvOUfZlfkoFjfQ30p3rM2WVx1\
    l283fiJ60XQbCMQ7SZ6WE/vlUSHV/FRYlE/J+eck9UnKRvGimQQXkNZzLKS5iw3RJmxeZxleWZ4vI1+5FXNy\
    OvRMyMf/fg6AzRo44HxL55narbXl8WuwgEEOWzRyDy8qN6LwuDnjsgtm+wnVBPu1UyQK0eI2pg7GCG9ziQoV\
    ma0qei2xwk9skcM2gbdX1fj8oaIEt74/YHiQOMOYnT2kuj7Jhs9BcYvRZ7iZiXushR0Z9ZL7X/UqnIh0VT6N\
    xRAgZoGxLq87Q8fGcyrjtiB/F6jMS5QQce9Om7ECgYEA316FmzhlPiLSgljzNFZTrbRgWPmGNqMaJopRsz5a\
    lrH9+K0ZgqikVt7zCmNxeCv6UeP0NmazwwLxlLBcZmh6NpuejZFScS5HvnvHjUVNfG0QFpLHf/YecIiLAIDg\
    q3SFqoVuyMvhrgEH7EYS85pRCPKV1Xfatdz01nDCJOQSTDECgYEAv6stVnb0qCjbDl5qEqKMob8eEEibz+bu\
    P8ikfQ0YElJrdDlG+ffrG1j3eEYwpBoIX3fUgjSKeGeSPnSJLxYe4+8vpqimltzWO4iFXEUro5HinHQQrU6J\
    bTrtpwepA9WJ85Wh4ALVim6uN4eQgG/a1UuqnQToPfVxDsAPcA4V4K0CgYBiqAr23dfJs/OqYsM4cJCQ/kQ3\
    yC4BX9SjBSDEvFuih4cXGM1Vqkq7m8lY40cwvqvXE4m/pWjsTxaIh8Sn7qlcCSvkdzUkjD5f4afnu55XwIwE\
    jFvVJs2XApfyZvnUgKixAjJGOda51fa74s9oDNaRzyNin4dYH/l75V26kYmLYQKBgHyCKWCKw+HdMHgEEynp\
    2CtWaKQxVq5WmJxsrZXihKmaSt1kO9w0FdFdGN1T01M26guCX1T55p3Swii6MUeaOhTdkvnTguxrputjgyZu\
    dKu8IBZ8Oz0p0JJZfnpLupqYBBZtNIu9q5RS0++Uq+UTRHfcwIdh4bAmGfx3/U9Qhxu9AoGBAKZXA+a0plWA\
    VMUA8tCrJbOJACSaYU9gd+4TJeZe7F/hriCHldR4ze+kuUCOMtfjgT8qZpn56MZdrMNVJob0caanx9aErQph\
    3hWyh5p4sRY6ycqR8DNarheoWnmGI8SDThI4i+sgeCtB8I+lU0SAD16XKDXnh5NQ+7D01BOl/aT+\
    ";

/// Its `RSAPublicKey`.
const PUBLIC_KEY: &str = "\
    MIIBCgKCAQEApzzhYRzKanHLxmphYO7FaJArMs0PRfcrQZVpJ8ar0COCl+Awpn/E/wmaReuP5AhG0o32xd47\
    SXklH8y3C/rMAWUKLQHBkRWfHQoX79rCPex3gCgruI7/HK4g852T4mJuHRkHrRH/erOVegGd5pTCRb/dX348\
    aw9tDj5UAeo4O7n0vZ8u+UfGu/QFCgyRoxlmX0v/+14BsblexqhUhDaLD9UfKTP7xnlEv+8R4gZ95T63lfHz\
    TA4NIBbfTx1RzkMSpkg4ryXS71SrCQF4TrDbu+ZAKZrJr58Or4Su7wvf9KLQmKKDPSsybs88Dp6XAs3OjU4y\
    9z2Q/Psyy2SZEQ1dHQIDAQAB\
    ";

fn der(base64: &str) -> Vec<u8> {
    STANDARD.decode(base64).expect("base64")
}

/// The key as a provider signs with it.
pub(crate) fn rsa_key() -> EncodingKey {
    EncodingKey::from_rsa_der(&der(PRIVATE_KEY))
}

/// `{header}.{claims}` with its RS256 signature, which the public key confirms.
pub(crate) fn rs256(header: &str, claims: &str) -> String {
    let message = format!("{header}.{claims}");
    let key = rsa_key();
    let signature = crypto::sign(message.as_bytes(), &key, Algorithm::RS256);
    let signature = signature.expect("a signature");
    let public = DecodingKey::from_rsa_der(&der(PUBLIC_KEY));
    let is_good = crypto::verify(&signature, message.as_bytes(), &public, Algorithm::RS256);
    assert!(is_good.expect("a verdict"), "a signature that is none");
    let bytes = URL_SAFE_NO_PAD.decode(&signature).expect("base64");
    assert_eq!(bytes.len(), 256, "2048 bits");
    format!("{message}.{signature}")
}
