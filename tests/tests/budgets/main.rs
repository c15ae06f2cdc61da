//! The budgets of every request: sequential trips and capacity units, counted from what
//! DynamoDB reports, the same in a small table and in a large one.

mod bulk;
mod callers;
mod conversions;
mod events;
mod privacy;
mod terms;
mod webhooks;

use axum::http::Method;
use callers::Caller;
use chrono::TimeDelta;
use domain::ids::SHARDS;
use domain::{Code, MentorId, OrgId};
use serde_json::{Value, json};
use store::Usage;
use tests::{Reply, Verv, seed};

/// The most that a request may cost.
#[derive(Debug, Clone, Copy)]
struct Budget {
    trips: u32,
    read_units: f64,
    write_units: f64,
}

const fn budget(trips: u32, read_units: f64, write_units: f64) -> Budget {
    Budget {
        trips,
        read_units,
        write_units,
    }
}

const LOOKUP: Budget = budget(1, 2.0, 0.0);
const ACTIVE: Budget = budget(2, 2.0, 0.0);
const BY_ID: Budget = budget(2, 2.0, 0.0);
const CREATE: Budget = budget(2, 2.0, 14.0);
const RETIRE: Budget = budget(2, 2.0, 16.0);
const CLICK: Budget = budget(2, 1.0, 3.0);
const CONFIRM: Budget = budget(2, 2.0, 18.0);
const TOTAL: Budget = budget(2, 6.0, 0.0);
const LIST: Budget = budget(2, 16.0, 0.0);

/// Nearly all that there is.
const SPAN: &str = "from=2020-01-01T00:00:00Z&to=2026-03-26T11:30:00Z";

/// What each kind of request cost.
type Costs = Vec<(&'static str, Usage)>;

struct Measured {
    costs: Costs,
}

impl Measured {
    /// Takes a reply's cost, which must keep to `budget`.
    #[track_caller]
    fn take(&mut self, name: &'static str, budget: Budget, reply: &Reply) {
        assert!(
            reply.status.as_u16() < 400,
            "{name}: {} {}",
            reply.status,
            reply.text
        );
        let usage = reply.usage;
        assert!(
            usage.trips > 0
                && usage.trips <= budget.trips
                && usage.read_units <= budget.read_units
                && usage.write_units <= budget.write_units,
            "{name}: {:?} passes {budget:?}",
            reply.usage
        );
        self.costs.push((name, reply.usage));
    }
}

fn valid<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("valid")
}

/// A platform with `count` clicks and `count` codes of one mentor, all of them folded.
async fn filled(caller: Caller, count: usize) -> (Verv, String) {
    let verv = caller.platform().await;
    let (mentor, org): (MentorId, OrgId) = (valid("usr_4491"), valid("org_002"));
    let pair = json!({"mentor_id": "usr_4491", "org_id": "org_002", "prefix": "JAN-VERV"});
    let code = verv
        .post("/api/v1/referral-codes", pair)
        .await
        .expect(201)
        .string("/code");
    let client = local::engine::client(&verv.engine.endpoint());
    let code_value: Code = valid(&code);
    let long_ago = verv.now() - TimeDelta::hours(1);
    let clicks = seed::clicks(
        &mentor,
        &org,
        &code_value,
        count,
        long_ago,
        TimeDelta::minutes(1),
    );
    seed::write(&client, "verv", clicks).await;
    seed::write(
        &client,
        "verv",
        seed::inactive_codes(&mentor, &org, count, long_ago),
    )
    .await;
    verv.clock.advance(TimeDelta::minutes(5));
    assert!(verv.aggregate().await.run.is_complete());
    (verv, code)
}

/// Every request of the three public contracts and the redirect, in a table of that size.
async fn measure(caller: Caller, count: usize) -> Costs {
    let (verv, code) = filled(caller, count).await;
    // What a process holds for some seconds is read: a key, as well.
    verv.get("/api/v1/referral-codes?limit=1").await.expect(200);
    let mut measured = Measured {
        costs: Costs::new(),
    };
    reads(&verv, &code, &mut measured).await;
    writes(&verv, &code, &mut measured).await;
    terms::counted(&verv, &mut measured).await;
    terms::limited(&verv, &code, &mut measured).await;
    events::polled(&verv, &mut measured).await;
    // What staff and servers alone may, even where the API is public.
    let verv = match caller {
        Caller::Server => verv,
        Caller::Public | Caller::Staff => verv.as_platform(),
    };
    webhooks::registered(&verv, &mut measured).await;
    // A person's data is for people: no API key opens it.
    if caller != Caller::Server {
        privacy::erasures(&verv, &mut measured).await;
    }
    measured.costs
}

