//! A series by day as a picture: plain SVG, for a page, an e-mail or a poster. It has its own
//! colours for light and dark, and needs no script and no font of its own.

use chrono::{Datelike, NaiveDate};
use std::fmt::Write;
use web::language::Language;
use web::picture::escaped;

/// The picture, in pixels.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 320.0;
/// The area of the columns: what is left of the picture on each side.
const LEFT: f64 = 56.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 72.0;
const BOTTOM: f64 = 36.0;

/// The longest name that fits above the columns, in characters.
const LONGEST_NAME: usize = 60;

/// How many days are named below the columns at most.
const NAMED_DAYS: usize = 7;

/// How many lines cross the columns at most, that of 0 not counted.
const LINES: i64 = 5;

const STYLE: &str = "\
text{font:13px system-ui,-apple-system,'Segoe UI',sans-serif;fill:#4a5763}\
.name{font-size:17px;font-weight:600;fill:#16202a}\
.ground{fill:#fff}.line{stroke:#d5dce3}.base{stroke:#6b7884}\
.clicks{fill:#6c90b6}.conversions{fill:#0a4a82}\
@media(prefers-color-scheme:dark){text{fill:#b4bfca}.name{fill:#f0f4f8}\
.ground{fill:#12181f}.line{stroke:#2c3742}.base{stroke:#8a97a4}\
.clicks{fill:#4f7aa6}.conversions{fill:#a9d2ff}}";

/// A day's counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) date: NaiveDate,
    pub(super) clicks: i64,
    pub(super) conversions: i64,
}

/// The chart of `days` under `name`.
pub(super) fn render(name: &str, days: &[Day], language: Language) -> String {
    let chart = Chart {
        days,
        language,
        scale: Scale::up_to(days.iter().map(|day| day.clicks.max(day.conversions)).max()),
    };
    let (clicks, conversions) = days.iter().fold((0, 0), |(clicks, conversions), day| {
        (clicks + day.clicks, conversions + day.conversions)
    });
    let (whole, short) = (escaped(name), escaped(&shortened(name)));
    let span = match (days.first(), days.last()) {
        (Some(first), Some(last)) => {
            format!(
                "{} {} {}",
                first.date,
                language.pick("to", "til"),
                last.date
            )
        }
        _ => String::new(),
    };
    let (clicks, conversions) = (
        counted(clicks, CLICKS, language),
        counted(conversions, CONVERSIONS, language),
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"name sum\">\
         <title id=\"name\">{whole}, {span}</title>\
         <desc id=\"sum\">{clicks} {} {conversions}</desc>\
         <style>{STYLE}</style>\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\
         <text class=\"name\" x=\"16\" y=\"30\">{short}</text>\
         <text x=\"16\" y=\"52\">{span}</text>",
        language.pick("and", "og"),
    );
    legend(&mut svg, &clicks, &conversions);
    chart.lines(&mut svg);
    chart.columns(&mut svg);
    chart.dates(&mut svg);
    svg.push_str("</svg>\n");
    svg
}

/// What is counted, as one and as many, in English and in Norwegian.
type Noun = [(&'static str, &'static str); 2];

const CLICKS: Noun = [("click", "clicks"), ("klikk", "klikk")];
const CONVERSIONS: Noun = [("conversion", "conversions"), ("verving", "vervinger")];

fn counted(count: i64, [english, norwegian]: Noun, language: Language) -> String {
    let (one, many) = language.pick(english, norwegian);
    let noun = if count == 1 { one } else { many };
    format!("{} {noun}", grouped(count, language))
}

/// A number with its thousands apart.
fn grouped(number: i64, language: Language) -> String {
    let mark = language.pick(',', '\u{a0}');
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        let rest = digits.len() - place;
        if place > 0 && rest.is_multiple_of(3) && text != "-" {
            text.push(mark);
        }
        text.push(digit);
    }
    text
}

/// A day and its month, as a reader of the language writes them.
fn named(date: NaiveDate, language: Language) -> String {
    const MONTHS: [&str; 12] = [
        "jan.", "feb.", "mars", "april", "mai", "juni", "juli", "aug.", "sep.", "okt.", "nov.",
        "des.",
    ];
    match language {
        Language::English => date.format("%-d %b").to_string(),
        Language::Norwegian => format!("{}. {}", date.day(), MONTHS[date.month0() as usize]),
    }
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= LONGEST_NAME {
        return name.to_owned();
    }
    let begin: String = name.chars().take(LONGEST_NAME - 1).collect();
    format!("{begin}…")
}

