//! Every field at fault in what was given for a struct, not the first alone.
//!
//! Serde stops at the first error. So once something is wrong, each known field is tried by
//! itself: serde says which fields a struct has, what is given for one of them, and whether one
//! may be left out.

use crate::problem::{Problem, invalid, shortened};
use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use std::fmt;

/// How many fields an answer names at most.
const NAMED_AT_MOST: usize = 20;

/// What is given: the names, and what is wrong with one of them by itself.
pub(super) trait Given {
    /// Every name that is given.
    fn names(&self) -> Vec<&str>;

    /// What serde says against the field `name`, taken by itself.
    fn fault<T: DeserializeOwned>(&self, name: &str) -> Option<String>;
}

/// The problem of what is `given` and is no `T`: every field at fault, those that `T` knows in
/// its own order, then the unknown ones. `None` where no field is at fault by itself.
pub(super) fn problem_of<T: DeserializeOwned>(given: &impl Given) -> Option<Problem> {
    let known = known_fields::<T>();
    let names = given.names();
    let of_known = known.iter().filter_map(|name| {
        if names.contains(name) {
            let fault = given.fault::<T>(name)?;
            Some(((*name).to_owned(), plain(&fault)))
        } else {
            is_required::<T>(name).then(|| ((*name).to_owned(), "is required".to_owned()))
        }
    });
    let mut faults: Vec<(String, String)> = of_known.collect();
    let invalid_fields = faults.len();
    let unknown = names.iter().filter(|name| !known.contains(name));
    faults.extend(unknown.map(|name| (shortened(name), "is not known here".to_owned())));
    let all = faults.len();
    faults.truncate(NAMED_AT_MOST);
    let problem = match (faults.as_slice(), invalid_fields) {
        ([], _) => return None,
        ([(field, fault)], 1) => return Some(invalid(field, fault)),
        ([(field, _)], _) => Problem::bad_request(
            "unknown_field",
            format!("There is no field {field}. Known: {}.", known.join(", ")),
        ),
        (_, 0) => Problem::bad_request(
            "unknown_field",
            format!("{all} fields are not known. Known: {}.", known.join(", ")),
        ),
        _ => Problem::bad_request("invalid_field", format!("{all} fields are at fault.")),
    };
    let add = |problem: Problem, (field, fault)| problem.with_field(field, fault);
    Some(faults.into_iter().fold(problem, add))
}

/// Serde's message without its idioms.
pub(super) fn plain(message: &str) -> String {
    let end = message.rfind(" at line ").unwrap_or(message.len());
    let message = &message[..end];
    let expected = message.split_once(", expected ").map(|(_, rest)| rest);
    match expected {
        Some(expected) if message.starts_with("unknown variant ") => {
            let names: Vec<_> = expected.split('`').skip(1).step_by(2).collect();
            match names.as_slice() {
                [only] => format!("must be {only}"),
                names => format!("must be one of {}", names.join(", ")),
            }
        }
        Some(expected) if message.starts_with("invalid ") => format!("must be {}", noun(expected)),
        _ if message == "invalid IP address syntax" => format!("must be {}", noun("IP address")),
        _ => shortened(message),
    }
}

fn noun(expected: &str) -> &str {
    match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "a sequence" => "a list",
        "a map" => "an object",
        "a boolean" => "true or false",
        "string or map" => "a string",
        "IP address" => "an IPv4 or IPv6 address",
        other => other,
    }
}

/// The names of the fields of `T`.
fn known_fields<T: DeserializeOwned>() -> &'static [&'static str] {
    match T::deserialize(Probe::Fields) {
        Err(Found::Fields(fields)) => fields,
        _ => &[],
    }
}

/// Whether `T` must have the field. One that has a default is an `Option` in a body.
fn is_required<T: DeserializeOwned>(name: &str) -> bool {
    matches!(T::deserialize(Probe::Without(name)), Err(Found::Required))
}

/// Asks serde's own code for a struct what the struct is like.
enum Probe<'n> {
    Fields,
    Without(&'n str),
}

/// What came of a probe.
#[derive(Debug)]
enum Found {
    Fields(&'static [&'static str]),
    Required,
    /// What else serde says.
    Other,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a probe is no value")
    }
}

impl std::error::Error for Found {}

impl de::Error for Found {
    fn custom<M: fmt::Display>(_: M) -> Self {
        Self::Other
    }
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Found;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Found> {
        Err(Found::Other)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Found> {
        match self {
            Self::Fields => Err(Found::Fields(fields)),
            Self::Without(name) => visitor.visit_map(Without(Some(name))),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// A map of one field, which is left out.
struct Without<'n>(Option<&'n str>);

impl<'de> MapAccess<'de> for Without<'_> {
    type Error = Found;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Found> {
        let name = self.0.take();
        name.map(|name| seed.deserialize(StrDeserializer::new(name)))
            .transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Found> {
        seed.deserialize(Absent)
    }
}

/// The value of a field that is left out: none, where there may be none.
struct Absent;

impl<'de> Deserializer<'de> for Absent {
    type Error = Found;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Found> {
        Err(Found::Required)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Body {
        first: String,
        second: Option<u32>,
        third: Vec<u8>,
    }

    #[test]
    fn serde_says_which_fields_there_are_and_which_may_be_left_out() {
        assert_eq!(known_fields::<Body>(), ["first", "second", "third"]);
        let required = ["first", "second", "third"].map(is_required::<Body>);
        assert_eq!(required, [true, false, true]);
        assert!(known_fields::<Vec<u8>>().is_empty());
    }

    #[test]
    fn a_message_has_no_idiom_of_serdes() {
        for (message, said) in [
            (
                "invalid type: integer `5`, expected a string at line 1 column 9",
                "must be a string",
            ),
            (
                "invalid value: integer `256`, expected u8",
                "must be a whole number from 0 to 255",
            ),
            ("invalid type: null, expected a sequence", "must be a list"),
            (
                "unknown variant `x`, expected one of `a`, `b`, `c`",
                "must be one of a, b, c",
            ),
            (
                "unknown variant `x`, expected `a` or `b`",
                "must be one of a, b",
            ),
            ("unknown variant `x`, expected `a`", "must be a"),
            (
                "invalid IP address syntax",
                "must be an IPv4 or IPv6 address",
            ),
            (
                "must hold at least one scope, each once",
                "must hold at least one scope, each once",
            ),
        ] {
            assert_eq!(plain(message), said);
        }
    }
}
