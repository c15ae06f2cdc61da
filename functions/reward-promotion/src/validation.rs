//! Whether a code may be used by a user of some type.

use crate::question::typed_code;
use axum::extract::{FromRequest, Request};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::Value;
use shared::domain::{CodeRecord, FoldedCode, UserType};
use shared::http::envelope::{Reason, Refusal};
use shared::http::{App, MAX_BODY};
use shared::store::attributions::Unusable;

/// A code that is to be validated. Fields that we do not know are ignored: the clients are
/// not ours.
pub(crate) struct Candidate {
    /// `None` is a text that no code has.
    code: Option<FoldedCode>,
    user_type: UserType,
}

impl FromRequest<App> for Candidate {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &App) -> Result<Self, Refusal> {
        let body = Limited::new(request.into_body(), MAX_BODY).collect().await;
        let bytes = body.map_err(|error| {
            if error.is::<LengthLimitError>() {
                Refusal::BodyTooLarge
            } else {
                Refusal::BadRequest
            }
        })?;
        let Ok(Value::Object(fields)) = serde_json::from_slice(&bytes.to_bytes()) else {
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

impl Candidate {
    /// Passes if the code may be used now.
    ///
    /// # Errors
    /// [`Refusal::CodeInvalidated`], with the first thing that stands against it.
    pub(crate) async fn validate(&self, app: &App) -> Result<(), Refusal> {
        let refused = |reason| Err(Refusal::CodeInvalidated(reason));
        let Some(code) = &self.code else {
            return refused(Reason::NotFound);
        };
        let Some(truth) = app.table.find_code(code).await? else {
            return refused(Reason::NotFound);
        };
        let confirmed = truth.confirmed();
        let record = CodeRecord::from(truth);
        let now = app.clock.now();
        let program = app.table.program_of_code(record.terms.program, now).await?;
        if let Some(unusable) = Unusable::of(&record, program.as_ref(), confirmed, now) {
            return refused(reason(unusable));
        }
        let serves = program.map_or(record.terms.user_type == self.user_type, |program| {
            program.terms.user_types.contains(self.user_type)
        });
        if serves {
            Ok(())
        } else {
            refused(Reason::UserTypeMismatch)
        }
    }
}

fn reason(unusable: Unusable) -> Reason {
    match unusable {
        Unusable::Inactive | Unusable::Invalidated => Reason::Inactive,
        Unusable::Expired | Unusable::ProgramNotStarted | Unusable::ProgramEnded => Reason::Expired,
        Unusable::LimitReached => Reason::LimitReached,
    }
}
