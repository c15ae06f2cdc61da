//! The table as one caller may use it.

use crate::api_key_item::ApiKeyItem;
use crate::cache::Cache;
use crate::dynamo::{Dynamo, Read};
use crate::entity::is_tombstone;
use crate::error::StoreError;
use crate::fold::Aggregator;
use crate::keys::{self, Key};
use crate::log_item::LogItem;
use crate::misses::{KnownMisses, MissCounter, MissLimiter};
use crate::stats::Statistics;
use crate::transaction::Transaction;
use aws_sdk_dynamodb::Client;
use domain::{ApiKeyId, OrgId, Program, ProgramId, Scope, Webhook};
use std::sync::Arc;

/// The webhooks of organisations.
type WebhookCache = Cache<OrgId, Arc<[Webhook]>>;

/// The table without any scope, with what a process remembers of it. Cheap to clone.
///
/// Only start-up, the scheduled work and local commands hold one; a handler gets a [`Store`].
#[derive(Debug, Clone)]
pub struct UnscopedStore {
    pub(crate) dynamo: Dynamo,
    programs: Cache<ProgramId, Program>,
    pub(crate) api_keys: Cache<ApiKeyId, ApiKeyItem>,
    pub(crate) webhooks: WebhookCache,
    known_misses: KnownMisses,
    stats: Statistics,
    aggregator: Aggregator,
}

/// The table as one caller may use it: records outside of the caller's scope are absent, and
/// looking up unknown codes is counted. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) dynamo: Dynamo,
    pub(crate) programs: Cache<ProgramId, Program>,
    pub(crate) api_keys: Cache<ApiKeyId, ApiKeyItem>,
    pub(crate) webhooks: WebhookCache,
    pub(crate) misses: Option<MissLimiter>,
    pub(crate) stats: Statistics,
    scope: Arc<Scope>,
}

impl UnscopedStore {
    /// The table `name`, reached through `client`.
    pub fn new(client: Client, name: &str) -> Self {
        let dynamo = Dynamo::new(client, name);
        Self {
            stats: Statistics::new(dynamo.clone()),
            aggregator: Aggregator::new(dynamo.clone()),
            dynamo,
            programs: Cache::default(),
            api_keys: Cache::default(),
            webhooks: Cache::default(),
            known_misses: KnownMisses::default(),
        }
    }

    /// The table as a caller with this scope sees it, whose unknown codes `misses` counts.
    pub fn scoped(&self, scope: Scope, misses: Option<MissCounter>) -> Store {
        Store {
            dynamo: self.dynamo.clone(),
            programs: self.programs.clone(),
            api_keys: self.api_keys.clone(),
            webhooks: self.webhooks.clone(),
            misses: misses.map(|counter| self.known_misses.limiter(counter)),
            stats: self.stats.clone(),
            scope: Arc::new(scope),
        }
    }

    /// What folds the facts into statistics.
    pub fn aggregator(&self) -> Aggregator {
        self.aggregator.clone()
    }

    /// The table's name.
    pub fn table_name(&self) -> &str {
        self.dynamo.table()
    }

    /// Creates the table unless it exists.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB cannot be reached or refuses the definition.
    pub async fn create_table_if_absent(&self) -> Result<(), StoreError> {
        self.dynamo.create_table_if_absent().await
    }

    /// Reads an absent key, so that connection and credentials are there before the first
    /// request.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer, which it may the next time.
    pub async fn warm_up(&self) -> Result<(), StoreError> {
        let nothing = keys::nothing();
        let read = self.dynamo.get_item(&nothing, Read::Eventual).await;
        read.map(drop)
    }
}

impl Store {
    /// Whose records the caller may touch.
    pub(crate) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Begins a transaction whose refusals are values of `R`.
    pub(crate) fn transaction<R>(&self) -> Transaction<'_, R> {
        Transaction::new(&self.dynamo)
    }

    /// The live log item at `key`, read strongly, if it is in scope.
    pub(crate) async fn find_log_item(&self, key: &Key) -> Result<Option<LogItem>, StoreError> {
        let found = self.dynamo.get_item(key, Read::Strong).await?;
        let item = found
            .filter(|item| !is_tombstone(item))
            .map(LogItem::read)
            .transpose()?;
        Ok(item.filter(|item| {
            let (mentor, org) = item.owner();
            self.scope.covers(mentor, org)
        }))
    }
}