async fn reads(verv: &Verv, code: &str, measured: &mut Measured) {
    let codes = "/api/v1/referral-codes";
    let records = "/api/v1/referral-code-records";
    let attributions = "/api/v1/referral-attributions";
    let pair = "mentor_id=usr_4491&org_id=org_002";
    let lookup = verv.get(&format!("{records}/lookup?code={code}")).await;
    let id = lookup.string("/id");
    measured.take("lookup by code", LOOKUP, &lookup);
    let attribution = verv
        .get(&format!("{attributions}?limit=1"))
        .await
        .string("/data/0/id");
    let requests = [
        ("active code", ACTIVE, format!("{records}/active?{pair}")),
        ("record by id", BY_ID, format!("{records}/{id}")),
        ("code by id", BY_ID, format!("{codes}/{id}")),
        ("url of a code", BY_ID, format!("{codes}/{id}/url")),
        ("QR of a code", BY_ID, format!("{codes}/{id}/qr")),
        ("share page", LOOKUP, format!("/s/{code}")),
        ("picture of a share page", LOOKUP, format!("/s/{code}/qr")),
        (
            "attribution by id",
            BY_ID,
            format!("{attributions}/{attribution}"),
        ),
        (
            "total",
            TOTAL,
            format!("{attributions}/mentor/usr_4491/total"),
        ),
        (
            "total 7d",
            TOTAL,
            format!("{attributions}/mentor/usr_4491/total?period=7d"),
        ),
        (
            "total 90d",
            TOTAL,
            format!("{attributions}/mentor/usr_4491/total?period=90d"),
        ),
        (
            "total mtd",
            TOTAL,
            format!("{attributions}/mentor/usr_4491/total?period=mtd"),
        ),
        (
            "total ytd",
            TOTAL,
            format!("{attributions}/mentor/usr_4491/total?period=ytd"),
        ),
        (
            "total in org",
            TOTAL,
            format!("{attributions}/mentor/usr_4491/total?org_id=org_002"),
        ),
        (
            "stats of a code",
            budget(2, 7.0, 0.0),
            format!("{codes}/{id}/stats"),
        ),
        (
            "series",
            budget(2, 8.0, 0.0),
            format!("{attributions}/mentor/usr_4491/timeseries?period=90d"),
        ),
        (
            "total of an org",
            TOTAL,
            format!("{attributions}/total?org_id=org_002"),
        ),
        (
            "total 90d of an org",
            TOTAL,
            format!("{attributions}/total?org_id=org_002&period=90d"),
        ),
        (
            "series of an org",
            budget(2, 8.0, 0.0),
            format!("{attributions}/timeseries?org_id=org_002&period=90d"),
        ),
        (
            "leaderboard",
            budget(1, 2.0, 0.0),
            format!("{attributions}/leaderboard?org_id=org_002"),
        ),
        ("records", LIST, records.to_owned()),
        (
            "records of an org",
            LIST,
            format!("{records}?org_id=org_002"),
        ),
        (
            "records of a mentor",
            LIST,
            format!("{records}?mentor_id=usr_4491"),
        ),
        (
            "inactive records",
            LIST,
            format!("{records}?status=inactive"),
        ),
        ("codes", LIST, codes.to_owned()),
        ("codes by code", LIST, format!("{codes}?code={code}")),
        ("attributions", LIST, attributions.to_owned()),
        (
            "attributions of an org",
            LIST,
            format!("{attributions}?org_id=org_002"),
        ),
        (
            "attributions of a code",
            LIST,
            format!("{attributions}?code={code}"),
        ),
        (
            "pending attributions",
            LIST,
            format!("{attributions}?status=pending"),
        ),
        (
            "attributions of a mentor",
            LIST,
            format!("{attributions}/mentor/usr_4491"),
        ),
        (
            "attributions of a pair",
            LIST,
            format!("{attributions}?{pair}"),
        ),
        (
            "records of a span",
            LIST,
            format!("{records}?org_id=org_002&{SPAN}"),
        ),
        (
            "attributions of a span",
            LIST,
            format!("{attributions}?{SPAN}"),
        ),
        (
            "attributions of a code in a span",
            LIST,
            format!("{attributions}?code={code}&{SPAN}"),
        ),
    ];
    for (name, budget, path) in requests {
        measured.take(name, budget, &verv.get(&path).await);
    }
}

