//! The payments company's two routes, in its own words: the reward-promotion envelope.

mod code_query;
mod envelope;
mod tenant;
mod validation_request;
mod views;

use code_query::CodeQuery;
use domain::KeyScope;
use envelope::{Refusal, Success};
use tenant::{Tenant, VerifiedCaller};
use validation_request::ValidationRequest;
use views::{FoundView, ValidatedView};
use web::access::{OPEN, TENANT};
use web::extract::Now;
use web::routes::Routes;

/// The envelope and the echo go for every path below it, whether or not it has a route.
const BASE: &str = "/gafapay";

/// Every route of the function.
pub fn routes() -> Routes {
    Routes::under(BASE)
        .errors_as(envelope::render)
        .echo_header("requestid")
        .get(
            "/v3/reward_promotion/user_referral_code",
            TENANT.or_key(KeyScope::CodesRead),
            user_referral_code,
        )
        .post(
            "/v3/reward_promotion/validate_referral_code",
            OPEN.or_key(KeyScope::CodesRead),
            validate_referral_code,
        )
}

async fn user_referral_code(
    caller: VerifiedCaller,
    Now(now): Now,
    query: CodeQuery,
) -> Result<Success<FoundView>, Refusal> {
    let found = query.find(&caller, now).await?;
    let (code, program) = found.ok_or(Refusal::CodeNotFound)?;
    Ok(Success(FoundView::new(code, program.as_ref())))
}

async fn validate_referral_code(
    tenant: Tenant,
    Now(now): Now,
    request: ValidationRequest,
) -> Result<Success<ValidatedView>, Refusal> {
    request.validate(&tenant.store, now).await?;
    Ok(Success(ValidatedView::default()))
}
