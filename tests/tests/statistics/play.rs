//! Plays a history: what happens, when, and on whose clock.

use super::check;
use chrono::{DateTime, TimeDelta, Utc};
use local::engine::Engine;
use domain::attribution::Visitor;
use domain::code_record::CodeTerms;
use domain::{AttributionId, Code, CodeId, MemberId, MentorId, OrgId};
use store::aggregate::SAFETY_MARGIN;
use store::attributions::{Click, Confirmation};
use store::codes::{Issued, Keep};
use store::{Answer, Table};
use std::sync::Arc;
use tests::Verv;
use tests::functions::SCHEDULED;
use tests::gate::{Gate, Stop};
use tests::policy::{as_function, enforced};

/// One thing that happens. Skews and waits are in milliseconds.
#[derive(Debug, Clone)]
pub(crate) enum Operation {
    IssueCode {
        mentor: usize,
        org: usize,
    },
    RotateCode(usize),
    DeleteCode(usize),
    Click {
        code: usize,
        skew: i64,
        days_ago: i64,
    },
    Confirm {
        click: usize,
        member: usize,
        skew: i64,
    },
    DeleteClick {
        click: usize,
        skew: i64,
    },
    Wait(i64),
    Aggregate(i64),
    KillAggregation {
        stop: Stop,
        skew: i64,
    },
    OverlapAggregations {
        stop: Stop,
        skew: i64,
    },
    Check,
}

/// A platform with a history.
pub(crate) struct World {
    pub(crate) verv: Verv,
    gate: Gate,
    gated: Table,
    codes: Vec<(CodeId, Code, MentorId)>,
    clicks: Vec<(AttributionId, Code)>,
    pub(crate) seed: u64,
    calls_of_a_run: usize,
}

pub(crate) const MENTORS: [&str; 3] = ["usr_1", "usr_2", "usr_3"];
pub(crate) const ORGS: [&str; 2] = ["org_1", "org_2"];

impl World {
    pub(crate) async fn new(engine: Arc<Engine>, table: &str, seed: u64) -> Self {
        let plain = Gate::new().client(&engine.endpoint());
        let gate = Gate::new();
        let gated = Table::new(enforced(&gate.client(&engine.endpoint())), table);
        let verv = Verv::on(engine, plain, table, &[]).await;
        Self {
            verv,
            gate,
            gated,
            codes: Vec::new(),
            clicks: Vec::new(),
            seed,
            calls_of_a_run: 0,
        }
    }

    /// A little of everything, folded in part.
    pub(crate) async fn fill(&mut self) {
        for mentor in 0..3 {
            self.happens(&Operation::IssueCode {
                mentor,
                org: mentor % 2,
            })
            .await;
        }
        for at in 0..30 {
            let code = at;
            self.happens(&Operation::Click {
                code,
                skew: 0,
                days_ago: at as i64,
            })
            .await;
            self.happens(&Operation::Wait(500)).await;
        }
        for at in 0..6 {
            self.happens(&Operation::Confirm {
                click: at * 3,
                member: at,
                skew: 0,
            })
            .await;
        }
        self.happens(&Operation::DeleteClick { click: 3, skew: 0 })
            .await;
        self.happens(&Operation::DeleteClick { click: 4, skew: 0 })
            .await;
        self.happens(&Operation::Wait(65_000)).await;
    }

    async fn happens(&mut self, operation: &Operation) {
        self.play(operation).await.expect("only checks fail");
    }

