//! The Lambda function: routes, run by the Lambda runtime.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    web::lambda::serve(webhook_registry::routes()).await
}
