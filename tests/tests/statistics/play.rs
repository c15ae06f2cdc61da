//! Plays a history: what happens, when, and on whose clock.

use super::bed::Bed;
use super::check;
use super::operation::Operation;
use super::scheduled::{audit, rebuild, run};
use chrono::{DateTime, TimeDelta, Utc};
use domain::attribution::Visitor;
use domain::click::Click;
use domain::codes::{Issued, WantedCode};
use domain::confirmation::Confirmation;
use domain::program::{EligibleUserTypes, ProgramTerms};
use domain::terms::RequestedTerms;
use domain::{AttributionId, Code, CodeId, MemberId, MentorId, OrgId, Program, ProgramId};
use store::UnscopedStore;
use store::attributions::Converted;
use store::fold::{Days, FoldPace};
use tests::functions::SCHEDULED;
use tests::gate::{Gate, Stop};
use tests::policy::as_function;
use tests::{EVERY_RUN, Verv};

/// A platform with a history.
pub(crate) struct World {
    pub(crate) verv: Verv,
    bed: Bed,
    gate: Gate,
    gated: UnscopedStore,
    /// One of each organisation.
    programs: Vec<ProgramId>,
    codes: Vec<(CodeId, Code, MentorId)>,
    clicks: Vec<(AttributionId, Code)>,
    pub(crate) seed: u64,
    steps: u32,
    is_killed: bool,
}

pub(crate) const MENTORS: [&str; 3] = ["usr_1", "usr_2", "usr_3"];
pub(crate) const ORGS: [&str; 2] = ["org_1", "org_2"];

impl World {
    /// A platform in a fresh table of the bed's engine.
    pub(crate) async fn on(bed: Bed, table: &str, seed: u64) -> Self {
        let gate = bed.gate();
        let gated = UnscopedStore::new(bed.gated_client(&gate), table);
        let verv = bed.platform(table).await;
        let mut programs = Vec::new();
        for org in ORGS {
            programs.push(make_program(&verv, org).await);
        }
        Self {
            verv,
            bed,
            gate,
            gated,
            programs,
            codes: Vec::new(),
            clicks: Vec::new(),
            seed,
            steps: 0,
            is_killed: false,
        }
    }

