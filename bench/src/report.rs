//! Rows of a Markdown table: what was measured, beside what it must keep to.

use std::fmt::Display;

/// Prints rows as they are measured, and remembers whether one misses its bound.
#[derive(Debug, Default)]
pub(crate) struct Report {
    is_begun: bool,
    missed: usize,
}

impl Report {
    /// A figure that must not be more than `bound`.
    pub(crate) fn at_most(&mut self, what: impl Display, figure: f64, bound: f64, unit: &str) {
        let sign = if bound == 0.0 { "" } else { "≤ " };
        self.bounded(
            what,
            figure,
            &format!("{sign}{}", number(bound)),
            unit,
            figure <= bound,
        );
    }

    /// A figure that must not be less than `bound`.
    pub(crate) fn at_least(&mut self, what: impl Display, figure: f64, bound: f64, unit: &str) {
        self.bounded(
            what,
            figure,
            &format!("≥ {}", number(bound)),
            unit,
            figure >= bound,
        );
    }

    /// A figure without a bound.
    pub(crate) fn note(&mut self, what: impl Display, figure: impl Display) {
        self.row(what, figure, "–");
    }

    /// Whether every figure keeps to its bound.
    pub(crate) fn is_met(&self) -> bool {
        self.missed == 0
    }

    fn bounded(&mut self, what: impl Display, figure: f64, bound: &str, unit: &str, is_met: bool) {
        let figure = format!("{} {unit}", number(figure));
        if is_met {
            self.row(what, figure, bound);
        } else {
            self.missed += 1;
            self.row(what, figure, format!("{bound} **missed**"));
        }
    }

    fn row(&mut self, what: impl Display, figure: impl Display, bound: impl Display) {
        if !self.is_begun {
            println!("| what | measured | bound |\n|---|---:|---:|");
            self.is_begun = true;
        }
        println!("| {what} | {figure} | {bound} |");
    }
}

/// `12,345`, `123`, `12.3` or `1.234`: as many digits as say something.
pub(crate) fn number(value: f64) -> String {
    if value.fract() == 0.0 || value.abs() >= 100.0 {
        return grouped(value.round() as i64);
    }
    let digits = if value.abs() >= 10.0 { 1 } else { 3 };
    let text = format!("{value:.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// With a comma between thousands.
fn grouped(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_say_something() {
        let shown = [1_234_567.0, 999.6, 12.34, 1.0, 0.0456, 2.5].map(number);
        assert_eq!(shown, ["1,234,567", "1,000", "12.3", "1", "0.046", "2.5"]);
    }

    #[test]
    fn a_missed_bound_is_remembered() {
        let mut report = Report::default();
        report.at_most("a cost", 2.0, 2.0, "units");
        report.at_least("a speed", 5.0, 5.0, "a second");
        assert!(report.is_met());
        report.at_least("a speed", 4.9, 5.0, "a second");
        report.at_most("a cost", 1.0, 2.0, "units");
        assert!(!report.is_met());
    }
}