async fn writes(verv: &Verv, code: &str, measured: &mut Measured) {
    let codes = "/api/v1/referral-codes";
    let records = "/api/v1/referral-code-records";
    let attributions = "/api/v1/referral-attributions";
    let existing = json!({"mentor_id": "usr_4491", "org_id": "org_002"});
    let found = verv.post(codes, existing).await;
    measured.take("get-or-create, existing", ACTIVE, &found);
    let new = |mentor: &str| json!({"mentor_id": mentor, "org_id": "org_002"});
    let made = verv.post(codes, new("usr_1")).await;
    measured.take("get-or-create, new", CREATE, &made);
    let with_key = &[("idempotency-key", "k1")];
    let kept = verv
        .call(Method::POST, codes, with_key, Some(new("usr_2")))
        .await;
    measured.take("get-or-create with a key", CREATE, &kept);
    bulk::made_and_found(verv, measured).await;
    let with_code = json!({"mentor_id": "usr_3", "org_id": "org_002", "code": "SUMMER-2026"});
    let record = verv.post(records, with_code).await;
    measured.take("create record", CREATE, &record);

    let path = |base: &str, reply: &Reply| format!("{base}/{}", reply.string("/id"));
    let rotation = json!({"mentor_id": "usr_1", "action": "rotate"});
    let rotated = verv.put(&path(codes, &made), rotation).await;
    measured.take("rotate", RETIRE, &rotated);
    measured.take(
        "invalidate",
        RETIRE,
        &verv.delete(&path(codes, &rotated)).await,
    );
    let inactive = json!({"status": "inactive"});
    measured.take(
        "deactivate",
        RETIRE,
        &verv.put(&path(records, &record), inactive).await,
    );
    measured.take(
        "delete a record",
        RETIRE,
        &verv.delete(&path(records, &kept)).await,
    );

    // The contract's own example.
    let body = json!({
        "code": code,
        "ip_address": "185.12.34.56",
        "user_agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0)",
        "referrer_url": "https://instagram.com",
        "occurred_at": "2026-03-20T14:22:00Z",
    });
    let click = verv.post(attributions, body).await;
    measured.take("record a click", CLICK, &click);
    measured.take("redirect", CLICK, &verv.get(&format!("/r/{code}")).await);
    let confirmation: Value = json!({"code": code, "new_member_id": "usr_5892"});
    let confirmed = verv
        .put(&path(attributions, &click), confirmation.clone())
        .await;
    measured.take("confirm", CONFIRM, &confirmed);
    let again = verv.put(&path(attributions, &click), confirmation).await;
    measured.take("confirm again", CONFIRM, &again);
    conversions::reported(verv, measured, code).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_keeps_to_its_budget_and_costs_no_more_in_a_larger_table() {
    measure(Caller::Public, 100).await;
    let small = measure(Caller::Public, 1_000).await;
    let large = measure(Caller::Public, 20_000).await;
    for ((name, small), (same, large)) in small.iter().zip(&large) {
        assert_eq!(name, same);
        // What a query reads is rounded up per shard: its records are not all of one length. The
        // feed of events reads strongly, at twice the units.
        let rounding = match *name {
            "events" => 4.0,
            _ if small.calls >= u32::from(SHARDS) => 2.0,
            _ => 0.0,
        };
        assert!(
            large.trips <= small.trips
                && large.read_units <= small.read_units + rounding
                && large.write_units <= small.write_units,
            "{name}: {small:?} with 1,000 records, {large:?} with 20,000"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_tokens_and_with_api_keys_the_budgets_are_the_same() {
    let public = measure(Caller::Public, 100).await;
    for caller in [Caller::Staff, Caller::Server] {
        let costs = measure(caller, 100).await;
        let of_people = if caller == Caller::Server { 4 } else { 0 };
        assert_eq!(costs.len() + of_people, public.len(), "{caller:?}");
    }
}
