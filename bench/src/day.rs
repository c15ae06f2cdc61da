//! A day of traffic on a virtual clock: clicks and recruitments as they come, the aggregator
//! every minute, and what its calls consume.

use crate::bed::{Dice, Owner, fill, item, on_engine, platform};
use ::tests::Verv;
use aws_sdk_dynamodb::Client;
use chrono::{DateTime, TimeDelta, Utc};
use domain::attribution::Attribution;
use domain::confirmation::Confirmation;
use futures::{StreamExt, stream};
use local::engine::Engine;
use std::collections::VecDeque;
use std::sync::Arc;
use store::fold::{Aggregator, FoldPace};
use store::{Usage, metered};

/// How often the deployed schedule runs the aggregator.
const PERIOD: TimeDelta = TimeDelta::minutes(1);

/// How long somebody who has followed a link takes to join.
const UNTIL_JOINED: TimeDelta = TimeDelta::hours(2);

/// The day begins here, so that all of it is in one month.
const MORNING: &str = "2026-03-20T00:00:00Z";

/// What comes in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traffic {
    /// Of 24 hours.
    pub(crate) clicks: usize,
    pub(crate) mentors: usize,
    pub(crate) orgs: usize,
    /// Of a thousand clicks, how many become recruitments.
    pub(crate) joined: usize,
    /// How many hours it comes in.
    pub(crate) hours: usize,
}

/// What a day came to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    pub(crate) clicks: f64,
    pub(crate) conversions: f64,
    /// Rounds of both folds.
    pub(crate) rounds: usize,
    pub(crate) fold_reads: f64,
    pub(crate) fold_writes: f64,
    pub(crate) audit_reads: f64,
    pub(crate) audit_writes: f64,
}

/// Plays a day, folded at `pace`, until everything is folded.
pub(crate) fn play(name: &str, traffic: Traffic, pace: FoldPace) -> Cost {
    on_engine(async |engine| {
        let client = local::engine::client(&engine.endpoint());
        let mut day = Day::begin(&engine, client, traffic, pace).await;
        for minute in 0..traffic.hours * 60 {
            day.record(minute).await;
            day.aggregate().await;
            if minute % 60 == 59 {
                let hour = minute / 60 + 1;
                eprintln!("{name}: hour {hour} of {}, {:?}", traffic.hours, day.cost);
            }
        }
        while day.waiting() > 0 {
            day.verv.clock.advance(PERIOD);
            day.aggregate().await;
        }
        day.cost
    })
}

/// A day as far as it is played.
pub(crate) struct Day {
    engine: Arc<Engine>,
    verv: Verv,
    aggregator: Aggregator,
    pace: FoldPace,
    traffic: Traffic,
    owners: Vec<Owner>,
    dice: Dice,
    /// Clicks that become recruitments.
    joining: VecDeque<Attribution>,
    folded: [usize; 2],
    pub(crate) cost: Cost,
}

impl Day {
    /// A morning on which everything before is folded.
    pub(crate) async fn begin(
        engine: &Arc<Engine>,
        client: Client,
        traffic: Traffic,
        pace: FoldPace,
    ) -> Self {
        let verv = platform(engine, client).await;
        verv.clock.set(MORNING.parse().expect("a time"));
        let mut day = Self {
            engine: Arc::clone(engine),
            aggregator: verv.store.aggregator(),
            verv,
            pace,
            traffic,
            owners: Owner::first(traffic.mentors, traffic.orgs),
            dice: Dice::new(),
            joining: VecDeque::new(),
            folded: [0; 2],
            cost: Cost::default(),
        };
        // The platform has been there before.
        day.aggregate().await;
        day.cost = Cost::default();
        day
    }

    /// The clicks and recruitments of a minute, evenly over it; then it is over.
    pub(crate) async fn record(&mut self, minute: usize) {
        let minute_begins = self.verv.now();
        let share = |of: usize| of * (minute + 1) / (24 * 60) - of * minute / (24 * 60);
        let clicks = share(self.traffic.clicks);
        let mut made = Vec::with_capacity(clicks);
        for number in 0..clicks {
            let at = minute_begins + PERIOD * number as i32 / clicks as i32;
            let click = self.owners[self.dice.below(self.owners.len())].click(at);
            made.push(item(&click));
            if self.dice.below(1_000) < self.traffic.joined {
                self.joining.push_back(click);
            }
        }
        fill(&self.engine, made.into_iter()).await;
        self.cost.clicks += clicks as f64;
        self.join(minute_begins).await;
        self.verv.clock.set(minute_begins + PERIOD);
    }

    /// Those join whose time has come.
    async fn join(&mut self, minute_begins: DateTime<Utc>) {
        let ended = minute_begins + PERIOD;
        let due = |click: &Attribution| click.id.made_at() + UNTIL_JOINED < ended;
        let mut joined = Vec::new();
        while self.joining.front().is_some_and(due) {
            joined.extend(self.joining.pop_front());
        }
        let store = self.verv.unrestricted();
        let first = self.cost.conversions as usize;
        self.cost.conversions += joined.len() as f64;
        stream::iter(joined.iter().enumerate())
            .for_each_concurrent(8, |(at, click)| {
                let confirmation = Confirmation {
                    code: click.code.folded(),
                    member: format!("new_{}", first + at).parse().expect("a valid id"),
                    confirmed_at: None,
                };
                let now = click.id.made_at() + UNTIL_JOINED;
                let store = &store;
                async move {
                    let confirmed = store.confirm(click.id, confirmation, now).await;
                    confirmed.expect("nothing is in the way");
                }
            })
            .await;
    }

    /// One run, as the schedule makes it.
    pub(crate) async fn aggregate(&mut self) {
        let now = self.verv.now();
        let run = self.aggregator.run(now, &self.pace, || false);
        let (run, fold): (_, Usage) = metered(run).await;
        let run = run.expect("the engine answers");
        let (audit, audited): (_, Usage) = metered(self.aggregator.audit(now, || false)).await;
        assert_eq!(
            audit.expect("the engine answers").late_facts,
            0,
            "nothing comes late"
        );
        for (folded, of_run) in self.folded.iter_mut().zip(&run.folds) {
            *folded += of_run.facts;
        }
        self.cost.rounds += run.rounds();
        self.cost.fold_reads += fold.read_units;
        self.cost.fold_writes += fold.write_units;
        self.cost.audit_reads += audited.read_units;
        self.cost.audit_writes += audited.write_units;
    }

    /// Facts that some fold has not folded.
    fn waiting(&self) -> usize {
        let recorded = (self.cost.clicks + self.cost.conversions) as usize;
        let folded = self.folded.iter().min().copied().unwrap_or_default();
        recorded - folded
    }
}
