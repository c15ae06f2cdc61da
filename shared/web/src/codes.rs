//! What both services of codes take: the filter of their lists, and the bodies that make a
//! code.

use crate::extract::time_span;
use crate::problem::Problem;
use domain::code_fields::{CodeField, FieldsNotPermitted, check_fields};
use domain::code_record::ReferralLimit;
use domain::codes::{NewCode, WantedCode};
use domain::terms::RequestedTerms;
use domain::{
    CallerKind, Code, CodePrefix, CodeStatus, FoldedCode, MentorId, OrgId, OwnerFilter, ProgramId,
    Timestamp, UserType,
};
use serde::Deserialize;
use store::codes::CodeFilter;

/// The filter of a list of codes: `?mentor_id=&org_id=&status=&code=&from=&to=`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeQuery {
    mentor_id: Option<MentorId>,
    org_id: Option<OrgId>,
    status: Option<CodeStatus>,
    code: Option<FoldedCode>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl TryFrom<CodeQuery> for CodeFilter {
    type Error = Problem;

    fn try_from(query: CodeQuery) -> Result<Self, Problem> {
        Ok(Self {
            made: time_span(query.from, query.to)?,
            owner: OwnerFilter {
                mentor: query.mentor_id,
                org: query.org_id,
            },
            status: query.status,
            code: query.code,
        })
    }
}

/// Whether a body gives a field.
trait Given {
    fn is_given(&self) -> bool;
}

impl Given for Code {
    fn is_given(&self) -> bool {
        true
    }
}

impl<T> Given for Option<T> {
    fn is_given(&self) -> bool {
        self.is_some()
    }
}

/// A body that makes a code for a mentor in an organisation, on terms that may be left out,
/// with one field of its own. A macro, as serde's `flatten` excludes `deny_unknown_fields`.
macro_rules! creation_body {
    ($(#[$doc:meta])* $body:ident { $own:ident: $type:ty, $field:ident } => $value:ident) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $body {
            mentor_id: MentorId,
            org_id: OrgId,
            $own: $type,
            user_type: Option<UserType>,
            referral_program_id: Option<ProgramId>,
            max_referrals: Option<ReferralLimit>,
            expires_at: Option<Timestamp>,
        }

        impl $body {
            /// What is wanted, if `caller` may choose all that the body gives.
            ///
            /// # Errors
            /// [`FieldsNotPermitted`].
            pub fn chosen_by(self, caller: CallerKind) -> Result<$value, FieldsNotPermitted> {
                let given = [
                    (CodeField::$field, self.$own.is_given()),
                    (CodeField::Program, self.referral_program_id.is_given()),
                    (CodeField::UserType, self.user_type.is_given()),
                    (CodeField::MaxReferrals, self.max_referrals.is_given()),
                    (CodeField::ExpiresAt, self.expires_at.is_given()),
                ];
                let given = given.into_iter().filter(|(_, is_given)| *is_given);
                let given: Vec<_> = given.map(|(field, _)| field).collect();
                check_fields(caller, &given)?;
                Ok(self.into())
            }
        }

        impl From<$body> for $value {
            fn from(body: $body) -> Self {
                Self {
                    mentor: body.mentor_id,
                    org: body.org_id,
                    $own: body.$own,
                    terms: RequestedTerms {
                        user_type: body.user_type,
                        program: body.referral_program_id,
                        max_referrals: body.max_referrals,
                        expires_at: body.expires_at,
                    },
                }
            }
        }
    };
}

creation_body! {
    /// The body that makes a code with a chosen string.
    NewCodeBody { code: Code, Code } => NewCode
}

creation_body! {
    /// The body that gets the pair's active code, or makes one.
    WantedCodeBody { prefix: Option<CodePrefix>, Prefix } => WantedCode
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_gives_owner_own_field_and_terms() {
        let json = r#"{"mentor_id":"usr_1","org_id":"org_1","code":"JAN-1","max_referrals":3,
            "user_type":5,"expires_at":"2026-05-01T00:00:00Z"}"#;
        let body: NewCodeBody = serde_json::from_str(json).expect("a body");
        let new = NewCode::from(body);
        assert_eq!(new.code.as_str(), "JAN-1");
        assert_eq!(new.terms.max_referrals, 3.try_into().ok());
        assert_eq!(new.terms.user_type, Some(UserType::Agent));
        assert!(new.terms.program.is_none() && new.terms.expires_at.is_some());
    }

    #[test]
    fn a_body_takes_only_its_own_field() {
        let owner = r#""mentor_id":"usr_1","org_id":"org_1""#;
        let prefix = format!(r#"{{{owner},"prefix":"JAN"}}"#);
        let code = format!(r#"{{{owner},"code":"JAN-1"}}"#);
        assert!(serde_json::from_str::<WantedCodeBody>(&prefix).is_ok());
        assert!(serde_json::from_str::<WantedCodeBody>(&code).is_err());
        assert!(serde_json::from_str::<NewCodeBody>(&prefix).is_err());
        assert!(serde_json::from_str::<NewCodeBody>(&code).is_ok());
    }
}