/// What the two colours are, and how many there are of each, at the right of the name.
fn legend(svg: &mut String, clicks: &str, conversions: &str) {
    let right = WIDTH - RIGHT;
    for (class, text, y) in [("clicks", clicks, 30.0), ("conversions", conversions, 52.0)] {
        let (text_end, top) = (right - 18.0, y - 11.0);
        // Writing to a string does not fail, here and below.
        let _ = write!(
            svg,
            "<text text-anchor=\"end\" x=\"{text_end}\" y=\"{y}\">{text}</text>\
             <rect class=\"{class}\" x=\"{}\" y=\"{top}\" width=\"12\" height=\"12\"/>",
            right - 12.0
        );
    }
}

/// The numbers beside the columns: whole, round steps from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Scale {
    step: i64,
    top: i64,
}

impl Scale {
    fn up_to(highest: Option<i64>) -> Self {
        let highest = highest.unwrap_or(0).max(1);
        let mut step = 1;
        // 1, 2, 5, 10, 20, 50, …
        for factor in [2, 5, 10].into_iter().cycle() {
            if highest <= step * LINES {
                break;
            }
            step = match factor {
                5 => step / 2 * 5,
                _ => step * 2,
            };
        }
        Self {
            step,
            top: (highest + step - 1) / step * step,
        }
    }

    /// How high a column of `count` is, in pixels.
    fn height(self, count: i64) -> f64 {
        count as f64 / self.top as f64 * (HEIGHT - TOP - BOTTOM)
    }
}

struct Chart<'d> {
    days: &'d [Day],
    language: Language,
    scale: Scale,
}

impl Chart<'_> {
    /// The width that a day has.
    fn slot(&self) -> f64 {
        (WIDTH - LEFT - RIGHT) / self.days.len().max(1) as f64
    }

    fn lines(&self, svg: &mut String) {
        let (right, text_end) = (WIDTH - RIGHT, LEFT - 8.0);
        let numbers = (0..=self.scale.top / self.scale.step).map(|line| line * self.scale.step);
        for number in numbers {
            let y = HEIGHT - BOTTOM - self.scale.height(number);
            let class = if number == 0 { "base" } else { "line" };
            let _ = write!(
                svg,
                "<line class=\"{class}\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text text-anchor=\"end\" x=\"{text_end}\" y=\"{:.1}\">{}</text>",
                y + 4.5,
                grouped(number, self.language)
            );
        }
    }

    /// A day's clicks, and its conversions as a narrower column in front.
    fn columns(&self, svg: &mut String) {
        let slot = self.slot();
        for (place, day) in self.days.iter().enumerate() {
            let middle = LEFT + slot * (place as f64 + 0.5);
            let Day {
                date,
                clicks,
                conversions,
            } = day;
            if *clicks == 0 && *conversions == 0 {
                continue;
            }
            let _ = write!(
                svg,
                "<g><title>{date}: {}, {}</title>",
                counted(*clicks, CLICKS, self.language),
                counted(*conversions, CONVERSIONS, self.language)
            );
            for (class, count, width) in [
                ("clicks", *clicks, slot * 0.8),
                ("conversions", *conversions, slot * 0.44),
            ] {
                let height = self.scale.height(count);
                let (x, y) = (middle - width / 2.0, HEIGHT - BOTTOM - height);
                if count > 0 {
                    let _ = write!(
                        svg,
                        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
                         height=\"{height:.1}\"/>"
                    );
                }
            }
            svg.push_str("</g>");
        }
    }

    fn dates(&self, svg: &mut String) {
        let slot = self.slot();
        for place in named_places(self.days.len()) {
            let middle = LEFT + slot * (place as f64 + 0.5);
            // The last one has room for half of its text.
            let middle = middle.min(WIDTH - 26.0);
            let text = named(self.days[place].date, self.language);
            let y = HEIGHT - BOTTOM + 22.0;
            let _ = write!(
                svg,
                "<text text-anchor=\"middle\" x=\"{middle:.1}\" y=\"{y}\">{text}</text>"
            );
        }
    }
}

