//! Who sends the requests: credentials and limits cost nothing more.

use domain::api_key::NewApiKey;
use domain::{KeyMode, KeyScope};
use tests::Verv;
use tests::tokens::bearer;

/// Every limit is on, and leaves room for the test.
const LIMITS: [(&str, &str); 5] = [
    ("MISS_LIMIT", "20"),
    ("CLICK_RATE", "600"),
    ("CLICK_BURST", "300"),
    ("CODE_RATE", "60"),
    ("CODE_BURST", "60"),
];

/// Who sends the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Anyone, where the API is public.
    Public,
    /// The organisation's staff, with a token.
    Staff,
    /// A server of the organisation, with an API key.
    Server,
}

impl Caller {
    pub(crate) async fn platform(self) -> Verv {
        let settings = [&[("API_ACCESS", "token")], LIMITS.as_slice()].concat();
        match self {
            Self::Public => Verv::with_settings(&LIMITS).await,
            Self::Staff => {
                let verv = Verv::with_settings(&settings).await;
                let token = bearer(&verv, "staff_1", &["ROLE_ORG"], Some("org_002"));
                verv.calling_with(move || token.clone())
            }
            Self::Server => {
                let verv = Verv::with_settings(&settings).await;
                let new = NewApiKey {
                    org: "org_002".parse().expect("an id"),
                    name: "server".parse().expect("a name"),
                    scopes: KeyScope::ALL.to_vec().try_into().expect("scopes"),
                    expires_at: None,
                };
                let store = verv.unrestricted();
                let made = store.create_api_key(new, KeyMode::Test, None, verv.now());
                let text = made.await.expect("a key").value.text.expect("its text");
                tests::logs::plant(text.expose());
                verv.calling_with(move || format!("Bearer {}", text.expose()))
            }
        }
    }
}
