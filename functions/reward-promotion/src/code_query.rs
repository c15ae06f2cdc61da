//! The query of `user_referral_code`: the code of a user, or the user of a code.

use crate::envelope::Refusal;
use crate::tenant::{Tenant, VerifiedCaller};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use domain::{CountedCode, FoldedCode, MentorId, Program};
use store::StoreError;
use url::form_urlencoded;

/// The longest code as it is typed, separators included, in bytes.
const LONGEST_TYPED: usize = 100;

/// The longest code without its separators, in characters.
const LONGEST_FOLDED: usize = 50;

/// The longest id of a program or currency, in bytes.
const LONGEST_ID: usize = 128;

pub(crate) struct CodeQuery {
    criteria: Criteria,
    context: Context,
}

enum Criteria {
    User(MentorId),
    /// `None` is a text that no code has.
    Code(Option<FoldedCode>),
}

/// The program and currency that the code must fit.
struct Context {
    program: Option<String>,
    currency: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for CodeQuery {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let query = parts.uri.query().unwrap_or("");
        let user = once(query, "user_id")?;
        let code = once(query, "referral_code")?;
        let criteria = match (user, code) {
            (Some(user), None) => {
                Criteria::User(user.parse().map_err(|_| Refusal::InvalidParameters)?)
            }
            (None, Some(code)) => Criteria::Code(typed_code(&code)?),
            (Some(_), Some(_)) | (None, None) => return Err(Refusal::BadRequest),
        };
        let context = Context {
            program: bounded(once(query, "referral_program_id")?)?,
            currency: bounded(once(query, "currency_id")?)?,
        };
        Ok(Self { criteria, context })
    }
}

/// The parameter `name`, if it is given; given twice, it is invalid.
fn once(query: &str, name: &str) -> Result<Option<String>, Refusal> {
    let mut given = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
    match (given.next(), given.next()) {
        (first, None) => Ok(first.map(|(_, value)| value.into_owned())),
        (_, Some(_)) => Err(Refusal::InvalidParameters),
    }
}

fn bounded(id: Option<String>) -> Result<Option<String>, Refusal> {
    match id {
        Some(id) if !(1..=LONGEST_ID).contains(&id.len()) => Err(Refusal::InvalidParameters),
        id => Ok(id),
    }
}

/// The code that a person typed: `None` for a text that no code has, such as one with a
/// slash in it.
///
/// # Errors
/// An empty or over-long one.
pub(crate) fn typed_code(typed: &str) -> Result<Option<FoldedCode>, Refusal> {
    let is_separator = |c: char| matches!(c, '-' | '_') || c.is_whitespace();
    let length = typed.chars().filter(|c| !is_separator(*c)).count();
    if typed.len() > LONGEST_TYPED || !(1..=LONGEST_FOLDED).contains(&length) {
        return Err(Refusal::InvalidParameters);
    }
    Ok(typed.parse().ok())
}

impl CodeQuery {
    /// The code that fits the query, of those that `caller` may see, with its program.
    pub(crate) async fn find(
        &self,
        caller: &VerifiedCaller,
        now: DateTime<Utc>,
    ) -> Result<Option<(CountedCode, Option<Program>)>, StoreError> {
        let Tenant { org, store } = &caller.tenant;
        let found = match &self.criteria {
            Criteria::User(user) if !caller.may_see_code_of(user) => None,
            Criteria::User(user) => store.find_counted_active_code(user, org, now).await?,
            Criteria::Code(None) => None,
            Criteria::Code(Some(code)) => match store.find_code(code).await? {
                None => None,
                Some(code) => {
                    let program = code.record.terms.program;
                    let program = store.program_of_code(program, now).await?;
                    Some((code, program))
                }
            },
        };
        Ok(found.filter(|(code, program)| self.context.matches(code, program.as_ref())))
    }
}

impl Context {
    /// Whether the code fits: one without a program fits any, another its own program and
    /// that program's currency.
    fn matches(&self, code: &CountedCode, program: Option<&Program>) -> bool {
        let Some(own) = code.record.terms.program else {
            return true;
        };
        let is_own = |id: &String| *id == own.to_string();
        let is_its = |currency: &String| {
            program.is_some_and(|program| program.terms.currency.as_str() == currency)
        };
        self.program.as_ref().is_none_or(is_own) && self.currency.as_ref().is_none_or(is_its)
    }
}