/// The places of the days that are named: at equal distances, from the last one back.
fn named_places(days: usize) -> Vec<usize> {
    let every = days.div_ceil(NAMED_DAYS).max(1);
    let mut places: Vec<_> = (0..days).rev().step_by(every).collect();
    places.reverse();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(counts: &[(i64, i64)]) -> Vec<Day> {
        let first = NaiveDate::from_ymd_opt(2026, 3, 1).expect("a day");
        let dates = first.iter_days();
        dates
            .zip(counts)
            .map(|(date, (clicks, conversions))| Day {
                date,
                clicks: *clicks,
                conversions: *conversions,
            })
            .collect()
    }

    #[test]
    fn a_scale_has_round_steps_and_room_for_the_highest() {
        for (highest, step, top) in [
            (0, 1, 1),
            (1, 1, 1),
            (5, 1, 5),
            (6, 2, 6),
            (11, 5, 15),
            (26, 10, 30),
            (94, 20, 100),
            (250, 50, 250),
            (251, 100, 300),
            (1_000_001, 500_000, 1_500_000),
        ] {
            assert_eq!(
                Scale::up_to(Some(highest)),
                Scale { step, top },
                "{highest}"
            );
        }
        assert_eq!(Scale::up_to(None), Scale { step: 1, top: 1 });
    }

    #[test]
    fn a_few_days_are_named_today_always() {
        assert_eq!(named_places(0), [0; 0]);
        assert_eq!(named_places(1), [0]);
        assert_eq!(named_places(7), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(named_places(30), [4, 9, 14, 19, 24, 29]);
        for days in 1..=366 {
            let places = named_places(days);
            assert!(
                places.len() <= NAMED_DAYS && places.last() == Some(&(days - 1)),
                "{days}"
            );
        }
    }

    #[test]
    fn a_chart_says_what_it_shows_and_has_a_column_for_each_count() {
        let svg = render(
            "usr_<4491>",
            &days(&[(10, 2), (0, 0), (4, 0)]),
            Language::English,
        );
        for part in [
            "<title id=\"name\">usr_&lt;4491&gt;, 2026-03-01 to 2026-03-03</title>",
            "<desc id=\"sum\">14 clicks and 2 conversions</desc>",
            "<title>2026-03-01: 10 clicks, 2 conversions</title>",
            // The highest column reaches the highest line.
            "<rect class=\"clicks\" x=\"77.6\" y=\"72.0\" width=\"172.8\" height=\"212.0\"/>",
            ">1 Mar</text>",
            ">3 Mar</text>",
        ] {
            assert!(svg.contains(part), "{part} in {svg}");
        }
        assert_eq!(svg.matches("<rect class=\"clicks\"").count(), 2 + 1);
        assert_eq!(svg.matches("<rect class=\"conversions\"").count(), 1 + 1);
    }

    #[test]
    fn a_chart_is_in_the_language_of_its_reader() {
        let counts = days(&[(1_234_567, 1), (0, 0)]);
        let english = render("usr_1", &counts, Language::English);
        let norwegian = render("usr_1", &counts, Language::Norwegian);
        for (svg, parts) in [
            (
                english,
                [
                    "2026-03-01 to 2026-03-02",
                    ">1,234,567 clicks and 1 conversion<",
                    ">1,500,000<",
                    ">2 Mar<",
                ],
            ),
            (
                norwegian,
                [
                    "2026-03-01 til 2026-03-02",
                    ">1\u{a0}234\u{a0}567 klikk og 1 verving<",
                    ">1\u{a0}500\u{a0}000<",
                    ">2. mars<",
                ],
            ),
        ] {
            for part in parts {
                assert!(svg.contains(part), "{part} in {svg}");
            }
        }
        assert_eq!(grouped(-100, Language::English), "-100");
    }

    #[test]
    fn a_long_name_is_shortened_where_it_is_drawn() {
        let svg = render(&"x".repeat(128), &days(&[(0, 0)]), Language::English);
        let shown = format!(">{}…</text>", "x".repeat(59));
        assert!(svg.contains(&shown) && svg.contains(&"x".repeat(128)));
    }
}
