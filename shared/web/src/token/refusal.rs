//! Why a credential was refused: for the log, never for its bearer.

/// Why a request's credential does not verify. The bearer gets one answer, whichever it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unverified {
    /// There is none.
    Missing,
    /// It is no token, its header requires what nobody checks, or a claim is missing or odd.
    Malformed,
    /// There is no key of whom it names, or none by its `kid`.
    NoKey,
    /// No key of whom it names has signed it.
    Signature,
    /// It has ended, or its time has not come.
    Time,
    /// It is to live longer than tokens may.
    Lifetime,
    /// It is not from `TOKEN_ISSUER`.
    Issuer,
    /// It is not for `TOKEN_AUDIENCE`.
    Audience,
    /// It is of another organisation than the one that the request is for.
    Organisation,
    /// It names no role that its signer may confer.
    Role,
    /// It is an API key that does not exist, is of another kind of deployment, has ended or was
    /// revoked.
    ApiKey,
}

impl Unverified {
    /// The reason in the log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::NoKey => "no_key",
            Self::Signature => "signature",
            Self::Time => "time",
            Self::Lifetime => "lifetime",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Organisation => "organisation",
            Self::Role => "role",
            Self::ApiKey => "api_key",
        }
    }
}
