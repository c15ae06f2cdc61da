//! The one definition of the table: local runs and tests create it, and the deployment's
//! template is tested against it.

use crate::dynamo::Dynamo;
use crate::error::StoreError;
use crate::keys::{BY_MENTOR, BY_ORG, EXPIRES, PK, SK};
use aws_sdk_dynamodb::client::Waiters;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TimeToLiveSpecification,
};
use std::time::Duration;

/// How long a new table may take until it can be used.
const PATIENCE: Duration = Duration::from_secs(120);

impl Dynamo {
    /// Creates the table unless it exists.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB cannot be reached or refuses the definition.
    pub(crate) async fn create_table_if_absent(&self) -> Result<(), StoreError> {
        let request = definition(self.client().create_table())?.table_name(self.table());
        if let Err(error) = request.send().await {
            let exists = error
                .as_service_error()
                .is_some_and(aws_sdk_dynamodb::operation::create_table::CreateTableError::is_resource_in_use_exception);
            return if exists { Ok(()) } else { Err(error.into()) };
        }
        // AWS is some seconds about it, and takes no other change meanwhile.
        let made = self.client().wait_until_table_exists();
        let made = made.table_name(self.table()).wait(PATIENCE).await;
        made.map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        let ttl = TimeToLiveSpecification::builder()
            .enabled(true)
            .attribute_name(EXPIRES)
            .build()
            .map_err(|error| StoreError::Refused(Box::new(error)))?;
        self.client()
            .update_time_to_live()
            .table_name(self.table())
            .time_to_live_specification(ttl)
            .send()
            .await?;
        Ok(())
    }
}

/// Keys and indexes, billed by request.
fn definition(request: CreateTableFluentBuilder) -> Result<CreateTableFluentBuilder, StoreError> {
    let built = || -> Result<_, aws_sdk_dynamodb::error::BuildError> {
        let mut request = request.billing_mode(BillingMode::PayPerRequest);
        for name in [PK, SK, BY_MENTOR.pk, BY_MENTOR.sk, BY_ORG.pk, BY_ORG.sk] {
            request = request.attribute_definitions(
                AttributeDefinition::builder()
                    .attribute_name(name)
                    .attribute_type(ScalarAttributeType::S)
                    .build()?,
            );
        }
        let [hash, range] = key_schema(PK, SK)?;
        request = request.key_schema(hash).key_schema(range);
        for index in [BY_MENTOR, BY_ORG] {
            let [hash, range] = key_schema(index.pk, index.sk)?;
            request = request.global_secondary_indexes(
                GlobalSecondaryIndex::builder()
                    .index_name(index.name)
                    .key_schema(hash)
                    .key_schema(range)
                    .projection(
                        Projection::builder()
                            .projection_type(ProjectionType::All)
                            .build(),
                    )
                    .build()?,
            );
        }
        Ok(request)
    };
    built().map_err(|error| StoreError::Refused(Box::new(error)))
}

fn key_schema(
    pk: &str,
    sk: &str,
) -> Result<[KeySchemaElement; 2], aws_sdk_dynamodb::error::BuildError> {
    let element = |name: &str, key_type| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(key_type)
            .build()
    };
    Ok([element(pk, KeyType::Hash)?, element(sk, KeyType::Range)?])
}
