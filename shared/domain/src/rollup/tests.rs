use super::*;
use crate::attribution::Source;
use crate::facts::DayCount;
use proptest::prelude::*;
use uuid::Uuid;

fn day(ordinal: u32) -> NaiveDate {
    NaiveDate::from_yo_opt(2025, 350).expect("a day") + chrono::Days::new(ordinal.into())
}

fn day_count() -> impl Strategy<Value = DayCount> {
    (0u32..60, prop_oneof![Just(1i64), Just(-1i64)]).prop_map(|(at, count)| DayCount {
        day: day(at),
        count,
    })
}

prop_compose! {
    fn fact()(
        id in any::<u128>(),
        mentor in 0..3,
        org in 0..2,
        code in prop::option::of(0..3),
        clicks in prop::option::of(day_count()),
        conversions in prop::option::of(day_count()),
        codes in -1i64..=1,
        program in prop::option::of(0u128..2),
        is_typed in any::<bool>(),
    ) -> Fact {
        let counts_code = code.is_none();
        Fact {
            id: Uuid::from_u128(id),
            mentor: format!("usr_{mentor}").parse().expect("an id"),
            org: format!("org_{org}").parse().expect("an id"),
            code: code.map(|code| format!("CODE{code}").parse().expect("a code")),
            clicks: clicks.filter(|_| !counts_code),
            conversions: conversions.filter(|_| !counts_code),
            program: program.map(program_id).filter(|_| !counts_code),
            source: if is_typed { Source::Typed } else { Source::Click },
            codes: if counts_code { codes } else { 0 },
        }
    }
}

fn program_id(number: u128) -> ProgramId {
    ProgramId::from_uuid(Uuid::from_u128(number))
}

/// Clicks and conversions on each day by a plain recount.
fn recount(facts: &[Fact], is_counted: impl Fn(&Fact) -> bool) -> DailyCounts {
    let mut days = DailyCounts::new();
    for fact in facts.iter().filter(|fact| is_counted(fact)) {
        for (day, counts) in fact.days() {
            *days.entry(day).or_default() += counts;
        }
    }
    days.retain(|_, counts| !counts.is_zero());
    days
}

/// The days that the rows say, of all months together.
fn days_in(rows: &Rows, is_of: impl Fn(&RowKey) -> bool) -> DailyCounts {
    let mut days = DailyCounts::new();
    for (_, delta) in rows.iter().filter(|(key, _)| is_of(key)) {
        for (day, counts) in &delta.days {
            *days.entry(*day).or_default() += *counts;
        }
    }
    days.retain(|_, counts| !counts.is_zero());
    days
}

proptest! {
    #[test]
    fn rows_are_the_same_in_one_round_and_in_many(
        facts in prop::collection::vec(fact(), 0..60),
        cuts in prop::collection::vec(0usize..60, 0..6),
    ) {
        for fold in Fold::ALL {
            let at_once = Rows::of(fold, &facts);
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % (facts.len() + 1)).collect();
            cuts.extend([0, facts.len()]);
            cuts.sort_unstable();
            let mut in_rounds = Rows::default();
            for ends in cuts.windows(2) {
                in_rounds.add(Rows::of(fold, &facts[ends[0]..ends[1]]));
            }
            prop_assert_eq!(in_rounds.len(), at_once.len());
            for (key, delta) in at_once.iter() {
                let mut other = in_rounds.get(key).cloned().unwrap_or_default();
                other.years.retain(|_, counts| !counts.is_zero());
                other.days.retain(|_, counts| !counts.is_zero());
                let mut delta = delta.clone();
                delta.years.retain(|_, counts| !counts.is_zero());
                delta.days.retain(|_, counts| !counts.is_zero());
                prop_assert_eq!(delta, other);
            }
        }
    }

    #[test]
    fn rows_say_what_a_recount_says(facts in prop::collection::vec(fact(), 0..60)) {
        let summary = Rows::of(Fold::Summary, &facts);
        let detail = Rows::of(Fold::Detail, &facts);
        prop_assert_eq!(
            days_in(&summary, |key| matches!(key, RowKey::All(_))),
            recount(&facts, |_| true)
        );
        for program in [0, 1].map(program_id) {
            let of_program = |key: &RowKey| matches!(key, RowKey::Program(p, _) if *p == program);
            let days = recount(&facts, |fact| fact.program == Some(program));
            let total = summary.get(&RowKey::Program(program, Span::AllTime));
            let total = total.map(|total| total.counts).unwrap_or_default();
            prop_assert_eq!(total, days.values().copied().sum::<Counts>());
            prop_assert_eq!(days_in(&summary, of_program), days);
        }
        for org in ["org_0", "org_1"] {
            let of_org = |key: &RowKey| matches!(key, RowKey::Org(o, _) if o.as_str() == org);
            let days = recount(&facts, |fact| fact.org.as_str() == org);
            let key = RowKey::Org(org.parse().expect("an id"), Span::AllTime);
            let total = summary.get(&key).cloned().unwrap_or_default();
            prop_assert_eq!(total.counts, days.values().copied().sum::<Counts>());
            prop_assert_eq!(total.years.values().copied().sum::<Counts>(), total.counts);
            prop_assert_eq!(days_in(&summary, of_org), days);
            for mentor in ["usr_0", "usr_1", "usr_2"] {
                let owned = |fact: &Fact| {
                    fact.org.as_str() == org && fact.mentor.as_str() == mentor
                };
                let days = recount(&facts, owned);
                let of_pair = |key: &RowKey| matches!(key, RowKey::Code { mentor: m, org: o, .. }
                    if m.as_str() == mentor && o.as_str() == org);
                prop_assert_eq!(days_in(&detail, of_pair), days.clone());
                let pair = (mentor.parse().expect("an id"), org.parse().expect("an id"));
                let rank = detail.get(&RowKey::Rank(pair.0, pair.1, Span::AllTime));
                let conversions: i64 = days.values().map(|day| day.conversions).sum();
                prop_assert_eq!(rank.map_or(0, |rank| rank.counts.conversions), conversions);
            }
        }
    }
}

#[test]
fn a_click_changes_two_rows_of_detail_and_a_conversion_two_ranks() {
    let click = Fact {
        id: Uuid::nil(),
        mentor: "usr_1".parse().expect("an id"),
        org: "org_1".parse().expect("an id"),
        code: "JANVERV".parse().ok(),
        clicks: Some(DayCount {
            day: day(0),
            count: 1,
        }),
        program: None,
        source: Source::Click,
        conversions: None,
        codes: 0,
    };
    assert_eq!(Rows::of(Fold::Detail, [&click]).len(), 2);
    assert_eq!(Rows::of(Fold::Summary, [&click]).len(), 4);
    let in_a_program = Fact {
        program: Some(program_id(1)),
        ..click.clone()
    };
    assert_eq!(Rows::of(Fold::Summary, [&in_a_program]).len(), 6);
    let conversion = Fact {
        clicks: None,
        conversions: click.clicks,
        ..click.clone()
    };
    assert_eq!(Rows::of(Fold::Detail, [&click, &conversion]).len(), 4);
    let taken_away = Fact {
        clicks: Some(DayCount {
            day: day(0),
            count: -1,
        }),
        ..click.clone()
    };
    assert!(Rows::of(Fold::Detail, [&click, &taken_away]).is_empty());
}
