//! Expressions that carry their values: the literal text beside the call, the values bound
//! beside it.
//!
//! `#word` in an expression is the attribute `word`, for names that DynamoDB reserves.

use crate::error::StoreError;
use crate::keys::Item;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::HashMap;

/// Nothing is at the key.
pub(crate) const ABSENT: &str = "attribute_not_exists(pk)";

/// Something is at the key, a tombstone included.
pub(crate) const EXISTS: &str = "attribute_exists(pk)";

/// A record is at the key, and it is not deleted.
pub(crate) const LIVE: &str = "attribute_exists(pk) AND attribute_not_exists(deleted_at)";

/// The item is as it was read.
pub(crate) const UNCHANGED: &str = "#version = :version";

/// The values that expressions refer to, or what could not be bound.
#[derive(Debug, Clone, Default)]
struct Values {
    bound: Item,
    failed: Option<String>,
}

impl Values {
    fn bind(&mut self, name: &str, value: &(impl Serialize + ?Sized)) {
        match serde_dynamo::to_attribute_value(value) {
            Ok(value) => {
                self.bound.insert(name.to_owned(), value);
            }
            Err(error) => self.failed = Some(format!("{name}: {error}")),
        }
    }
}

/// A condition with its values.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    text: Cow<'static, str>,
    values: Values,
}

impl Condition {
    /// The condition `text`.
    pub(crate) fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            text: text.into(),
            values: Values::default(),
        }
    }

    /// Binds `name`, such as `:id`, to `value`.
    #[must_use]
    pub(crate) fn bind(mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        self.values.bind(name, value);
        self
    }

    pub(crate) fn parts(self) -> Result<Parts, StoreError> {
        parts(None, Some(self.text), self.values)
    }
}

/// A change of an item, and the condition under which it happens.
#[derive(Debug, Clone)]
pub(crate) struct Update {
    text: Cow<'static, str>,
    condition: Option<Cow<'static, str>>,
    values: Values,
}

impl Update {
    /// The update expression `text`.
    pub(crate) fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            text: text.into(),
            condition: None,
            values: Values::default(),
        }
    }

    /// Under the condition `text`.
    #[must_use]
    pub(crate) fn when(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.condition = Some(text.into());
        self
    }

    /// Binds `name`, such as `:at`, to `value`.
    #[must_use]
    pub(crate) fn bind(mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        self.values.bind(name, value);
        self
    }

    /// And under the condition `text`, an alternative in its own parentheses: DynamoDB refuses
    /// double ones.
    #[must_use]
    pub(crate) fn and_when(mut self, text: &str) -> Self {
        let when = self.condition.take().map_or_else(
            || Cow::Owned(text.to_owned()),
            |condition| Cow::Owned(format!("{condition} AND {text}")),
        );
        self.condition = Some(when);
        self
    }

    /// Binds `name` where there is a value; an expression must not name it where there is none.
    #[must_use]
    pub(crate) fn bind_given(self, name: &str, value: Option<&impl Serialize>) -> Self {
        match value {
            Some(value) => self.bind(name, value),
            None => self,
        }
    }

    pub(crate) fn parts(self) -> Result<Parts, StoreError> {
        parts(Some(self.text), self.condition, self.values)
    }
}

/// An expression as the SDK takes it: absent where there is nothing to say.
pub(crate) struct Parts {
    pub(crate) update: Option<String>,
    pub(crate) condition: Option<String>,
    pub(crate) names: Option<HashMap<String, String>>,
    pub(crate) values: Option<HashMap<String, AttributeValue>>,
}

fn parts(
    update: Option<Cow<'static, str>>,
    condition: Option<Cow<'static, str>>,
    values: Values,
) -> Result<Parts, StoreError> {
    if let Some(failed) = values.failed {
        return Err(StoreError::Refused(failed.into()));
    }
    let texts = [update.as_deref(), condition.as_deref()];
    let names = names_in(texts.into_iter().flatten());
    Ok(Parts {
        update: update.map(Cow::into_owned),
        condition: condition.map(Cow::into_owned),
        names: Some(names).filter(|names| !names.is_empty()),
        values: Some(values.bound).filter(|values| !values.is_empty()),
    })
}

/// Every `#word` of the expressions, and the attribute that it names.
pub(crate) fn names_in<'t>(texts: impl IntoIterator<Item = &'t str>) -> HashMap<String, String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut names = HashMap::new();
    for text in texts {
        for behind in text.split('#').skip(1) {
            let end = behind.find(|c| !is_part(c)).unwrap_or(behind.len());
            names.insert(format!("#{}", &behind[..end]), behind[..end].to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_carries_names_and_values() {
        let parts = Update::new("SET #kind = :kind ADD #version :one")
            .when("#version = :version")
            .bind(":kind", "program")
            .bind(":one", &1)
            .bind(":version", &7_u64)
            .parts()
            .expect("bound");
        assert_eq!(
            parts.update.as_deref(),
            Some("SET #kind = :kind ADD #version :one")
        );
        assert_eq!(parts.condition.as_deref(), Some("#version = :version"));
        let names = parts.names.expect("two names");
        assert_eq!(names.len(), 2);
        assert_eq!(names["#version"], "version");
        let values = parts.values.expect("three values");
        assert_eq!(values[":kind"], AttributeValue::S("program".to_owned()));
        assert_eq!(values[":version"], AttributeValue::N("7".to_owned()));
    }

    #[test]
    fn a_condition_without_values_has_none() {
        let parts = Condition::new(ABSENT).parts().expect("nothing to bind");
        assert!(parts.names.is_none() && parts.values.is_none() && parts.update.is_none());
    }
}
