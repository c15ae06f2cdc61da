//! The payments company's two routes, in its own words: the reward-promotion envelope.

mod question;
mod validation;

use axum::Router;
use axum::routing::{get, post};
use question::{Criteria, Question};
use serde::Serialize;
use shared::domain::{CodeId, CodeRecord, MentorId, ProgramId, UserType};
use shared::http::App;
use shared::http::access::{Company, Visitor};
use shared::http::envelope::{Refusal, Success};
use validation::Candidate;

/// Every route of the function.
pub fn routes() -> Router<App> {
    Router::new()
        .route(
            "/gafapay/v3/reward_promotion/user_referral_code",
            get(user_referral_code),
        )
        .route(
            "/gafapay/v3/reward_promotion/validate_referral_code",
            post(validate_referral_code),
        )
}

/// A code as the contract shows it.
#[derive(Serialize)]
struct ReferralUser {
    id: CodeId,
    user_type: UserType,
    user_id: MentorId,
    referral_code: String,
    referral_program_id: Option<ProgramId>,
    max_referral_limit_reach: bool,
}

impl ReferralUser {
    fn new(record: CodeRecord, confirmed: i64) -> Self {
        Self {
            id: record.id,
            user_type: record.terms.user_type,
            max_referral_limit_reach: record.terms.limit_reached_by(confirmed),
            referral_program_id: record.terms.program,
            referral_code: record.code.to_string(),
            user_id: record.mentor,
        }
    }
}

#[derive(Serialize)]
struct Found {
    referral_user: ReferralUser,
}

async fn user_referral_code(
    visitor: Visitor,
    Question { criteria, context }: Question,
) -> Result<Success<Found>, Refusal> {
    let Company { org, app } = &visitor.company;
    let found = match criteria {
        Criteria::User(user) if !visitor.may_ask_for(&user) => None,
        Criteria::User(user) => {
            let now = app.clock.now();
            app.table.find_counted_active_code(&user, org, now).await?
        }
        Criteria::Code(None) => None,
        Criteria::Code(Some(code)) => app.table.find_code(&code).await?.map(|truth| {
            let confirmed = truth.confirmed();
            (truth.into(), confirmed)
        }),
    };
    let (record, confirmed) = found.ok_or(Refusal::CodeNotFound)?;
    if !context.matches(&record, app).await? {
        return Err(Refusal::CodeNotFound);
    }
    Ok(Success(Found {
        referral_user: ReferralUser::new(record, confirmed),
    }))
}

#[derive(Serialize)]
struct Validated {
    message: &'static str,
}

async fn validate_referral_code(
    company: Company,
    candidate: Candidate,
) -> Result<Success<Validated>, Refusal> {
    candidate.validate(&company.app).await?;
    Ok(Success(Validated {
        // As the contract spells it.
        message: "Reward promotion referal code validate",
    }))
}
