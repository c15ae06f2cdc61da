//! `template.yaml` as a test reads it: CloudFormation's short tags become their long forms,
//! `!Ref Table` becomes `{"Ref": "Table"}`.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The root of the repository.
#[must_use]
pub fn repository() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The deployment's template.
pub struct Template(pub Value);

/// A route of the HTTP API: `GET`, `/r/{code}`.
pub type Route = (String, String);

impl Template {
    /// The template of the repository.
    ///
    /// # Panics
    /// When it cannot be read.
    #[must_use]
    pub fn read() -> Self {
        let text = std::fs::read_to_string(repository().join("template.yaml"))
            .expect("template.yaml is there");
        let documents = Yaml::load_from_str(&text).expect("template.yaml is YAML");
        Self(json(documents.first().expect("a document")))
    }

    /// Every function: its binary and its resource.
    ///
    /// # Panics
    /// When a function names no binary.
    #[must_use]
    pub fn functions(&self) -> Vec<(&str, &Value)> {
        let resources = self.0["Resources"].as_object().expect("resources");
        resources
            .values()
            .filter(|resource| resource["Type"] == "AWS::Serverless::Function")
            .map(|resource| {
                let binary = &resource["Metadata"]["BuildProperties"]["Binary"];
                (binary.as_str().expect("a binary"), resource)
            })
            .collect()
    }

    /// The function of this binary.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn function(&self, binary: &str) -> &Value {
        let functions = self.functions();
        let found = functions.iter().find(|(name, _)| *name == binary);
        found
            .unwrap_or_else(|| panic!("no function {binary} in the template"))
            .1
    }

    /// A property of a function, its own or everyone's.
    #[must_use]
    pub fn property<'t>(&'t self, function: &'t Value, name: &str) -> &'t Value {
        match &function["Properties"][name] {
            Value::Null => &self.0["Globals"]["Function"][name],
            own => own,
        }
    }

    /// The environment that the template declares for a function: everyone's variables and its
    /// own.
    #[must_use]
    pub fn environment(&self, function: &Value) -> Map<String, Value> {
        let everyones = &self.0["Globals"]["Function"]["Environment"]["Variables"];
        let own = &function["Properties"]["Environment"]["Variables"];
        let variables = [everyones, own].into_iter().filter_map(Value::as_object);
        variables
            .flatten()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// The environment variables of a deployed function: those with a value.
    #[must_use]
    pub fn variables(&self, function: &Value) -> BTreeSet<String> {
        let declared = self.environment(function).into_iter();
        let with_value = declared.filter(|(_, value)| value["Ref"] != "AWS::NoValue");
        with_value.map(|(name, _)| name).collect()
    }
}

/// The declared path that a path of the HTTP API is: a greedy one is how it takes the path with a
/// slash at its end.
#[must_use]
pub fn declared(path: &str) -> String {
    path.replace("+}", "}")
}

/// The routes that lead to a function.
///
/// # Panics
/// When an event lacks its method or path.
#[must_use]
pub fn routes(function: &Value) -> BTreeSet<Route> {
    let events = function["Properties"]["Events"].as_object();
    let text = |value: &Value| value.as_str().expect("a method and a path").to_owned();
    events
        .into_iter()
        .flat_map(Map::values)
        .filter(|event| event["Type"] == "HttpApi")
        .map(|event| {
            let properties = &event["Properties"];
            (text(&properties["Method"]), text(&properties["Path"]))
        })
        .collect()
}

pub(crate) fn json(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(scalar) => match scalar {
            Scalar::Null => Value::Null,
            Scalar::Boolean(value) => json!(value),
            Scalar::Integer(value) => json!(value),
            Scalar::FloatingPoint(value) => json!(value.into_inner()),
            Scalar::String(value) => json!(value),
        },
        Yaml::Representation(text, ..) => json!(text),
        Yaml::Sequence(items) => items.iter().map(json).collect(),
        Yaml::Mapping(entries) => {
            let entry = |(key, value): (&Yaml<'_>, &Yaml<'_>)| match json(key) {
                Value::String(key) => (key, json(value)),
                key => (key.to_string(), json(value)),
            };
            Value::Object(entries.iter().map(entry).collect())
        }
        Yaml::Tagged(tag, value) => match tag.suffix.as_str() {
            "Ref" => json!({"Ref": json(value)}),
            "Condition" => json!({"Condition": json(value)}),
            "GetAtt" => {
                let text = json(value);
                let (resource, attribute) = text
                    .as_str()
                    .and_then(|text| text.split_once('.'))
                    .expect("a resource and its attribute");
                json!({"Fn::GetAtt": [resource, attribute]})
            }
            function => json!({format!("Fn::{function}"): json(value)}),
        },
        Yaml::Alias(_) | Yaml::BadValue => panic!("{yaml:?} is not a value of a template"),
    }
}
