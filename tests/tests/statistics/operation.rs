//! What a history is made of.

use proptest::prelude::*;
use tests::gate::Stop;

/// One thing that happens. Skews and waits are in milliseconds.
#[derive(Debug, Clone)]
pub(crate) enum Operation {
    IssueCode {
        mentor: usize,
        org: usize,
        /// Under the program of the organisation.
        has_program: bool,
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
    /// A code is typed where a member joins, so many days ago.
    Convert {
        code: usize,
        member: usize,
        skew: i64,
        days_ago: i64,
    },
    DeleteClick {
        click: usize,
        skew: i64,
    },
    Wait(i64),
    /// A run, whose clock is off, at the default pace or with detail at every run.
    Aggregate {
        skew: i64,
        is_every_run: bool,
    },
    KillAggregation {
        stop: Stop,
        skew: i64,
    },
    OverlapAggregations {
        stop: Stop,
        skew: i64,
    },
    Audit,
    KillAudit(Stop),
    Rebuild,
    KillRebuild(Stop),
    Check,
}

/// A call of the aggregator to stop at, and on which side of it.
fn stop() -> impl Strategy<Value = Stop> {
    (0usize..60, any::<bool>()).prop_map(|(call, before)| {
        if before {
            Stop::Before(call)
        } else {
            Stop::After(call)
        }
    })
}

/// Anything that may happen.
pub(crate) fn operation() -> impl Strategy<Value = Operation> {
    let skew = -5_000i64..5_000;
    prop_oneof![
        2 => (0usize..3, 0usize..2, any::<bool>())
            .prop_map(|(mentor, org, has_program)| Operation::IssueCode { mentor, org, has_program }),
        1 => (0usize..1_000).prop_map(Operation::RotateCode),
        1 => (0usize..1_000).prop_map(Operation::DeleteCode),
        10 => (0usize..1_000, skew.clone(), prop_oneof![3 => Just(0i64), 1 => 0i64..100])
            .prop_map(|(code, skew, days_ago)| Operation::Click { code, skew, days_ago }),
        4 => (0usize..1_000, 0usize..8, skew.clone())
            .prop_map(|(click, member, skew)| Operation::Confirm { click, member, skew }),
        4 => (0usize..1_000, 0usize..8, skew.clone(), prop_oneof![3 => Just(0i64), 1 => 0i64..100])
            .prop_map(|(code, member, skew, days_ago)| Operation::Convert {
                code, member, skew, days_ago,
            }),
        3 => (0usize..1_000, skew.clone())
            .prop_map(|(click, skew)| Operation::DeleteClick { click, skew }),
        5 => (0i64..90_000).prop_map(Operation::Wait),
        1 => (1i64..40).prop_map(|days| Operation::Wait(days * 86_400_000)),
        3 => (skew.clone(), any::<bool>())
            .prop_map(|(skew, is_every_run)| Operation::Aggregate { skew, is_every_run }),
        3 => (stop(), skew.clone()).prop_map(|(stop, skew)| Operation::KillAggregation { stop, skew }),
        2 => (stop(), skew).prop_map(|(stop, skew)| Operation::OverlapAggregations { stop, skew }),
        1 => Just(Operation::Audit),
        1 => stop().prop_map(Operation::KillAudit),
        1 => Just(Operation::Rebuild),
        1 => stop().prop_map(Operation::KillRebuild),
        1 => Just(Operation::Check),
    ]
}
