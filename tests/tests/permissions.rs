//! Each function's policy in `template.yaml` against the DynamoDB calls that it makes: the
//! actions, on the table or an index, under the prefixes of the partition keys. The policy
//! allows exactly these. Where it does not, the test prints the statements that would.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use chrono::TimeDelta;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use shared::http::App;
use shared::store::Table;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use tests::functions::{SCHEDULED, http_functions};
use tests::recorder::{Permission, Recorder};
use tests::template::{Template, repository, routes};
use tests::{Verv, template};
use tower::ServiceExt;

type Permissions = BTreeSet<Permission>;

/// What the template allows already for parts that come with a later merge: nothing of it is
/// called yet. Empty as soon as the programs are there.
fn to_come(permission: &Permission) -> bool {
    let programs_are_here = repository().join("functions/programs").exists();
    !programs_are_here && ["PRG#*", "MISS#*"].contains(&permission.keys.as_str())
}

/// Every function, each with a recorder of its own, over one table.
struct Platform {
    verv: Verv,
    functions: Vec<(&'static str, Router, BTreeSet<template::Route>, Recorder)>,
    scheduled: (App, Recorder),
}

impl Platform {
    async fn start() -> Self {
        let verv = Verv::start().await;
        let deployed = Template::read();
        let recorded = || {
            let recorder = Recorder::new();
            let client = recorder.client(&verv.engine.endpoint());
            let app = App {
                table: Table::new(client, "verv"),
                ..verv.app.clone()
            };
            (app, recorder)
        };
        let mut functions = Vec::new();
        for (name, router) in http_functions() {
            let (app, recorder) = recorded();
            app.table.warm_up().await;
            let router = shared::http::finish(router, app);
            functions.push((name, router, routes(deployed.function(name)), recorder));
        }
        let scheduled = recorded();
        scheduled.0.table.warm_up().await;
        Self {
            functions,
            scheduled,
            verv,
        }
    }

    /// Sends a request to the function whose route it takes.
    #[track_caller]
    fn call<'p>(
        &'p self,
        request: &str,
        headers: &'p [(&'p str, &'p str)],
        body: Value,
        status: u16,
    ) -> impl Future<Output = Value> + 'p {
        let (method, path) = request.split_once(' ').expect("a method and a path");
        let plain = path.split('?').next().unwrap_or(path);
        let takes = |(wanted, pattern): &template::Route| wanted == method && fits(pattern, plain);
        let found = self
            .functions
            .iter()
            .find(|(_, _, routes, _)| routes.iter().any(takes));
        let router = found
            .unwrap_or_else(|| panic!("no route for {request}"))
            .1
            .clone();
        let request_line = request.to_owned();
        let mut request = Request::builder()
            .method(method.parse::<Method>().expect("a method"))
            .uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        };
        let request = request.body(body).expect("a request");
        async move {
            let answer = router.oneshot(request).await.expect("infallible");
            let answered = answer.status();
            let body = answer
                .into_body()
                .collect()
                .await
                .expect("a body")
                .to_bytes();
            let text = String::from_utf8_lossy(&body);
            assert_eq!(answered.as_u16(), status, "{request_line}: {text}");
            serde_json::from_slice(&body).unwrap_or_default()
        }
    }

    async fn get(&self, path: &str) -> Value {
        self.call(&format!("GET {path}"), &[], Value::Null, 200)
            .await
    }

    async fn aggregate(&self) {
        let (app, _) = &self.scheduled;
        let report = stats_aggregator::aggregate(app, || false).await;
        report.expect("the engine answers");
    }

    fn wait(&self, time: TimeDelta) {
        self.verv.app.clock.advance(time);
    }
}

/// Whether `path` is one of those that `pattern` stands for; `lookup` is no `{id}`.
fn fits(pattern: &str, path: &str) -> bool {
    let words = ["active", "lookup", "leaderboard"];
    pattern.split('/').count() == path.split('/').count()
        && pattern
            .split('/')
            .zip(path.split('/'))
            .all(|(wanted, given)| {
                wanted == given || (wanted.starts_with('{') && !words.contains(&given))
            })
}

