//! What may happen in a history. Names come from small sets, so that they collide; things
//! made earlier are named by how many were made since.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

pub(crate) const MENTORS: [&str; 3] = ["usr_1", "usr_2", "usr_3"];
pub(crate) const ORGS: [&str; 2] = ["org_1", "org_2"];
/// A mentor is among the members: nobody recruits themself.
pub(crate) const MEMBERS: [&str; 5] = ["new_1", "new_2", "new_3", "usr_1", "usr_2"];

/// Strings that callers choose: many fold alike, two are no codes.
pub(crate) const STRINGS: [&str; 10] = [
    "ALPHA-1",
    "alpha-1",
    "AL-PHA1",
    "-alpha1",
    "BETA-22",
    "beta22",
    "GAMMA",
    "C273551489XAC273551489XAC273551489XAC273551489XA",
    "no code",
    "X",
];

/// Prefixes that callers choose: the last is none.
pub(crate) const PREFIXES: [&str; 4] = ["JAN-VERV", "jan", "-kari-", "a b"];

pub(crate) const PERIODS: [&str; 6] = ["all_time", "7d", "30d", "90d", "mtd", "ytd"];

const MINUTE: i64 = 60;
const DAY: i64 = 86_400;

/// A record made earlier: the one made this many records ago, counted round, or none.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which {
    Ago(usize),
    Unknown,
}

/// How a person spells a code.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Spelling {
    AsShown,
    Lower,
    Bare,
    Spaced,
    Underscored,
    Hyphenated,
}

/// Seconds from now.
pub(crate) type Offset = i64;

#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) expires: Option<Offset>,
    pub(crate) max_referrals: Option<u64>,
    pub(crate) user_type: Option<u8>,
}

