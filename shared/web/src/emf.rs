//! CloudWatch's embedded metric format: a line of the log that is metrics too.
//!
//! The stack is the only dimension, as each combination is paid for as a metric of its own:
//! what else tells lines apart is in the line, for queries over the logs.

use serde_json::{Value, json};

/// The line that `fields` make, an object of which those that `metrics` names are numbers and
/// become metrics of `stack`. Fields that are null are left out.
pub fn line(mut fields: Value, metrics: &[&str], stack: &str, timestamp_millis: i64) -> Value {
    let metrics: Vec<_> = metrics.iter().map(|name| json!({"Name": name})).collect();
    fields["Stack"] = json!(stack);
    fields["_aws"] = json!({
        "Timestamp": timestamp_millis,
        "CloudWatchMetrics": [
            {"Namespace": "Verv", "Dimensions": [["Stack"]], "Metrics": metrics},
        ],
    });
    if let Value::Object(fields) = &mut fields {
        fields.retain(|_, value| !value.is_null());
    }
    fields
}
