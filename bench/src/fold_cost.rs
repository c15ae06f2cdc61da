//! What folding costs for each click and each recruitment: whole days on a virtual clock.

use crate::day::{Cost, Traffic, play};
use crate::report::{Report, number};
use chrono::TimeDelta;
use clap::Args;
use store::fold::FoldPace;

/// How much of a day is played.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Scale {
    /// Divide clicks, mentors, organisations and waiting facts by this
    #[arg(long, default_value_t = 1, value_name = "N")]
    scale: usize,
    /// Organisations that the 10,000 mentors are in
    #[arg(long, default_value_t = 20)]
    orgs: usize,
    /// Hours of the day that are played; one is like another
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u8).range(1..=24))]
    hours: u8,
}

impl Scale {
    /// A million clicks over 10,000 mentors alike, of which so many of a thousand become
    /// recruitments.
    pub(crate) fn traffic(self, joined: usize) -> Traffic {
        Traffic {
            clicks: 1_000_000 / self.scale,
            mentors: 10_000 / self.scale,
            orgs: (self.orgs / self.scale).max(1),
            joined,
            hours: self.hours.into(),
        }
    }

    /// The default pace.
    pub(crate) fn pace(self) -> FoldPace {
        let pace = FoldPace::default();
        FoldPace {
            facts: pace.facts / self.scale,
            ..pace
        }
    }

    /// An hour's, with as many facts as may wait.
    fn hour(self) -> FoldPace {
        FoldPace {
            wait: TimeDelta::hours(1),
            facts: 50_000 / self.scale,
        }
    }
}

/// Of a thousand clicks, how many become recruitments where some do.
const JOINED: usize = 50;

/// Measures five days.
pub(crate) fn measure(report: &mut Report, scale: Scale) {
    let plain = scale.traffic(0);
    let default = play("default pace", plain, scale.pace());
    tell(report, "default pace", &default, 2.0);
    let reads = (default.fold_reads + default.audit_reads) / default.clicks;
    report.at_most(
        "default pace: read units a click, audit included",
        reads,
        0.2,
        "",
    );

    let joined = play("recruitments", scale.traffic(JOINED), scale.pace());
    let more = writes(&joined) - writes(&default);
    let conversions = number(joined.conversions);
    let what = format!("write units more for each of {conversions} recruitments");
    report.at_most(what, more / joined.conversions, 8.0, "");

    tell(
        report,
        "an hour's pace",
        &play("an hour's pace", plain, scale.hour()),
        0.7,
    );
    let joined = play(
        "an hour's pace, recruitments",
        scale.traffic(JOINED),
        scale.hour(),
    );
    let what = format!(
        "an hour's pace with {} recruitments: write units",
        number(joined.conversions)
    );
    report.note(what, number(writes(&joined) / joined.clicks));

    let viral = Traffic {
        mentors: 1,
        orgs: 1,
        ..plain
    };
    tell(
        report,
        "one viral mentor",
        &play("one viral mentor", viral, scale.pace()),
        0.1,
    );
}

fn tell(report: &mut Report, name: &str, cost: &Cost, bound: f64) {
    let clicks = number(cost.clicks);
    let what = format!(
        "{name}: write units a click ({clicks} clicks, {} rounds)",
        cost.rounds
    );
    report.at_most(what, writes(cost) / cost.clicks, bound, "");
    report.note(
        format!("{name}: read units a click, folding and audit"),
        format!(
            "{} + {}",
            number(cost.fold_reads / cost.clicks),
            number(cost.audit_reads / cost.clicks)
        ),
    );
}

fn writes(cost: &Cost) -> f64 {
    cost.fold_writes + cost.audit_writes
}
