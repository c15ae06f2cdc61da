//! The table's stream on this machine: read as the function behind it reads it on AWS. Each event
//! is told in the log, as there is no bus, and the deliveries to webhooks begin.

use crate::engine::{self, Engine};
use aws_sdk_dynamodb::types::{StreamSpecification, StreamViewType};
use domain::Clock;
use domain::delivery::NextAttempt;
use dynoxide::Database;
use dynoxide::actions::describe_stream::DescribeStreamRequest;
use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use serde_json::{Value, json};
use std::error::Error;
use std::time::Duration;
use store::UnscopedStore;

/// How often the stream is read.
const PERIOD: Duration = Duration::from_millis(500);

/// What is written to a table from the moment on when this was opened.
pub struct Stream {
    database: Database,
    /// Where reading goes on.
    iterator: String,
}

impl Stream {
    /// The stream of `table`, which gets one if it has none.
    ///
    /// # Errors
    /// The engine has no such table, or no stream of it.
    pub async fn open(engine: &Engine, table: &str) -> Result<Self, Box<dyn Error>> {
        let client = engine::client(&engine.endpoint());
        let described = client.describe_table().table_name(table).send().await?;
        let described = described.table.and_then(|table| table.latest_stream_arn);
        let stream = match described {
            Some(stream) => stream,
            None => {
                let specification = StreamSpecification::builder()
                    .stream_enabled(true)
                    .stream_view_type(StreamViewType::NewImage)
                    .build()?;
                let updated = client
                    .update_table()
                    .table_name(table)
                    .stream_specification(specification)
                    .send()
                    .await?;
                let table = updated
                    .table_description
                    .ok_or("the table was not changed")?;
                table.latest_stream_arn.ok_or("the table has no stream")?
            }
        };
        let database = engine.database().clone();
        let iterator = latest(&database, stream)?;
        Ok(Self { database, iterator })
    }

    /// What was written since, as Lambda hands it on.
    ///
    /// # Errors
    /// The engine does not answer.
    pub fn read(&mut self) -> Result<Value, Box<dyn Error>> {
        let read = self.database.get_records(GetRecordsRequest {
            shard_iterator: self.iterator.clone(),
            limit: Some(100),
        })?;
        let records = serde_json::to_value(&read.records)?;
        if let Some(next) = read.next_shard_iterator {
            self.iterator = next;
        }
        Ok(json!({"Records": records}))
    }
}

/// Where the stream ends now.
fn latest(database: &Database, stream_arn: String) -> Result<String, Box<dyn Error>> {
    let described = database.describe_stream(DescribeStreamRequest {
        stream_arn: stream_arn.clone(),
        ..DescribeStreamRequest::default()
    })?;
    let shards = described.stream_description.shards;
    let shard = shards
        .into_iter()
        .next_back()
        .ok_or("a stream without a shard")?;
    let found = database.get_shard_iterator(GetShardIteratorRequest {
        stream_arn,
        shard_id: shard.shard_id,
        shard_iterator_type: "LATEST".to_owned(),
        sequence_number: None,
    })?;
    found
        .shard_iterator
        .ok_or_else(|| "a shard that has ended".into())
}

/// Tells the log of events, for ever.
pub async fn tell_regularly(mut stream: Stream, store: UnscopedStore, clock: Clock) {
    loop {
        // What cannot be told is in the feed still.
        match tell(&mut stream, &store, &clock).await {
            Ok(0) => tokio::time::sleep(PERIOD).await,
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "events are not told");
                tokio::time::sleep(PERIOD).await;
            }
        }
    }
}

/// Tells the next batch; how many records it had.
async fn tell(stream: &mut Stream, store: &UnscopedStore, clock: &Clock) -> Result<usize, String> {
    let batch = stream.read().map_err(|error| error.to_string())?;
    let told = events::stream::read(&batch).told;
    let now = clock.now();
    // What cannot be begun is in the log.
    events::deliveries::begin(store, &told, NextAttempt::at(now), now).await;
    let named = events::name(store, told).await;
    for (_, named) in named.map_err(|error| error.to_string())? {
        let event_type = named.event.change.event_type();
        tracing::info!(id = %named.event.id, %event_type, "an event");
    }
    Ok(batch["Records"].as_array().map_or(0, Vec::len))
}
