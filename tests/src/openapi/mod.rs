//! `openapi.yaml` as tests read it: its operations, and its schemas, compiled when they are first
//! needed, once in a process.

mod answer;
mod sent;
mod watch;

pub use answer::Answer;
pub use sent::Sent;
pub use watch::{BEYOND_THE_DOCUMENT, as_documented};

use crate::template::{json, repository};
use jsonschema::{Draft, Registry, Validator};
use saphyr::{LoadableYamlNode, Yaml};
use serde_json::{Value, json as object};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// The methods that a path item may have.
const METHODS: [&str; 6] = ["get", "head", "post", "put", "patch", "delete"];

/// What the document is called where schemas refer to it.
const URI: &str = "urn:verv:openapi";

static DOCUMENT: LazyLock<Document> = LazyLock::new(Document::read);

/// The contract document.
pub struct Document {
    /// All of it.
    pub root: Value,
    /// Every operation, in the order of the document.
    pub operations: Vec<Operation>,
    registry: Registry<'static>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// An operation of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// In upper case.
    pub method: String,
    /// The template, like `/r/{code}`.
    pub path: String,
    /// The JSON pointer to it.
    pub pointer: String,
}

impl Document {
    /// The document of the repository.
    pub fn get() -> &'static Self {
        &DOCUMENT
    }

    fn read() -> Self {
        let text = std::fs::read_to_string(repository().join("openapi.yaml"));
        let documents = Yaml::load_from_str(&text.expect("openapi.yaml is there"));
        let documents = documents.expect("openapi.yaml is YAML");
        let root = json(documents.first().expect("a document"));
        let registry = Registry::new()
            .draft(Draft::Draft202012)
            .add(URI, root.clone())
            .and_then(|builder| builder.prepare());
        Self {
            operations: operations(&root),
            registry: registry.expect("every reference leads somewhere"),
            validators: Mutex::default(),
            root,
        }
    }

    /// The operation that answers `method` at `path`; `HEAD` is answered as `GET` is.
    #[must_use]
    pub fn operation(&self, method: &str, path: &str) -> Option<&Operation> {
        let of_method = |wanted: &str| {
            let fitting = self.operations.iter().filter(|operation| {
                operation.method == wanted && is_path_of(&operation.path, path)
            });
            fitting.min_by_key(|operation| operation.path.matches('{').count())
        };
        of_method(method).or_else(|| (method == "HEAD").then(|| of_method("GET")).flatten())
    }

    /// The pointer of what the node at `pointer` is or refers to, and the node; `None` where
    /// there is none.
    #[must_use]
    pub fn resolve(&self, pointer: &str) -> Option<(String, &Value)> {
        let node = self.root.pointer(pointer)?;
        match node["$ref"].as_str() {
            Some(reference) => self.resolve(reference.strip_prefix('#')?),
            None => Some((pointer.to_owned(), node)),
        }
    }

    /// The pointers to the parameters of an operation, its path's own first.
    #[must_use]
    pub fn parameters(&self, operation: &Operation) -> Vec<String> {
        let item = operation.pointer.rsplit_once('/').map(|(item, _)| item);
        let lists = [item.unwrap_or_default(), &operation.pointer];
        let of_list = |list: &str| {
            let pointer = format!("{list}/parameters");
            let listed = self.root.pointer(&pointer).and_then(Value::as_array);
            (0..listed.map_or(0, Vec::len)).map(move |place| format!("{pointer}/{place}"))
        };
        lists.into_iter().flat_map(of_list).collect()
    }

    /// What the schema at `pointer` has against `value`.
    ///
    /// # Panics
    /// When the schema is none.
    pub fn faults(&self, pointer: &str, value: &Value) -> Vec<String> {
        let validator = self.validator(pointer);
        let fault =
            |error: jsonschema::ValidationError<'_>| format!("{}: {error}", error.instance_path());
        validator.iter_errors(value).map(fault).collect()
    }

    fn validator(&self, pointer: &str) -> Arc<Validator> {
        let mut validators = self
            .validators
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let compiled = validators.entry(pointer.to_owned()).or_insert_with(|| {
            let fragment = pointer.replace('{', "%7B").replace('}', "%7D");
            let schema = object!({"$ref": format!("{URI}#{fragment}")});
            let options = jsonschema::options().with_draft(Draft::Draft202012);
            let compiled = options
                .with_registry(&self.registry)
                .should_validate_formats(true)
                .build(&schema);
            Arc::new(compiled.unwrap_or_else(|error| panic!("{pointer}: {error}")))
        });
        Arc::clone(compiled)
    }
}

fn operations(root: &Value) -> Vec<Operation> {
    let paths = root["paths"].as_object().expect("paths");
    let of_path = |(path, item): (&String, &Value)| {
        let item = item.as_object().expect("operations");
        let methods = METHODS.iter().filter(|method| item.contains_key(**method));
        let operations: Vec<_> = methods
            .map(|method| Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                pointer: format!("/paths/{}/{method}", escaped(path)),
            })
            .collect();
        operations
    };
    paths.iter().flat_map(of_path).collect()
}

/// `key` as a segment of a JSON pointer.
#[must_use]
pub fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Whether `path` is one of the paths of `template`.
fn is_path_of(template: &str, path: &str) -> bool {
    let fits = |(wanted, given): (&str, &str)| match wanted.starts_with('{') {
        true => !given.is_empty(),
        false => wanted == given,
    };
    template.split('/').count() == path.split('/').count()
        && template.split('/').zip(path.split('/')).all(fits)
}
