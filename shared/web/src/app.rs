//! What every request has at hand.

use crate::buckets::{Buckets, Limited};
use crate::settings::Settings;
use axum::extract::FromRef;
use domain::rate::{Empty, Left, Rate};
use domain::{ApiKey, Clock, KeyText, Scope};
use std::net::IpAddr;
use std::sync::Arc;
use store::{MissCounter, Store, StoreError, UnscopedStore};

/// The state behind the routes. Cheap to clone.
///
/// The store within is out of a handler's reach: it gets a [`Store`] that is scoped to its
/// caller, as an argument.
#[derive(Clone)]
pub struct App {
    store: UnscopedStore,
    settings: Arc<Settings>,
    clock: Clock,
    buckets: Arc<Buckets>,
}

impl App {
    /// The state of one process.
    pub fn new(store: UnscopedStore, settings: Arc<Settings>, clock: Clock) -> Self {
        Self {
            store,
            settings,
            clock,
            buckets: Arc::default(),
        }
    }

    /// What the operator has set.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The clock that every request reads.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Takes one of what is `limited` at `rate` for `address`.
    pub(crate) fn take(
        &self,
        limited: Limited,
        rate: Rate,
        address: IpAddr,
    ) -> Result<Left, Empty> {
        self.buckets.take(limited, rate, address, self.clock.now())
    }

    /// The store within `scope`, which counts `misses` where they are limited.
    pub(crate) fn scoped_store(&self, scope: Scope, misses: Option<MissCounter>) -> Store {
        self.store.scoped(scope, misses)
    }

    /// The API key that a caller presents, if it is active.
    ///
    /// # Errors
    /// [`StoreError`] when DynamoDB does not answer.
    pub(crate) async fn recognise_api_key(
        &self,
        text: &KeyText,
    ) -> Result<Option<ApiKey>, StoreError> {
        self.store.recognise_api_key(text, self.clock.now()).await
    }
}

impl FromRef<App> for Arc<Settings> {
    fn from_ref(app: &App) -> Self {
        Arc::clone(&app.settings)
    }
}