const RECORDS: &str = "/api/v1/referral-code-records";
const CODES: &str = "/api/v1/referral-codes";
const ATTRIBUTIONS: &str = "/api/v1/referral-attributions";

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().expect("text").to_owned()
}

/// Makes, finds, lists and retires codes.
async fn codes(platform: &Platform) {
    for (base, extra) in [
        (CODES, json!({"prefix": "JAN"})),
        (RECORDS, json!({"code": "SUMMER-26"})),
    ] {
        let with = |mentor: &str, more: &Value| {
            let mut body = json!({"mentor_id": mentor, "org_id": "org_002"});
            for (name, value) in more.as_object().into_iter().flatten() {
                body[name] = value.clone();
            }
            body
        };
        let post = format!("POST {base}");
        let mentor = format!("usr_{}", base.len());
        let made = platform.call(&post, &[], with(&mentor, &extra), 201).await;
        let id = text(&made, "id");
        let again = if base == CODES { 200 } else { 409 };
        platform
            .call(&post, &[], with(&mentor, &extra), again)
            .await;
        let key = [("idempotency-key", base)];
        let other = if base == CODES {
            json!({})
        } else {
            json!({"code": "WINTER-26"})
        };
        for _ in 0..2 {
            platform
                .call(&post, &key, with("usr_with_key", &other), 201)
                .await;
            platform.wait(TimeDelta::seconds(1));
            if base == CODES {
                let kept = [("idempotency-key", "existing")];
                platform
                    .call(&post, &kept, with("usr_with_key", &other), 200)
                    .await;
            }
        }
        platform.get(&format!("{base}/{id}")).await;
        let code = text(&made, "code");
        let pair = format!("mentor_id={mentor}&org_id=org_002");
        for filter in [
            "status=active",
            "status=inactive",
            "mentor_id=usr_1",
            "org_id=org_002",
            "page=2",
        ] {
            platform.get(&format!("{base}?{filter}")).await;
        }
        for filter in [String::new(), pair.clone(), format!("code={code}")] {
            platform.get(&format!("{base}?{filter}")).await;
        }
        if base == CODES {
            platform.get(&format!("{base}/{id}/url")).await;
            for period in ["all_time", "30d", "ytd"] {
                platform
                    .get(&format!("{base}/{id}/stats?period={period}"))
                    .await;
            }
            let rotation = json!({"mentor_id": mentor, "action": "rotate"});
            let rotated = platform
                .call(&format!("PUT {base}/{id}"), &[], rotation, 200)
                .await;
            let id = text(&rotated, "id");
            platform
                .call(&format!("DELETE {base}/{id}"), &[], Value::Null, 200)
                .await;
        } else {
            platform.get(&format!("{base}/active?{pair}")).await;
            platform.get(&format!("{base}/lookup?code={code}")).await;
            platform
                .call(
                    &format!("GET {base}/lookup?code=NO-SUCH"),
                    &[],
                    Value::Null,
                    404,
                )
                .await;
            let inactive = json!({"status": "inactive"});
            platform
                .call(&format!("PUT {base}/{id}"), &[], inactive, 200)
                .await;
            platform
                .call(&format!("DELETE {base}/{id}"), &[], Value::Null, 200)
                .await;
        }
        let record = text(
            &platform
                .get(&format!("{base}?mentor_id=usr_with_key"))
                .await["data"][0],
            "id",
        );
        // An active one is deleted together with its pair's entry.
        platform
            .call(&format!("DELETE {base}/{record}"), &[], Value::Null, 200)
            .await;

        // An expired one makes room for the next.
        let soon = platform.verv.now() + TimeDelta::minutes(1);
        let expiring_mentor = format!("expiring_{mentor}");
        let mut expiring = extra.clone();
        expiring["expires_at"] = json!(soon.to_rfc3339());
        if base == RECORDS {
            expiring["code"] = json!("EXPIRING-26");
        }
        platform
            .call(&post, &[], with(&expiring_mentor, &expiring), 201)
            .await;
        platform.wait(TimeDelta::minutes(2));
        let next = if base == CODES {
            json!({})
        } else {
            json!({"code": "NEXT-26"})
        };
        platform
            .call(&post, &[], with(&expiring_mentor, &next), 201)
            .await;
    }
}

