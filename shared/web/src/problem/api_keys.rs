//! What a refused operation on an API key is answered.

use super::Problem;
use domain::api_key::ApiKeyRefusal;

impl From<ApiKeyRefusal> for Problem {
    fn from(refusal: ApiKeyRefusal) -> Self {
        match refusal {
            ApiKeyRefusal::OutOfScope => Self::forbidden(),
            ApiKeyRefusal::ExpiresInThePast => Self::unprocessable(
                "expires_in_the_past",
                "A new key cannot have expired already.",
            )
            .with_field("expires_at", "is in the past"),
        }
    }
}
