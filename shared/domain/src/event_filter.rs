//! Which events a webhook is told of.

use crate::event_type::EventType;
use crate::text::Invalid;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The events that a webhook is told of. Written as the list of their types, or as `["*"]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub enum EventFilter {
    /// Every type, those included that are added later.
    All,
    /// These types: at least one.
    Types(BTreeSet<EventType>),
}

/// How every type is written.
const ALL: &str = "*";

impl EventFilter {
    /// Whether events of this type are told.
    pub fn matches(&self, event_type: EventType) -> bool {
        match self {
            Self::All => true,
            Self::Types(types) => types.contains(&event_type),
        }
    }
}

impl TryFrom<Vec<String>> for EventFilter {
    type Error = Invalid;

    fn try_from(names: Vec<String>) -> Result<Self, Invalid> {
        const INVALID: Invalid =
            Invalid("must hold types of events such as code.created, each once, or * alone");
        if names == [ALL] {
            return Ok(Self::All);
        }
        let types = names.iter().map(|name| name.parse::<EventType>());
        let types: BTreeSet<_> = types.collect::<Result<_, _>>().map_err(|_| INVALID)?;
        if types.is_empty() || types.len() != names.len() {
            return Err(INVALID);
        }
        Ok(Self::Types(types))
    }
}

impl From<EventFilter> for Vec<String> {
    fn from(filter: EventFilter) -> Self {
        match filter {
            EventFilter::All => vec![ALL.to_owned()],
            EventFilter::Types(types) => types.iter().map(ToString::to_string).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> Option<EventFilter> {
        serde_json::from_str(text).ok()
    }

    #[test]
    fn a_filter_is_every_type_or_a_list_of_them() {
        let some = filter(r#"["limit.reached","code.created"]"#).expect("a filter");
        let all = filter(r#"["*"]"#).expect("a filter");
        for event_type in EventType::ALL {
            assert!(all.matches(*event_type));
            let is_one = matches!(event_type, EventType::CodeCreated | EventType::LimitReached);
            assert_eq!(some.matches(*event_type), is_one, "{event_type}");
        }
        let written = |filter| serde_json::to_string(&filter).expect("JSON");
        assert_eq!(written(some), r#"["code.created","limit.reached"]"#);
        assert_eq!(written(all), r#"["*"]"#);
        for refused in [
            "[]",
            r#"["*","code.created"]"#,
            r#"["code.created","code.created"]"#,
            r#"["code.*"]"#,
            r#"["webhook.test"]"#,
            r#""*""#,
        ] {
            assert_eq!(filter(refused), None, "{refused}");
        }
    }
}
