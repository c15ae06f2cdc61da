//! Which attributes a read answers with, for images that the engine does not project.

use super::keys::Image;
use serde_json::{Map, Value, json};

/// A `ProjectionExpression`: paths through maps.
#[derive(Debug)]
pub(super) struct Projection(Vec<Vec<String>>);

impl Projection {
    /// The projection of a request's body, or of a table's part of a batch.
    ///
    /// # Errors
    /// It goes into lists, which no read of this project does.
    pub(super) fn read(body: &Value) -> Result<Option<Self>, String> {
        let Some(expression) = body["ProjectionExpression"].as_str() else {
            return Ok(None);
        };
        if expression.contains('[') {
            return Err(format!("the projection {expression}"));
        }
        let path = |path: &str| {
            let steps = path.split('.').map(str::trim);
            steps.map(|step| name_of(body, step).to_owned()).collect()
        };
        Ok(Some(Self(expression.split(',').map(path).collect())))
    }

    pub(super) fn apply(&self, item: &Image) -> Image {
        let mut projected = Map::new();
        for path in &self.0 {
            copy(item, &mut projected, path);
        }
        projected
    }
}

/// The attribute that `word` of an expression of `body` names.
pub(super) fn name_of<'b>(body: &'b Value, word: &'b str) -> &'b str {
    body["ExpressionAttributeNames"][word]
        .as_str()
        .unwrap_or(word)
}

/// A read's body for whole items. Only a projection has names in a read by key.
pub(super) fn unprojected(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("ProjectionExpression");
        fields.remove("ExpressionAttributeNames");
    }
    body
}

/// Copies what is at `path`, and says whether something was.
fn copy(from: &Image, to: &mut Image, path: &[String]) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return false;
    };
    let Some(value) = from.get(first) else {
        return false;
    };
    if rest.is_empty() {
        to.insert(first.clone(), value.clone());
        return true;
    }
    let Some(inner) = value["M"].as_object() else {
        return false;
    };
    let mut part = match to.get(first).map(|part| &part["M"]) {
        Some(Value::Object(part)) => part.clone(),
        _ => Map::new(),
    };
    let copied = copy(inner, &mut part, rest);
    if copied {
        to.insert(first.clone(), json!({"M": part}));
    }
    copied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_projection_keeps_the_attributes_at_its_paths() {
        let body = json!({
            "ProjectionExpression": "sk, #n, #days.first, #days.#s, absent, absent.too",
            "ExpressionAttributeNames": {"#n": "name", "#days": "days", "#s": "second"},
        });
        let item = json!({
            "pk": {"S": "p"}, "sk": {"S": "s"}, "name": {"S": "n"},
            "days": {"M": {"first": {"N": "1"}, "second": {"N": "2"}, "third": {"N": "3"}}},
        });
        let projection = Projection::read(&body).expect("read").expect("one");
        let projected = projection.apply(item.as_object().expect("an object"));
        let expected = json!({
            "sk": {"S": "s"}, "name": {"S": "n"},
            "days": {"M": {"first": {"N": "1"}, "second": {"N": "2"}}},
        });
        assert_eq!(Value::Object(projected), expected);
    }

    #[test]
    fn a_body_without_projection_has_none_and_one_into_a_list_is_refused() {
        assert!(Projection::read(&json!({})).expect("read").is_none());
        assert!(Projection::read(&json!({"ProjectionExpression": "a[0]"})).is_err());
    }
}