    /// Plays one operation. Refusals are part of any history; a check that fails is not.
    pub(crate) async fn play(&mut self, operation: &Operation) -> Result<(), String> {
        let table = self.verv.app.table.clone();
        match operation {
            Operation::IssueCode { mentor, org } => self.issue(*mentor, *org).await,
            Operation::RotateCode(at) => {
                let Some((id, _, mentor)) = pick(&self.codes, *at) else {
                    return Ok(());
                };
                if let Ok(rotation) = table.rotate_code(id, &mentor, self.at(0)).await {
                    self.codes
                        .push((rotation.new.id, rotation.new.code, mentor));
                }
            }
            Operation::DeleteCode(at) => {
                let Some((id, ..)) = pick(&self.codes, *at) else {
                    return Ok(());
                };
                let _ = table.delete_code(id, self.at(0)).await;
            }
            Operation::Click {
                code,
                skew,
                days_ago,
            } => {
                let Some((_, code, _)) = pick(&self.codes, *code) else {
                    return Ok(());
                };
                let now = self.at(*skew);
                let click = Click {
                    code: code.folded(),
                    visitor: Visitor::default(),
                    occurred_at: (now - TimeDelta::days(*days_ago)).into(),
                    retention: None,
                };
                if let Ok(attribution) = table.record_click(click, now).await {
                    self.clicks.push((attribution.id, attribution.code));
                }
            }
            Operation::Confirm {
                click,
                member,
                skew,
            } => {
                let Some((id, code)) = pick(&self.clicks, *click) else {
                    return Ok(());
                };
                let now = self.at(*skew);
                let member: MemberId = format!("new_{member}").parse().expect("an id");
                let confirmation = Confirmation {
                    code: code.folded(),
                    member,
                    confirmed_at: now.into(),
                };
                let _ = table.confirm(id, &confirmation, now).await;
            }
            Operation::DeleteClick { click, skew } => {
                let Some((id, _)) = pick(&self.clicks, *click) else {
                    return Ok(());
                };
                let _ = table.delete_attribution(id, self.at(*skew)).await;
            }
            Operation::Wait(millis) => self
                .verv
                .app
                .clock
                .advance(TimeDelta::milliseconds(*millis)),
            Operation::Aggregate(skew) => {
                run(&table, self.at(*skew)).await;
                self.check_something().await?;
            }
            Operation::KillAggregation { stop, skew } => {
                self.gate.arm(*stop);
                tokio::select! {
                    () = run(&self.gated, self.at(*skew)) => {}
                    () = self.gate.stopped() => {}
                }
                self.calls_of_a_run = self.gate.calls();
                self.check_something().await?;
            }
            Operation::OverlapAggregations { stop, skew } => self.overlap(*stop, *skew).await?,
            Operation::Check => self.check_something().await?,
        }
        Ok(())
    }

    /// One run is held up at a call, another does its work meanwhile, and the first goes on.
    async fn overlap(&mut self, stop: Stop, skew: i64) -> Result<(), String> {
        self.gate.arm(stop);
        let slow = run(&self.gated, self.at(skew));
        let verv = &self.verv;
        let seed = self.seed;
        let gate = &self.gate;
        let meanwhile = async {
            gate.stopped().await;
            verv.clock.advance(TimeDelta::seconds(30));
            run(&verv.app.table, verv.now()).await;
            let checked = check::something(verv, seed).await;
            gate.release();
            checked
        };
        {
            tokio::pin!(slow, meanwhile);
            tokio::select! {
                // The run came to its end before it made that call.
                () = &mut slow => {}
                checked = &mut meanwhile => {
                    checked?;
                    slow.await;
                }
            }
        }
        self.check_something().await
    }

    async fn issue(&mut self, mentor: usize, org: usize) {
        let mentor: MentorId = MENTORS[mentor].parse().expect("an id");
        let org: OrgId = ORGS[org].parse().expect("an id");
        let now = self.at(0);
        let issued = std::sync::Mutex::new(None);
        let render = |made: &Issued| {
            if let Issued::Created(record) = made {
                *issued.lock().expect("no panic holds it") = Some(record.clone());
            }
            Answer {
                status: 201,
                location: None,
                body: String::new(),
            }
        };
        let keep = Keep {
            key: None,
            render: &render,
        };
        let table = &self.verv.app.table;
        let terms = CodeTerms::default();
        table
            .get_or_create_code(&mentor, &org, None, &terms, keep, now)
            .await
            .unwrap_or_else(|error| panic!("{error:?}"));
        if let Some(record) = issued.into_inner().expect("no panic holds it") {
            self.codes.push((record.id, record.code, mentor));
        }
    }

    /// The time on a clock that is `skew` milliseconds off.
    fn at(&self, skew: i64) -> DateTime<Utc> {
        self.verv.now() + TimeDelta::milliseconds(skew)
    }

    /// How many calls the last run behind the gate made.
    pub(crate) fn calls_of_a_run(&self) -> usize {
        self.calls_of_a_run
    }

    async fn check_something(&mut self) -> Result<(), String> {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        check::something(&self.verv, self.seed).await
    }

    /// Every statistic there is, the rankings too: all is folded.
    pub(crate) async fn check_everything(&self) -> Result<(), String> {
        check::everything(&self.verv).await
    }

    pub(crate) async fn drop_table(self) {
        let client = Gate::new().client(&self.verv.engine.endpoint());
        let _ = client
            .delete_table()
            .table_name(self.verv.store.table_name())
            .send()
            .await;
    }
}

async fn run(table: &Table, now: DateTime<Utc>) {
    let run = table.aggregate(now, SAFETY_MARGIN, || false);
    as_function(SCHEDULED, run)
        .await
        .expect("the engine answers");
}

/// Any of them; `at` may be any number.
fn pick<T: Clone>(from: &[T], at: usize) -> Option<T> {
    (!from.is_empty()).then(|| from[at % from.len()].clone())
}
