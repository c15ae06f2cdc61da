//! A roll-up row: its attributes, how it is changed, and what it says.

use super::from_millis;
use crate::error::StoreError;
use crate::expression::Update;
use crate::keys::{self, Generation, Item, RowName, SK};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use domain::rollup::{Delta, RowKey};
use domain::stats::{Counts, Month};

/// Up to when a row or a checkpoint is folded, in milliseconds after 1970.
pub(crate) const FOLDED_TO: &str = "folded_to";

const CLICKS: &str = "clicks";
const CONVERSIONS: &str = "conversions";
const TYPED: &str = "typed";
const CODES: &str = "codes";

/// The row has not been folded so far yet.
const OLDER: &str = "attribute_not_exists(folded_to) OR folded_to < :to";

/// A row as it was read. The checkpoint is read as the row of everything.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    item: Item,
}

impl From<Item> for Row {
    fn from(item: Item) -> Self {
        Self { item }
    }
}

impl Row {
    /// What the row counts.
    pub(crate) fn name(&self) -> RowName<'_> {
        let sk = self.item.get(SK).and_then(|sk| sk.as_s().ok());
        RowName::read(sk.map_or("", String::as_str))
    }

    /// The row's sort key.
    pub(crate) fn sort_key(&self) -> &str {
        let sk = self.item.get(SK).and_then(|sk| sk.as_s().ok());
        sk.map_or("", String::as_str)
    }

    /// Before when the row holds every fact.
    pub(crate) fn folded_to(&self) -> DateTime<Utc> {
        from_millis(count(&self.item, FOLDED_TO))
    }

    /// Clicks and conversions of all time.
    pub(crate) fn counts(&self) -> Counts {
        counts(&self.item, &total_attributes())
    }

    /// Code records.
    pub(crate) fn codes(&self) -> i64 {
        count(&self.item, CODES)
    }

    /// Clicks and conversions from the year `first` on.
    pub(crate) fn years_from(&self, first: i32) -> Counts {
        // A click may be dated a few minutes ahead, into the next year.
        let years = first..=first + 1;
        years
            .map(|year| counts(&self.item, &year_attributes(year)))
            .sum()
    }

    /// The sums of each year that has any, in a row of all time.
    pub(crate) fn years(&self) -> impl Iterator<Item = (i32, Counts)> {
        self.delta().years.into_iter()
    }

    /// The days of a row of a month that have counts.
    pub(crate) fn days(&self) -> impl Iterator<Item = (NaiveDate, Counts)> {
        let first = self
            .name()
            .month
            .and_then(|month| format!("{month}-01").parse().ok());
        first
            .into_iter()
            .flat_map(|first: NaiveDate| {
                let month = Month::of(first);
                first
                    .iter_days()
                    .take_while(move |day| Month::of(*day) == month)
            })
            .map(|day| (day, counts(&self.item, &day_attributes(day))))
            .filter(|(_, counts)| !counts.is_zero())
    }

    /// All that the row counts.
    pub(crate) fn delta(&self) -> Delta {
        let mut delta = Delta {
            counts: self.counts(),
            codes: self.codes(),
            days: self.days().collect(),
            ..Delta::default()
        };
        let years = self
            .item
            .keys()
            .filter_map(|name| name.strip_prefix(['c', 'v', 't']));
        for year in years
            .filter(|year| year.len() == 4)
            .filter_map(|year| year.parse().ok())
        {
            let counts = counts(&self.item, &year_attributes(year));
            delta.years.insert(year, counts);
        }
        delta
    }
}

