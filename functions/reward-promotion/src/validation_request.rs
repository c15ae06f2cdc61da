//! Whether a code may be used by a user of some type.

use crate::code_query::typed_code;
use crate::envelope::{Reason, Refusal};
use axum::extract::{FromRequest, Request};
use chrono::{DateTime, Utc};
use domain::usage::UsageRefusal;
use domain::{FoldedCode, UserType};
use serde_json::Value;
use store::Store;
use web::extract::BoundedBody;

/// A code that is to be validated for a type of user. Unknown fields are ignored: the clients
/// are not ours.
pub(crate) struct ValidationRequest {
    /// `None` is a text that no code has.
    code: Option<FoldedCode>,
    user_type: UserType,
}

impl<S: Send + Sync> FromRequest<S> for ValidationRequest {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let BoundedBody(bytes) = BoundedBody::from_request(request, state).await?;
        let Ok(Value::Object(fields)) = serde_json::from_slice(&bytes) else {
            return Err(Refusal::BadRequest);
        };
        let field = |name: &str| match fields.get(name) {
            None | Some(Value::Null) => Err(Refusal::BadRequest),
            Some(value) => Ok(value),
        };
        let (code, user_type) = (field("referral_code")?, field("user_type")?);
        let code = code.as_str().ok_or(Refusal::InvalidParameters)?;
        let user_type = user_type
            .as_u64()
            .and_then(|number| u8::try_from(number).ok())
            .and_then(|number| UserType::try_from(number).ok())
            .ok_or(Refusal::InvalidParameters)?;
        Ok(Self {
            code: typed_code(code)?,
            user_type,
        })
    }
}

impl ValidationRequest {
    /// Passes if the code may be used at `now`.
    ///
    /// # Errors
    /// [`Refusal::CodeInvalidated`], with the first reason against it.
    pub(crate) async fn validate(&self, store: &Store, now: DateTime<Utc>) -> Result<(), Refusal> {
        let not_found = Refusal::CodeInvalidated(Reason::NotFound);
        let Some(code) = &self.code else {
            return Err(not_found);
        };
        let found = store.find_code(code).await?;
        let code = found.ok_or(not_found)?;
        let program = store
            .program_of_code(code.record.terms.program, now)
            .await?;
        code.check_usable(program.as_ref(), now)?;
        if code.serves(self.user_type, program.as_ref()) {
            Ok(())
        } else {
            Err(Refusal::CodeInvalidated(Reason::UserTypeMismatch))
        }
    }
}

impl From<UsageRefusal> for Refusal {
    fn from(refusal: UsageRefusal) -> Self {
        Self::CodeInvalidated(match refusal {
            UsageRefusal::Inactive | UsageRefusal::Invalidated => Reason::Inactive,
            UsageRefusal::Expired
            | UsageRefusal::ProgramNotStarted
            | UsageRefusal::ProgramEnded => Reason::Expired,
            UsageRefusal::LimitReached => Reason::LimitReached,
        })
    }
}