/// What is to change of a code: `Some(None)` takes a term away.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) expires: Option<Option<Offset>>,
    pub(crate) max_referrals: Option<Option<u64>>,
    pub(crate) user_type: Option<Option<u8>>,
    pub(crate) is_activated: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visit {
    Person,
    NamedPerson,
    Head,
    Prefetch,
    Bot,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Listed {
    Records,
    Codes,
    Attributions,
    OfMentor(usize),
}

#[derive(Debug, Clone)]
pub(crate) struct Filter {
    pub(crate) mentor: Option<usize>,
    pub(crate) org: Option<usize>,
    pub(crate) status: Option<usize>,
    pub(crate) code: Option<(Which, Spelling)>,
}

#[derive(Debug, Clone)]
pub(crate) enum Operation {
    GetOrCreate {
        mentor: usize,
        org: usize,
        prefix: Option<usize>,
        terms: Terms,
        key: Option<usize>,
    },
    Create {
        mentor: usize,
        org: usize,
        string: usize,
        terms: Terms,
        key: Option<usize>,
    },
    Rotate {
        code: Which,
        /// `None` is the owner.
        mentor: Option<usize>,
        action: &'static str,
    },
    Deactivate {
        code: Which,
        at: Option<Offset>,
        status: &'static str,
    },
    Change(Which, Change),
    Invalidate(Which),
    DeleteCode(Which),
    Click {
        code: Which,
        spelling: Spelling,
        occurred: Option<Offset>,
        address: Option<&'static str>,
        agent: Option<&'static str>,
        referrer: Option<&'static str>,
        key: Option<usize>,
    },
    /// Sends an earlier request that had a key again, to the byte.
    Repeat(usize),
    Visit(Which, Spelling, Visit),
    Confirm {
        click: Which,
        /// `None` is the click's own.
        code: Option<Which>,
        spelling: Spelling,
        member: usize,
        at: Option<Offset>,
    },
    /// A code is typed where a member joins.
    Recruit {
        code: Which,
        spelling: Spelling,
        member: usize,
        at: Option<Offset>,
    },
    DeleteClick(Which),
    ShowCode(Which),
    ShowClick(Which),
    Lookup(Which, Spelling),
    Active(usize, usize),
    List {
        list: Listed,
        filter: Filter,
        limit: usize,
        by_cursor: bool,
    },
    RefusedList(usize),
    Total {
        mentor: usize,
        org: Option<usize>,
        period: usize,
    },
    /// The recruitments of an organisation from this long ago on.
    Recruitments(usize, Option<Offset>),
    /// The scheduled function runs: nobody sees a difference.
    Aggregate,
    /// The clock moves on by these milliseconds.
    Wait(i64),
    /// The clock moves to the last millisecond of its month.
    WaitForMonthsEnd,
}

/// A history of up to 120 operations.
pub(crate) fn history() -> impl Strategy<Value = Vec<Operation>> {
    vec(operation(), 1..120)
}

fn which() -> impl Strategy<Value = Which> {
    prop_oneof![
        12 => (0usize..3).prop_map(Which::Ago),
        8 => (0usize..40).prop_map(Which::Ago),
        1 => Just(Which::Unknown),
    ]
}

fn spelling() -> impl Strategy<Value = Spelling> {
    prop::sample::select(vec![
        Spelling::AsShown,
        Spelling::Lower,
        Spelling::Bare,
        Spelling::Spaced,
        Spelling::Underscored,
        Spelling::Hyphenated,
    ])
}

fn end() -> impl Strategy<Value = Offset> {
    prop::sample::select(vec![
        -DAY,
        0,
        1,
        MINUTE,
        60 * MINUTE,
        DAY,
        10 * DAY,
        40 * DAY,
    ])
}

fn change() -> impl Strategy<Value = Change> {
    (
        option::weighted(0.3, option::weighted(0.7, end())),
        option::weighted(0.6, option::weighted(0.6, 1u64..4)),
        option::weighted(
            0.1,
            option::weighted(0.7, prop::sample::select(vec![2u8, 3, 5])),
        ),
        any::<bool>(),
    )
        .prop_map(|(expires, max_referrals, user_type, is_activated)| Change {
            expires,
            max_referrals,
            user_type,
            is_activated,
        })
}

fn terms() -> impl Strategy<Value = Terms> {
    (
        option::weighted(0.25, end()),
        option::weighted(0.4, 1u64..3),
        option::weighted(0.1, prop::sample::select(vec![2u8, 3, 5])),
    )
        .prop_map(|(expires, max_referrals, user_type)| Terms {
            expires,
            max_referrals,
            user_type,
        })
}

fn key() -> impl Strategy<Value = Option<usize>> {
    option::weighted(0.3, 0usize..3)
}

fn filter() -> impl Strategy<Value = Filter> {
    (
        option::weighted(0.4, 0..MENTORS.len() + 1),
        option::weighted(0.3, 0..ORGS.len() + 1),
        option::weighted(0.3, 0usize..4),
        option::weighted(0.2, (which(), spelling())),
    )
        .prop_map(|(mentor, org, status, code)| Filter {
            mentor,
            org,
            status,
            code,
        })
}

fn operation() -> impl Strategy<Value = Operation> {
    let (mentor, org) = (0..MENTORS.len(), 0..ORGS.len());
    let times = vec![
        0,
        -MINUTE,
        -2 * DAY,
        -10 * DAY,
        -40 * DAY,
        -400 * DAY,
        200,
        302,
        2 * DAY,
    ];
    let time = option::weighted(0.5, prop::sample::select(times));
    let list = prop_oneof![
        Just(Listed::Records),
        Just(Listed::Codes),
        Just(Listed::Attributions),
        mentor.clone().prop_map(Listed::OfMentor),
    ];
    let create = prop_oneof![
        8 => (mentor.clone(), org.clone(), option::of(0..PREFIXES.len()), terms(), key())
            .prop_map(|(mentor, org, prefix, terms, key)| {
                Operation::GetOrCreate { mentor, org, prefix, terms, key }
            }),
        8 => (mentor.clone(), org.clone(), 0..STRINGS.len(), terms(), key())
            .prop_map(|(mentor, org, string, terms, key)| {
                Operation::Create { mentor, org, string, terms, key }
            }),
        3 => (0usize..9).prop_map(Operation::Repeat),
    ];
    let retire = prop_oneof![
        6 => (
            which(),
            option::weighted(0.1, mentor.clone()),
            prop::sample::select(vec!["rotate", "rotate", "rotate", "rotate", "renew"]),
        )
            .prop_map(|(code, mentor, action)| Operation::Rotate { code, mentor, action }),
        3 => (
            which(),
            time.clone(),
            prop::sample::select(vec!["inactive", "inactive", "inactive", "active"]),
        )
            .prop_map(|(code, at, status)| Operation::Deactivate { code, at, status }),
        5 => (which(), change()).prop_map(|(code, change)| Operation::Change(code, change)),
        2 => which().prop_map(Operation::Invalidate),
        2 => which().prop_map(Operation::DeleteCode),
    ];
    let click = prop_oneof![
        12 => (
            which(),
            spelling(),
            time.clone(),
            option::weighted(0.2, prop::sample::select(vec!["185.12.34.56", "2001:db8::1"])),
            option::weighted(0.2, Just("Mozilla/5.0")),
            option::weighted(0.2, Just("https://instagram.com")),
            key(),
        )
            .prop_map(|(code, spelling, occurred, address, agent, referrer, key)| {
                Operation::Click { code, spelling, occurred, address, agent, referrer, key }
            }),
        4 => (
            which(),
            spelling(),
            prop::sample::select(vec![
                Visit::Person,
                Visit::Person,
                Visit::NamedPerson,
                Visit::Head,
                Visit::Prefetch,
                Visit::Bot,
            ]),
        )
            .prop_map(|(code, spelling, visit)| Operation::Visit(code, spelling, visit)),
    ];
    let confirm = prop_oneof![
        9 => (which(), option::weighted(0.1, which()), spelling(), 0..MEMBERS.len(), time.clone())
            .prop_map(|(click, code, spelling, member, at)| {
                Operation::Confirm { click, code, spelling, member, at }
            }),
        4 => (which(), spelling(), 0..MEMBERS.len(), time.clone())
            .prop_map(|(code, spelling, member, at)| {
                Operation::Recruit { code, spelling, member, at }
            }),
        3 => which().prop_map(Operation::DeleteClick),
    ];
    let read = prop_oneof![
        2 => which().prop_map(Operation::ShowCode),
        2 => which().prop_map(Operation::ShowClick),
        2 => (which(), spelling()).prop_map(|(code, spelling)| Operation::Lookup(code, spelling)),
        2 => (mentor, org.clone()).prop_map(|(mentor, org)| Operation::Active(mentor, org)),
        2 => (org, time).prop_map(|(org, from)| Operation::Recruitments(org, from)),
        6 => (list, filter(), prop::sample::select(vec![1usize, 2, 3, 7, 20, 100]), any::<bool>())
            .prop_map(|(list, filter, limit, by_cursor)| {
                Operation::List { list, filter, limit, by_cursor }
            }),
        1 => (0usize..8).prop_map(Operation::RefusedList),
        6 => (
            0..MENTORS.len() + 1,
            option::weighted(0.3, 0..ORGS.len() + 1),
            0..PERIODS.len(),
        )
            .prop_map(|(mentor, org, period)| Operation::Total { mentor, org, period }),
    ];
    let wait = prop_oneof![
        3 => (1i64..2_000).prop_map(Operation::Wait),
        2 => (1i64..100).prop_map(|minutes| Operation::Wait(minutes * MINUTE * 1_000)),
        2 => (1i64..45).prop_map(|days| Operation::Wait(days * DAY * 1_000)),
        1 => Just(Operation::WaitForMonthsEnd),
        3 => Just(Operation::Aggregate),
    ];
    prop_oneof![
        19 => create,
        16 => retire,
        24 => click,
        18 => confirm,
        20 => read,
        11 => wait,
    ]
}