/// Clicks, confirms, deletes, counts.
async fn attributions(platform: &Platform) {
    let new = json!({"mentor_id": "usr_4491", "org_id": "org_002", "max_referrals": 5});
    let code = text(
        &platform.call(&format!("POST {CODES}"), &[], new, 201).await,
        "code",
    );
    let post = format!("POST {ATTRIBUTIONS}");
    let click = json!({"code": code});
    for _ in 0..2 {
        platform
            .call(&post, &[("idempotency-key", "click")], click.clone(), 201)
            .await;
    }
    platform
        .call(&post, &[], json!({"code": "NO-SUCH"}), 404)
        .await;
    for member in ["usr_1", "usr_2"] {
        let made = platform.call(&post, &[], click.clone(), 201).await;
        let path = format!("{ATTRIBUTIONS}/{}", text(&made, "id"));
        platform.get(&path).await;
        let confirmation = json!({"code": code, "new_member_id": member});
        for _ in 0..2 {
            platform
                .call(&format!("PUT {path}"), &[], confirmation.clone(), 200)
                .await;
        }
        if member == "usr_2" {
            platform
                .call(&format!("DELETE {path}"), &[], Value::Null, 200)
                .await;
        }
    }
    let pending = platform.call(&post, &[], click.clone(), 201).await;
    let pending = format!("DELETE {ATTRIBUTIONS}/{}", text(&pending, "id"));
    platform.call(&pending, &[], Value::Null, 200).await;

    let short = format!("/r/{code}");
    platform
        .call(&format!("GET {short}"), &[], Value::Null, 302)
        .await;
    platform
        .call(&format!("HEAD {short}"), &[], Value::Null, 302)
        .await;
    platform.call("GET /r/NO-SUCH", &[], Value::Null, 404).await;

    let filters = [
        "page=1",
        "status=pending",
        "mentor_id=usr_4491",
        "org_id=org_002",
        "mentor_id=usr_4491&org_id=org_002",
    ];
    for filter in filters {
        platform.get(&format!("{ATTRIBUTIONS}?{filter}")).await;
    }
    platform.get(&format!("{ATTRIBUTIONS}?code={code}")).await;
    let mentor = format!("{ATTRIBUTIONS}/mentor/usr_4491");
    platform.get(&mentor).await;
    for period in ["all_time", "7d", "30d", "90d", "mtd", "ytd"] {
        platform
            .get(&format!("{mentor}/total?period={period}"))
            .await;
        platform
            .get(&format!("{mentor}/total?period={period}&org_id=org_002"))
            .await;
    }
    platform
        .get(&format!("{mentor}/timeseries?period=90d"))
        .await;
    for period in ["all_time", "month", "previous_month"] {
        platform
            .get(&format!(
                "{ATTRIBUTIONS}/leaderboard?org_id=org_002&period={period}"
            ))
            .await;
    }
}

/// Folds, audits closed days, and finds a fact that came too late.
async fn aggregation(platform: &Platform) {
    platform.wait(TimeDelta::minutes(5));
    // A run that is out of time publishes how far the one before it came.
    let out_of_time = stats_aggregator::aggregate(&platform.scheduled.0, || true).await;
    out_of_time.expect("the engine answers");
    platform.aggregate().await;
    // A clock that lags by an hour leaves a fact behind the lane.
    platform.wait(TimeDelta::hours(-1));
    let code = text(
        &platform.get(&format!("{CODES}?mentor_id=usr_4491")).await["data"][0],
        "code",
    );
    platform
        .call(
            &format!("POST {ATTRIBUTIONS}"),
            &[],
            json!({"code": code}),
            201,
        )
        .await;
    platform.wait(TimeDelta::hours(1));
    for _ in 0..3 {
        platform.wait(TimeDelta::days(2));
        platform.aggregate().await;
    }
}

