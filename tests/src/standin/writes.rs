//! Writes: refused where a transaction holds their items, throttled, and carried out by the
//! engine once.

use super::buckets::Kind;
use super::call::{Call, Response, metered, refuse, throttled};
use super::changes::{Admission, Admitted, Effect, Write};
use super::holds::Refused;
use super::keys::{Image, ItemKey, Partition};
use super::shared::{Shared, State};
use crate::wire::{Answer, cancelled, respond};
use aws_smithy_runtime_api::client::result::ConnectorError;
use std::collections::HashMap;
use std::sync::Arc;

/// How much more a transaction takes of the table than another write.
const TRANSACTION: f64 = 2.0;

impl Call {
    pub(super) async fn write(self) -> Response {
        let schema = &self.shared.options.schema;
        let Some(writes) = Write::all_of(schema, &self.operation, &self.body) else {
            return self.pass_on().await;
        };
        let _locks = self.shared.lock(writes.iter().map(|it| &it.key)).await;
        if self.shared.refuses(&writes) {
            return refuse(
                "TransactionConflictException",
                "Transaction is ongoing for the item",
            );
        }
        match self.admit(writes, 1.0).await? {
            Admission::Open(admitted) => self.carry_out(admitted).await,
            Admission::Short(short) => match short.iter().flatten().next() {
                Some(partition) => throttled(partition, Kind::Writes),
                None => self.pass_on().await,
            },
            Admission::Unreadable => self.pass_on().await,
        }
    }

    pub(super) async fn transact(self) -> Response {
        let schema = &self.shared.options.schema;
        let Some(writes) = Write::all_of(schema, &self.operation, &self.body) else {
            return self.pass_on().await;
        };
        let items: Vec<ItemKey> = writes.iter().map(|write| write.key.clone()).collect();
        let began = self.shared.watch.now();
        let hold = self.shared.options.hold;
        let mut held = None;
        if hold.is_some() {
            let token = self.body["ClientRequestToken"].as_str().map(str::to_owned);
            match Held::take(&self.shared, items.clone(), token) {
                Ok(taken) => held = Some(taken),
                Err(refused) => return self.shared.refused(&items, &refused),
            }
        }
        // What other calls are writing right now is done before the items are read.
        let locks = self.shared.lock(items.iter()).await;
        let admitted = match self.admit(writes, TRANSACTION).await? {
            Admission::Open(admitted) => admitted,
            Admission::Short(short) => return self.shared.short(&short),
            Admission::Unreadable => return self.pass_on().await,
        };
        // Once the items are held, nobody else writes them.
        let locks = hold.is_none().then_some(locks);
        if let Some(hold) = hold {
            self.shared.watch.wait_until(began + hold).await;
        }
        let answer = self.carry_out(admitted).await;
        drop((locks, held));
        answer
    }

    /// Takes what `writes` cost, by the items as they are, and notes that they are under
    /// way.
    async fn admit(&self, writes: Vec<Write>, factor: f64) -> Result<Admission, ConnectorError> {
        // A write that is refused must not hide the item that it did not replace.
        let lags = self.shared.lags().next().is_some();
        let unknown = writes.iter().filter(|write| lags || !write.creates);
        let Some(before) = self.images(unknown.map(|write| &write.key)).await? else {
            return Ok(Admission::Unreadable);
        };
        Ok(self.shared.admit(writes, before, factor))
    }

    async fn carry_out(&self, admitted: Admitted) -> Response {
        let mut body = metered(self.body.clone());
        let silent = self.operation == "UpdateItem"
            && matches!(self.body["ReturnValues"].as_str(), None | Some("NONE"));
        if silent {
            body["ReturnValues"] = "ALL_NEW".into();
        }
        let sent = self.forward(&body).await;
        match &sent {
            Ok(answer) if answer.is_refusal() => self.shared.abandon(&admitted, &answer.body),
            // Whether a call is carried out whose answer is lost, only the items tell.
            Ok(_) | Err(_) => {
                let answer = sent.as_ref().ok();
                let updated = self.updated(&admitted, answer).await;
                self.shared.settle(admitted, &updated, answer);
            }
        }
        let mut answer = sent?;
        if silent && let Some(fields) = answer.body.as_object_mut() {
            fields.remove("Attributes");
            return Ok(answer.changed());
        }
        Ok(answer.unchanged())
    }

    /// The items that updates have changed.
    async fn updated(
        &self,
        admitted: &Admitted,
        answer: Option<&Answer>,
    ) -> HashMap<ItemKey, Arc<Image>> {
        let updates = || {
            let updates = admitted.writes.iter();
            updates
                .filter(|write| matches!(write.effect, Effect::Update))
                .map(|write| &write.key)
        };
        let returned = self.body["ReturnValues"].as_str().unwrap_or("NONE");
        if self.operation == "UpdateItem"
            && matches!(returned, "NONE" | "ALL_NEW")
            && let Some(image) = answer.and_then(|it| it.body["Attributes"].as_object())
        {
            let image = Arc::new(image.clone());
            return updates()
                .map(|key| (key.clone(), Arc::clone(&image)))
                .collect();
        }
        match self.images(updates()).await {
            Ok(Some(images)) => images,
            Ok(None) | Err(_) => admitted.before.clone(),
        }
    }
}

/// Items held by a transaction, until this is dropped.
struct Held {
    shared: Arc<Shared>,
    items: Vec<ItemKey>,
    token: Option<String>,
}

impl Held {
    fn take(
        shared: &Arc<Shared>,
        items: Vec<ItemKey>,
        token: Option<String>,
    ) -> Result<Self, Refused> {
        shared.with(|state| state.holds.take(&items, token.as_deref()))?;
        Ok(Self {
            shared: Arc::clone(shared),
            items,
            token,
        })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Self {
            shared,
            items,
            token,
        } = self;
        shared.with(|state| state.holds.release(items, token.as_deref()));
    }
}

impl Shared {
    /// Whether a transaction holds an item of `writes`, which counts them.
    fn refuses(&self, writes: &[Write]) -> bool {
        self.with(|State { holds, tally, .. }| {
            let held: Vec<_> = writes.iter().filter(|it| holds.holds(&it.key)).collect();
            for write in &held {
                tally.at(&write.key).refused_writes += 1;
            }
            !held.is_empty()
        })
    }

    /// The answer to a transaction that does not begin.
    fn refused(&self, items: &[ItemKey], refused: &Refused) -> Response {
        let Refused::Conflict(held) = refused else {
            return refuse(
                "TransactionInProgressException",
                "The transaction with the given request token is already in progress.",
            );
        };
        self.with(|State { tally, .. }| {
            tally.cancelled += 1;
            for (item, _) in items.iter().zip(held).filter(|(_, held)| **held) {
                tally.at(item).conflicts += 1;
            }
        });
        let codes = held
            .iter()
            .map(|held| held.then_some("TransactionConflict"));
        let body = cancelled(
            &codes.collect::<Vec<_>>(),
            "Transaction is ongoing for the item",
        );
        respond(400, body.to_string())
    }

    /// The answer to a transaction with writes in partitions that are over their limits.
    fn short(&self, short: &[Option<Partition>]) -> Response {
        self.with(|state| state.tally.cancelled += 1);
        let codes = short
            .iter()
            .map(|short| short.as_ref().map(|_| "ThrottlingError"));
        let body = cancelled(
            &codes.collect::<Vec<_>>(),
            "Throughput exceeds the current capacity of a partition key",
        );
        respond(400, body.to_string())
    }
}
