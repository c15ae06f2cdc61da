//! Lists as CSV (RFC 4180), for spreadsheets: `Accept: text/csv`.

use crate::accept::Accepted;
use axum::http::HeaderMap;
use serde::Serialize;
use serde_json::Value;

/// The media type of CSV.
pub const CSV: &str = "text/csv";
/// The media type of JSON.
pub const JSON: &str = "application/json";

/// What a row of a list shows.
///
/// A list that is empty has a header line, too, so the columns are told without a record. The test
/// `csv_has_the_columns_of_the_json` compares them with what is serialized.
pub trait Columns: Serialize {
    /// The names of the record's fields, as in JSON and in that order.
    const COLUMNS: &'static [&'static str];
}

/// In which form a list is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// `application/json`.
    #[default]
    Json,
    /// `text/csv`.
    Csv,
}

impl Format {
    /// CSV where `Accept` names it and likes nothing that is JSON better. There is no 406.
    pub(crate) fn accepted(headers: &HeaderMap) -> Self {
        match Accepted::of(headers).best_of(&[CSV, JSON]) {
            Some(CSV) => Self::Csv,
            _ => Self::Json,
        }
    }
}

/// A header line with the names of the fields, and a line for each of `records`.
///
/// # Errors
/// A record that cannot be serialized.
pub(crate) fn render<R: Columns>(records: &[R]) -> Result<String, serde_json::Error> {
    let mut text = R::COLUMNS.join(",") + "\r\n";
    for record in records {
        let record = serde_json::to_value(record)?;
        let cells = R::COLUMNS.iter().map(|name| cell(&record[name]));
        text += &cells.collect::<Vec<_>>().join(",");
        text += "\r\n";
    }
    Ok(text)
}

/// A value as a cell: nothing for `null`, JSON for what is no single value.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => quoted(&inert(text)),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(_) | Value::Object(_) => quoted(&value.to_string()),
    }
}

/// A text that no spreadsheet takes for a formula: a user agent is whatever a visitor sends.
fn inert(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderValue, header};
    use serde_json::json;

    #[test]
    fn csv_is_for_those_who_name_it() {
        for (accept, format) in [
            ("text/csv", Format::Csv),
            ("Text/CSV; charset=utf-8", Format::Csv),
            ("text/csv, application/json", Format::Csv),
            ("application/json;q=0.5, text/csv;q=0.9", Format::Csv),
            ("text/csv;q=0.9, */*", Format::Csv),
            ("application/json, text/csv;q=0.9", Format::Json),
            ("text/csv;q=0", Format::Json),
            ("text/*", Format::Json),
            ("text/csvx", Format::Json),
            ("*/*", Format::Json),
            ("", Format::Json),
            ("application/xml", Format::Json),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(Format::accepted(&headers), format, "{accept}");
        }
        assert_eq!(Format::accepted(&HeaderMap::new()), Format::Json);
    }

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_never_a_formula() {
        for (value, expected) in [
            (json!(null), ""),
            (json!("JAN-VERV-8F3A"), "JAN-VERV-8F3A"),
            (json!("a, b"), "\"a, b\""),
            (json!("say \"hi\""), "\"say \"\"hi\"\"\""),
            (json!("two\r\nlines"), "\"two\r\nlines\""),
            (json!("=1+1"), "'=1+1"),
            (json!("+47"), "'+47"),
            (json!("-usr"), "'-usr"),
            (json!("@usr"), "'@usr"),
            (json!("\tx"), "'\tx"),
            (json!("\rx"), "\"'\rx\""),
            (json!("=HYPERLINK(\"x\",1)"), "\"'=HYPERLINK(\"\"x\"\",1)\""),
            (json!(-3), "-3"),
            (json!(true), "true"),
            (json!([2, 3]), "\"[2,3]\""),
        ] {
            assert_eq!(cell(&value), expected, "{value}");
        }
    }

    #[test]
    fn every_line_has_the_columns_of_the_first() {
        #[derive(Serialize)]
        struct Thing {
            id: u8,
            #[serde(skip_serializing_if = "Option::is_none")]
            name: Option<&'static str>,
            end: Option<u8>,
        }
        impl Columns for Thing {
            const COLUMNS: &'static [&'static str] = &["id", "name", "end"];
        }
        let thing = |id, name| Thing {
            id,
            name,
            end: None,
        };
        let things = [thing(1, Some("a")), thing(2, None)];
        let text = render(&things).expect("CSV");
        assert_eq!(text, "id,name,end\r\n1,a,\r\n2,,\r\n");
        assert_eq!(render::<Thing>(&[]).expect("CSV"), "id,name,end\r\n");
    }
}