/// A number of an item; 0 where there is none.
pub(crate) fn count(item: &Item, name: &str) -> i64 {
    item.get(name)
        .and_then(|value| value.as_n().ok())
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

/// The attributes of one span's clicks, conversions, and conversions without a click.
type Attributes = [String; 3];

fn counts(item: &Item, [clicks, conversions, typed]: &Attributes) -> Counts {
    Counts {
        clicks: count(item, clicks),
        conversions: count(item, conversions),
        typed: count(item, typed),
    }
}

fn total_attributes() -> Attributes {
    [CLICKS, CONVERSIONS, TYPED].map(ToOwned::to_owned)
}

fn day_attributes(day: NaiveDate) -> Attributes {
    ["c", "v", "t"].map(|of| format!("{of}{:02}", day.day()))
}

fn year_attributes(year: i32) -> Attributes {
    ["c", "v", "t"].map(|of| format!("{of}{year:04}"))
}

/// The numbers that a change adds, by attribute.
pub(crate) struct Additions(Vec<(String, i64)>);

impl From<&Delta> for Additions {
    fn from(delta: &Delta) -> Self {
        let total = (total_attributes(), delta.counts);
        let years = delta
            .years
            .iter()
            .map(|(year, of)| (year_attributes(*year), *of));
        let days = delta
            .days
            .iter()
            .map(|(day, of)| (day_attributes(*day), *of));
        let spans = std::iter::once(total).chain(years).chain(days);
        let mut numbers: Vec<_> = spans
            .flat_map(|([clicks, conversions, typed], of)| {
                [
                    (clicks, of.clicks),
                    (conversions, of.conversions),
                    (typed, of.typed),
                ]
            })
            .chain([(CODES.to_owned(), delta.codes)])
            .collect();
        numbers.retain(|(_, number)| *number != 0);
        Self(numbers)
    }
}

impl Additions {
    /// The update `text` that makes the additions as well.
    pub(crate) fn to(&self, text: &str) -> Update {
        let numbers = self.0.iter().enumerate();
        let added: Vec<_> = numbers
            .map(|(at, (name, _))| format!("{name} :n{at}"))
            .collect();
        let text = match added.as_slice() {
            [] => text.to_owned(),
            added => format!("{text} ADD {}", added.join(", ")),
        };
        let numbers = self.0.iter().enumerate();
        numbers.fold(Update::new(text), |update, (at, (_, number))| {
            update.bind(&format!(":n{at}"), number)
        })
    }
}

/// The change of a row by a round that ends at `to`. Refused where it is done already.
pub(crate) fn row_update(delta: &Delta, to: DateTime<Utc>) -> Update {
    Additions::from(delta)
        .to("SET #kind = :kind, folded_to = :to")
        .when(OLDER)
        .bind(":kind", "rollup")
        .bind(":to", &to.timestamp_millis())
}

/// The change of a row by a late fact, which `folded_to` is past: what the row was seen as
/// must still be so, unless it is further already.
pub(crate) fn late_row_update(
    held: Option<&Item>,
    delta: &Delta,
    folded_to: DateTime<Utc>,
) -> Update {
    let additions = Additions::from(delta);
    let held = held.map(|row| count(row, FOLDED_TO));
    let folded_to = folded_to.timestamp_millis();
    match held {
        Some(held) if held >= folded_to => {
            let set = additions.to("SET #kind = :kind");
            set.when("attribute_exists(folded_to)")
                .bind(":kind", "rollup")
        }
        _ => {
            let set = additions.to("SET #kind = :kind, folded_to = :to");
            let unchanged = match held {
                None => "attribute_not_exists(folded_to)",
                Some(_) => "folded_to = :held",
            };
            let set = set
                .when(unchanged)
                .bind(":kind", "rollup")
                .bind(":to", &folded_to);
            match held {
                None => set,
                Some(held) => set.bind(":held", &held),
            }
        }
    }
}

/// The change of a rank by `conversions`: what it was seen as must still be so, as its place
/// in the ranking is computed from that.
///
/// # Errors
/// A row that has no rank: a fault of ours.
pub(crate) fn moved_rank(
    held: Option<&Item>,
    key: &RowKey,
    conversions: i64,
    folded_to: DateTime<Utc>,
    generation: Generation,
) -> Result<Update, StoreError> {
    let RowKey::Rank(mentor, org, span) = key else {
        return Err(StoreError::corrupt("a row that has no rank"));
    };
    let before = held.map_or(0, |rank| count(rank, CONVERSIONS));
    let after = before + conversions;
    // A late fact must not make the rank look older than it is.
    let held_to = held.map_or(0, |rank| count(rank, FOLDED_TO));
    let to = held_to.max(folded_to.timestamp_millis());
    let set = "SET #kind = :kind, folded_to = :to, conversions = :after";
    let update = if after > 0 {
        Update::new(format!("{set}, gsi2pk = :ranking, gsi2sk = :rank"))
            .bind(":ranking", &keys::ranking(org, *span, generation))
            .bind(":rank", &keys::rank(after, mentor))
    } else {
        Update::new(format!("{set} REMOVE gsi2pk, gsi2sk"))
    };
    let update = update
        .bind(":kind", "rank")
        .bind(":to", &to)
        .bind(":after", &after);
    Ok(match held {
        None => update.when("attribute_not_exists(folded_to)"),
        Some(_) => update
            .when("folded_to = :held AND conversions = :before")
            .bind(":held", &held_to)
            .bind(":before", &before),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::types::AttributeValue;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn counts(clicks: i64, conversions: i64) -> Counts {
        Counts {
            clicks,
            conversions,
            typed: 0,
        }
    }

    #[test]
    fn a_row_is_changed_by_one_conditional_update() {
        let delta = Delta {
            counts: counts(3, 0),
            years: [(2026, counts(3, 0))].into(),
            ..Delta::default()
        };
        let parts = row_update(&delta, from_millis(1_700))
            .parts()
            .expect("bound");
        assert_eq!(
            parts.update.as_deref(),
            Some("SET #kind = :kind, folded_to = :to ADD clicks :n0, c2026 :n1")
        );
        assert_eq!(parts.condition.as_deref(), Some(OLDER));
        let values = parts.values.expect("values");
        assert_eq!(values[":to"], AttributeValue::N("1700".to_owned()));
        assert_eq!(values[":n1"], AttributeValue::N("3".to_owned()));
    }

    #[test]
    fn a_row_says_its_days_and_years() {
        let number = |number: i64| AttributeValue::N(number.to_string());
        let row = Row::from(Item::from([
            (
                SK.to_owned(),
                AttributeValue::S("MONTH#2026-02#org_1#JAN".to_owned()),
            ),
            ("c28".to_owned(), number(5)),
            ("v02".to_owned(), number(1)),
            ("c29".to_owned(), number(7)),
            ("t02".to_owned(), number(1)),
        ]));
        let days: Vec<_> = row.days().collect();
        let expected = [
            (
                day("2026-02-02"),
                Counts {
                    typed: 1,
                    ..counts(0, 1)
                },
            ),
            (day("2026-02-28"), counts(5, 0)),
        ];
        assert_eq!(days, expected);
        let row = Row::from(Item::from([
            (SK.to_owned(), AttributeValue::S("TOTAL".to_owned())),
            ("c2025".to_owned(), number(5)),
            ("c2026".to_owned(), number(2)),
            ("v2027".to_owned(), number(1)),
            (FOLDED_TO.to_owned(), number(1_000)),
        ]));
        assert_eq!(row.years_from(2026), counts(2, 1));
        assert_eq!(row.folded_to(), from_millis(1_000));
        assert_eq!(row.delta().years.len(), 3);
    }

    #[test]
    fn a_rank_that_falls_to_nothing_leaves_the_ranking() {
        let (mentor, org) = (
            "usr_1".parse().expect("an id"),
            "org_1".parse().expect("an id"),
        );
        let key = RowKey::Rank(mentor, org, domain::rollup::Span::AllTime);
        let number = |number: i64| AttributeValue::N(number.to_string());
        let held = Item::from([
            (CONVERSIONS.to_owned(), number(2)),
            (FOLDED_TO.to_owned(), number(1_000)),
        ]);
        let moved = |conversions, to| {
            let generation = Generation::default();
            let moved = moved_rank(Some(&held), &key, conversions, from_millis(to), generation);
            moved.and_then(Update::parts).expect("bound")
        };
        let late = moved(1, 500).values.expect("values");
        assert_eq!(
            late[":to"],
            number(1_000),
            "a rank never looks older than it is"
        );
        let update = |conversions| moved(conversions, 2_000);
        let gone = update(-2).update.expect("an update");
        assert!(gone.ends_with("REMOVE gsi2pk, gsi2sk"), "{gone}");
        let values = update(1).values.expect("values");
        assert_eq!(
            values[":rank"],
            AttributeValue::S("999999999996#usr_1".to_owned())
        );
        assert_eq!(values[":before"], number(2));
    }
}