/// What the policy of a function allows of DynamoDB.
fn allowed(function: &Value) -> Permissions {
    let policies = function["Properties"]["Policies"]
        .as_array()
        .expect("policies");
    let statements = policies
        .iter()
        .flat_map(|policy| policy["Statement"].as_array().into_iter().flatten());
    let mut allowed = Permissions::new();
    for statement in statements {
        let actions = list(&statement["Action"]);
        if !actions.iter().any(|action| action.starts_with("dynamodb:")) {
            continue;
        }
        assert_eq!(statement["Effect"], "Allow");
        let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
        assert!(!keys.is_null(), "{statement} is bound to no key");
        let resource = &statement["Resource"];
        assert_eq!(resource["Fn::If"][0], "IsRestored", "{statement}");
        let resource = resource.to_string();
        let index = resource.split("/index/").nth(1).map(|rest| {
            let end = rest.find('"').expect("the end of the name");
            rest[..end].to_owned()
        });
        for action in actions {
            for keys in list(keys) {
                allowed.insert(Permission {
                    index: index.clone(),
                    action: action.clone(),
                    keys,
                });
            }
        }
    }
    allowed
}

fn list(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(list).collect(),
        Value::String(text) => vec![text.clone()],
        other => panic!("{other} is no text"),
    }
}

/// `needed` as the template spells it: one statement for all keys that take the same actions.
fn statements(needed: &Permissions) -> String {
    let mut actions: BTreeMap<(Option<&str>, &str), BTreeSet<&str>> = BTreeMap::new();
    for permission in needed {
        let at = (permission.index.as_deref(), permission.keys.as_str());
        actions.entry(at).or_default().insert(&permission.action);
    }
    let mut keys: BTreeMap<(Option<&str>, BTreeSet<&str>), BTreeSet<&str>> = BTreeMap::new();
    for ((index, prefix), actions) in actions {
        keys.entry((index, actions)).or_default().insert(prefix);
    }
    let mut yaml = String::new();
    for ((index, actions), keys) in keys {
        let arn = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${RestoredTable}";
        let resource = match index {
            None => format!("!If [IsRestored, !Sub \"{arn}\", !GetAtt Table.Arn]"),
            Some(index) => format!(
                "!If [IsRestored, !Sub \"{arn}/index/{index}\", !Sub \"${{Table.Arn}}/index/{index}\"]"
            ),
        };
        let actions = actions.into_iter().collect::<Vec<_>>().join(", ");
        let keys: Vec<_> = keys.iter().map(|key| format!("\"{key}\"")).collect();
        let keys = keys.join(", ");
        let written = write!(
            yaml,
            "            - Effect: Allow
              Action: [{actions}]
              Resource: {resource}
              Condition: {{ ForAllValues:StringLike: {{ dynamodb:LeadingKeys: [{keys}] }} }}
"
        );
        written.expect("a string takes everything");
    }
    yaml
}

#[tokio::test]
async fn every_policy_allows_exactly_what_its_function_does() {
    let platform = Platform::start().await;
    codes(&platform).await;
    attributions(&platform).await;
    aggregation(&platform).await;

    let template = Template::read();
    let mut recorded: Vec<(&str, Permissions)> = Vec::new();
    for (name, _, _, recorder) in &platform.functions {
        recorded.push((name, recorder.seen()));
    }
    recorded.push((SCHEDULED, platform.scheduled.1.seen()));
    let mut wrong = String::new();
    for (name, needed) in recorded {
        let allowed = allowed(template.function(name));
        let missing: Vec<_> = needed.difference(&allowed).collect();
        let unused = allowed.difference(&needed);
        let unused: Vec<_> = unused.filter(|permission| !to_come(permission)).collect();
        if !missing.is_empty() || !unused.is_empty() {
            let statements = statements(&needed);
            let written = write!(
                wrong,
                "\n{name}: missing {missing:?}, unused {unused:?}. It needs\n{statements}"
            );
            written.expect("a string takes everything");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A function that is not built yet has a policy all the same, bound to keys.
#[test]
fn every_policy_is_bound_to_keys() {
    let template = Template::read();
    for (name, function) in template.functions() {
        assert!(!allowed(function).is_empty(), "{name}");
    }
}
