//! The policies of `template.yaml` against the DynamoDB calls that functions make: actions, on
//! the table or an index, under the prefixes of partition keys.
//!
//! What the harness's platform calls for a route is held against the policy of that route's
//! function, in every test: a call that AWS would deny ends the request in a panic.

use crate::template::{Template, routes};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};
use std::fmt::{self, Debug, Formatter};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

/// One permission.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// `None` is the table itself.
    pub index: Option<String>,
    /// `dynamodb:GetItem`.
    pub action: String,
    /// Whether it is part of a transaction, as `dynamodb:EnclosingOperation` says.
    pub in_transaction: bool,
    /// What IAM's `dynamodb:LeadingKeys` compares: `CODE#*`, or a whole key where it holds no
    /// `#`.
    pub keys: String,
}

/// What a policy allows, or what calls need.
pub type Permissions = BTreeSet<Permission>;

/// What the policy of a function of the template allows of DynamoDB.
///
/// # Panics
/// On a statement that is bound to no key, or not to a restored table where there is one. On an
/// action whose keys are spread over statements: a call with keys of both matches neither.
#[must_use]
pub fn allowed(function: &Value) -> Permissions {
    // Without a policy, nothing is allowed.
    let policies = function["Properties"]["Policies"].as_array();
    let statements = policies
        .into_iter()
        .flatten()
        .flat_map(|policy| policy["Statement"].as_array().into_iter().flatten());
    let mut allowed = Permissions::new();
    let mut seen = BTreeSet::new();
    for statement in statements {
        // Granted on a condition of the template: held as if it were met.
        let statement = match &statement["Fn::If"] {
            Value::Null => statement,
            choice => &choice[1],
        };
        let actions = list(&statement["Action"]);
        if !actions.iter().any(|action| action.starts_with("dynamodb:")) {
            continue;
        }
        assert_eq!(statement["Effect"], "Allow");
        let condition = &statement["Condition"];
        let keys = &condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
        assert!(!keys.is_null(), "{statement} is bound to no key");
        let enclosing = &condition["ForAnyValue:StringEquals"]["dynamodb:EnclosingOperation"];
        let in_transaction = *enclosing == "TransactWriteItems";
        assert!(in_transaction || enclosing.is_null(), "{statement}");
        let index = index(&statement["Resource"]);
        for action in actions {
            let is_first = seen.insert((index.clone(), action.clone(), in_transaction));
            assert!(is_first, "{action} of {index:?} is in two statements");
            for keys in list(keys) {
                allowed.insert(Permission {
                    index: index.clone(),
                    action: action.clone(),
                    in_transaction,
                    keys,
                });
            }
        }
    }
    allowed
}

/// The index that a resource names, or `None` for the table.
fn index(resource: &Value) -> Option<String> {
    let (table, index) = match &resource["Fn::Sub"] {
        Value::Null => (resource, None),
        name_in => {
            let index = name_in[0].as_str().expect("a text");
            let index = index.strip_prefix("${TableArn}/index/").expect("an index");
            (&name_in[1]["TableArn"], Some(index.to_owned()))
        }
    };
    assert_eq!(table["Fn::If"][0], "IsRestored", "{resource}");
    index
}

fn list(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(list).collect(),
        Value::String(text) => vec![text.clone()],
        other => panic!("{other} is no text"),
    }
}

/// The permissions that one call to DynamoDB needs.
///
/// # Panics
/// On an operation that no permission is known for: it must be added here.
#[must_use]
pub fn needed(request: &HttpRequest) -> Vec<Permission> {
    let target = request.headers().get("x-amz-target").unwrap_or("");
    let operation = target.rsplit('.').next().unwrap_or("");
    let body = request.body().bytes().unwrap_or_default();
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    match operation {
        "GetItem" | "DeleteItem" | "UpdateItem" => vec![on_table(operation, &body["Key"])],
        "PutItem" => vec![on_table(operation, &body["Item"])],
        "Query" => {
            let key = &body["ExpressionAttributeValues"][":pk"]["S"];
            let index = body["IndexName"].as_str().map(ToOwned::to_owned);
            vec![permission(operation, index, key)]
        }
        "BatchGetItem" => values(&body["RequestItems"])
            .flat_map(|table| table["Keys"].as_array().into_iter().flatten())
            .map(|key| on_table(operation, key))
            .collect(),
        "TransactWriteItems" => in_transaction(&body["TransactItems"]),
        other => panic!("no permission is known for {other}"),
    }
}