    /// A little of everything, folded in part.
    pub(crate) async fn fill(&mut self) {
        for mentor in 0..3 {
            self.happens(&Operation::IssueCode {
                mentor,
                org: mentor % 2,
                has_program: mentor == 0,
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
        for at in 0..4 {
            self.happens(&Operation::Convert {
                code: at,
                member: 10 + at,
                skew: 0,
                days_ago: at as i64,
            })
            .await;
        }
        self.happens(&Operation::DeleteClick { click: 31, skew: 0 })
            .await;
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
        self.steps += 1;
        self.bed.be_faulty(self.seed.rotate_left(self.steps));
        match operation {
            Operation::Wait(millis) => self.verv.clock.advance(TimeDelta::milliseconds(*millis)),
            Operation::Aggregate { skew, is_every_run } => {
                let pace = if *is_every_run {
                    EVERY_RUN
                } else {
                    FoldPace::default()
                };
                run(&self.verv.store, self.at(*skew), &pace).await;
                self.check_something().await?;
            }
            Operation::KillAggregation { stop, skew } => {
                let killed = run(&self.gated, self.at(*skew), &EVERY_RUN);
                self.is_killed = self.kill(*stop, killed).await;
                self.check_something().await?;
            }
            Operation::OverlapAggregations { stop, skew } => self.overlap(*stop, *skew).await?,
            Operation::Audit => audit(&self.verv.store, self.at(0)).await?,
            Operation::KillAudit(stop) => {
                let killed = audit(&self.gated, self.at(0));
                self.kill(*stop, killed).await;
            }
            Operation::Rebuild => {
                rebuild(&self.verv.store, self.at(0)).await;
                self.check_something().await?;
            }
            Operation::KillRebuild(stop) => {
                let killed = rebuild(&self.gated, self.at(0));
                self.kill(*stop, killed).await;
                self.check_something().await?;
            }
            Operation::Check => self.check_something().await?,
            Operation::IssueCode {
                mentor,
                org,
                has_program,
            } => {
                let program = has_program.then(|| self.programs[*org]);
                self.issue(*mentor, *org, program).await;
            }
            operation => self.change(operation).await,
        }
        Ok(())
    }

    /// Lets `work` go on until its call `stop`, and no further. Says whether it made that call.
    async fn kill(&self, stop: Stop, work: impl Future) -> bool {
        self.gate.arm(stop);
        tokio::select! {
            _ = work => false,
            () = self.gate.stopped() => true,
        }
    }

    /// Plays what a caller does.
    async fn change(&mut self, operation: &Operation) {
        let store = self.verv.unrestricted();
        match operation {
            Operation::RotateCode(at) => {
                if let Some((id, _, mentor)) = pick(&self.codes, *at)
                    && let Ok(rotation) = store.rotate_code(id, &mentor, self.at(0)).await
                {
                    let new = rotation.new;
                    self.codes.push((new.id, new.code, mentor));
                }
            }
            Operation::DeleteCode(at) => {
                if let Some((id, ..)) = pick(&self.codes, *at) {
                    let _ = store.delete_code(id, self.at(0)).await;
                }
            }
            Operation::Click {
                code,
                skew,
                days_ago,
            } => {
                let Some((_, code, _)) = pick(&self.codes, *code) else {
                    return;
                };
                let now = self.at(*skew);
                let click = Click {
                    code: code.folded(),
                    visitor: Visitor::default(),
                    occurred_at: Some((now - TimeDelta::days(*days_ago)).into()),
                    recorded_by: domain::CallerKind::Platform,
                    retention: None,
                };
                if let Ok(recorded) = store.record_click(click, None, now).await {
                    self.clicks.push((recorded.value.id, recorded.value.code));
                }
            }
            Operation::Confirm {
                click,
                member,
                skew,
            } => {
                let Some((id, code)) = pick(&self.clicks, *click) else {
                    return;
                };
                let now = self.at(*skew);
                let confirmation = Confirmation {
                    code: code.folded(),
                    member: member_id(*member),
                    confirmed_at: Some(now.into()),
                };
                let _ = store.confirm(id, confirmation, now).await;
            }
            Operation::Convert {
                code,
                member,
                skew,
                days_ago,
            } => {
                let Some((_, code, _)) = pick(&self.codes, *code) else {
                    return;
                };
                let now = self.at(*skew);
                let confirmation = Confirmation {
                    code: code.folded(),
                    member: member_id(*member),
                    confirmed_at: Some((now - TimeDelta::days(*days_ago)).into()),
                };
                let converted = store.convert_by_code(confirmation, None, now).await;
                if let Ok(Converted::New(made)) = converted.map(|reply| reply.value) {
                    self.clicks.push((made.id, made.code));
                }
            }
            Operation::DeleteClick { click, skew } => {
                if let Some((id, _)) = pick(&self.clicks, *click) {
                    let _ = store.delete_attribution(id, self.at(*skew)).await;
                }
            }
            other => unreachable!("{other:?} is no caller's"),
        }
    }

    /// One run is held up at a call, another does its work meanwhile, and the first goes on.
    async fn overlap(&mut self, stop: Stop, skew: i64) -> Result<(), String> {
        self.gate.arm(stop);
        let slow = run(&self.gated, self.at(skew), &EVERY_RUN);
        let verv = &self.verv;
        let (seed, bed, gate) = (self.seed, &self.bed, &self.gate);
        let programs = &self.programs;
        let meanwhile = async {
            gate.stopped().await;
            verv.clock.advance(TimeDelta::seconds(30));
            run(&verv.store, verv.now(), &EVERY_RUN).await;
            bed.settle(&verv.clock);
            let checked = check::something(verv, programs, seed).await;
            gate.release();
            checked
        };
        {
            tokio::pin!(slow, meanwhile);
            tokio::select! {
                // The run came to its end before it made that call.
                _ = &mut slow => {}
                checked = &mut meanwhile => {
                    checked?;
                    slow.await;
                }
            }
        }
        self.check_something().await
    }

    async fn issue(&mut self, mentor: usize, org: usize, program: Option<ProgramId>) {
        let mentor: MentorId = MENTORS[mentor].parse().expect("an id");
        let org: OrgId = ORGS[org].parse().expect("an id");
        let wanted = WantedCode {
            mentor: mentor.clone(),
            org,
            prefix: None,
            terms: RequestedTerms {
                program,
                ..RequestedTerms::default()
            },
        };
        let store = self.verv.unrestricted();
        let issued = store.get_or_create_code(wanted, None, self.at(0)).await;
        if let Ok(Issued::Created(record)) = issued.map(|reply| reply.value) {
            self.codes.push((record.id, record.code, mentor));
        }
    }

    /// The time on a clock that is `skew` milliseconds off.
    fn at(&self, skew: i64) -> DateTime<Utc> {
        self.verv.now() + TimeDelta::milliseconds(skew)
    }

    /// Whether the last run that was to be killed came so far.
    pub(crate) fn is_killed(&self) -> bool {
        self.is_killed
    }

    async fn check_something(&mut self) -> Result<(), String> {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        self.bed.settle(&self.verv.clock);
        check::something(&self.verv, &self.programs, self.seed).await
    }

    /// Folds everything there is, without any trouble.
    pub(crate) async fn come_to_rest(&mut self) -> Result<(), String> {
        self.verv.clock.advance(TimeDelta::seconds(70));
        self.bed.settle(&self.verv.clock);
        let aggregator = self.verv.store.aggregator();
        let run = aggregator.run(self.at(0), &EVERY_RUN, || false);
        let run = as_function(SCHEDULED, run).await;
        let run = run.map_err(|error| format!("{error:?}"))?;
        if !run.is_complete() {
            return Err(format!("not all is folded: {run:?}"));
        }
        self.check_something().await
    }

    /// Every statistic there is, the rankings too, and every row: all is folded.
    pub(crate) async fn check_everything(&self) -> Result<(), String> {
        self.bed.settle(&self.verv.clock);
        check::everything(&self.verv, &self.programs).await?;
        let aggregator = self.verv.store.aggregator();
        let verifying = aggregator.verify(Days::default(), self.verv.now(), || false, |_| ());
        let verified = as_function(SCHEDULED, verifying).await;
        let verified = verified.map_err(|error| format!("{error:?}"))?;
        match verified.differences.as_slice() {
            [] => Ok(()),
            differences => Err(format!("{differences:?}")),
        }
    }

    pub(crate) async fn drop_table(self) {
        let client = local::engine::client(&self.verv.engine.endpoint());
        let _ = client
            .delete_table()
            .table_name(self.verv.store.table_name())
            .send()
            .await;
    }
}

/// A program that limits nothing.
async fn make_program(verv: &Verv, org: &str) -> ProgramId {
    let terms = ProgramTerms {
        name: "Spring".parse().expect("a name"),
        currency: "NOK".parse().expect("a currency"),
        user_types: EligibleUserTypes::default(),
        max_referrals_per_code: None,
        attribution_window: None,
        code_ttl: None,
        starts_at: None,
        ends_at: None,
    };
    let program = Program::new(org.parse().expect("an id"), terms, verv.now());
    let store = verv.unrestricted();
    let made = store.create_program(&program, None, verv.now()).await;
    made.expect("a program is made");
    program.id
}

fn member_id(number: usize) -> MemberId {
    format!("new_{number}").parse().expect("an id")
}

/// Any of them; `at` may be any number.
fn pick<T: Clone>(from: &[T], at: usize) -> Option<T> {
    (!from.is_empty()).then(|| from[at % from.len()].clone())
}