/// The permissions that a transaction needs: every action under every key. Nothing documents
/// whether an action is compared with the key of its own write or with those of all writes, so
/// a policy must satisfy both.
fn in_transaction(writes: &Value) -> Vec<Permission> {
    let writes: Vec<_> = (writes.as_array().into_iter().flatten())
        .flat_map(|write| write.as_object().into_iter().flatten())
        .map(|(kind, write)| match kind.as_str() {
            "Put" => on_table("PutItem", &write["Item"]),
            "Update" => on_table("UpdateItem", &write["Key"]),
            "Delete" => on_table("DeleteItem", &write["Key"]),
            "ConditionCheck" => on_table("ConditionCheckItem", &write["Key"]),
            other => panic!("{other} in a transaction"),
        })
        .collect();
    let with_keys_of = |write: &Permission, other: &Permission| Permission {
        in_transaction: true,
        keys: other.keys.clone(),
        ..write.clone()
    };
    (writes.iter())
        .flat_map(|write| writes.iter().map(|other| with_keys_of(write, other)))
        .collect()
}

fn values(object: &Value) -> impl Iterator<Item = &Value> {
    object.as_object().into_iter().flat_map(Map::values)
}

fn on_table(operation: &str, key: &Value) -> Permission {
    permission(operation, None, &key["pk"]["S"])
}

fn permission(operation: &str, index: Option<String>, key: &Value) -> Permission {
    let key = key.as_str().expect("a partition key");
    Permission {
        action: format!("dynamodb:{operation}"),
        in_transaction: false,
        index,
        keys: match key.split_once('#') {
            Some((kind, _)) => format!("{kind}#*"),
            None => key.to_owned(),
        },
    }
}

/// What the template grants, read once.
struct Grants {
    /// By the function's binary.
    permissions: HashMap<String, Permissions>,
    /// Method and path to the function's binary.
    functions: HashMap<(String, String), String>,
}

static GRANTS: LazyLock<Grants> = LazyLock::new(|| {
    let template = Template::read();
    let functions = template.functions();
    let by_route = functions.iter().flat_map(|(name, function)| {
        let routes = routes(function).into_iter();
        routes.map(|route| (route, (*name).to_owned()))
    });
    Grants {
        functions: by_route.collect(),
        permissions: (functions.iter())
            .map(|(name, function)| ((*name).to_owned(), allowed(function)))
            .collect(),
    }
});

tokio::task_local! {
    /// The function that makes the calls.
    static FUNCTION: &'static str;
}

/// Runs `work` as `function` of the template does: with its permissions and no others.
pub async fn as_function<F: Future>(function: &'static str, work: F) -> F::Output {
    FUNCTION.scope(function, work).await
}

/// Answers a request with the permissions of its route's function.
pub(crate) async fn as_its_function(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| {
        let method = request.method().as_str().to_owned();
        let path = path.as_str();
        (method, path.strip_suffix('/').unwrap_or(path).to_owned())
    });
    match route.and_then(|route| GRANTS.functions.get(&route)) {
        Some(function) => as_function(function, next.run(request)).await,
        // A method that the route does not take reaches no function.
        None => next.run(request).await,
    }
}

/// `client`, whose calls are held against the policy of the function that makes them. What a
/// test itself calls is not.
#[must_use]
pub fn enforced(client: &Client) -> Client {
    watched(client, |request| {
        let Ok(function) = FUNCTION.try_with(|function| *function) else {
            return;
        };
        let allowed = &GRANTS.permissions[function];
        for permission in needed(request) {
            assert!(
                allowed.contains(&permission),
                "the policy of {function} does not allow {permission:?}"
            );
        }
    })
}

/// What calls were seen to need. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Recorder(Arc<Mutex<Permissions>>);

impl Recorder {
    /// `client`, whose calls are recorded.
    #[must_use]
    pub fn record(&self, client: &Client) -> Client {
        let recorder = self.clone();
        watched(client, move |request| {
            recorder.lock().extend(needed(request));
        })
    }

    /// What was needed so far.
    #[must_use]
    pub fn seen(&self) -> Permissions {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Permissions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `client`, each of whose requests `look` sees before it is sent.
fn watched(client: &Client, look: impl Fn(&HttpRequest) + Send + Sync + 'static) -> Client {
    let watch = Watch(Box::new(look));
    Client::from_conf(client.config().to_builder().interceptor(watch).build())
}

struct Watch(Box<dyn Fn(&HttpRequest) + Send + Sync>);

impl Debug for Watch {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("Watch")
    }
}

impl Intercept for Watch {
    fn name(&self) -> &'static str {
        "Watch"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        (self.0)(context.request());
        Ok(())
    }
}
