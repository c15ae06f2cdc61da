//! Embeds the pages and their assets, compressed, and the contract document in both of its forms:
//! YAML to download, JSON for the page that shows it.

use flate2::Compression;
use flate2::write::GzEncoder;
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

const ASSETS: &str = "assets";
const DOCUMENT: &str = "../../openapi.yaml";

/// What a page has in place of the address of its assets.
const PLACEHOLDER: &str = "{assets}";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={ASSETS}");
    println!("cargo::rerun-if-changed={DOCUMENT}");
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(ASSETS)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        files.insert(name.ok_or("a name in UTF-8")?.to_owned(), fs::read(&path)?);
    }
    let document = fs::read_to_string(DOCUMENT)?;
    let parsed = Yaml::load_from_str(&document)?;
    let parsed = json(parsed.first().ok_or("openapi.yaml is empty")?)?;
    files.insert("openapi.json".to_owned(), serde_json::to_vec(&parsed)?);
    files.insert("openapi.yaml".to_owned(), document.into_bytes());

    let version = version(&files);
    for (name, bytes) in &mut files {
        if name.ends_with(".html") {
            let text = String::from_utf8(bytes.clone())?;
            *bytes = text
                .replace(PLACEHOLDER, &format!("/assets/{version}"))
                .into_bytes();
        }
    }
    embed(&files, &version, &PathBuf::from(env::var("OUT_DIR")?))
}

/// Writes every file in both forms, and the source that includes them.
fn embed(
    files: &BTreeMap<String, Vec<u8>>,
    version: &str,
    out: &Path,
) -> Result<(), Box<dyn Error>> {
    let mut source = format!(
        "/// What the address of every asset has in it.\n\
         pub(crate) const VERSION: &str = {version:?};\n\
         static FILES: &[File] = &[\n"
    );
    for (name, bytes) in files {
        let (plain, gzipped) = (out.join(name), out.join(format!("{name}.gz")));
        fs::write(&plain, bytes)?;
        fs::write(&gzipped, gzip(bytes)?)?;
        let (content_type, tag) = (content_type(name)?, digest(bytes));
        writeln!(
            source,
            "File {{ name: {name:?}, content_type: {content_type:?}, \
             entity_tag: \"W/\\\"{tag}\\\"\", \
             plain: include_bytes!({plain:?}), gzipped: include_bytes!({gzipped:?}) }},"
        )?;
    }
    source.push_str("];\n");
    Ok(fs::write(out.join("embedded.rs"), source)?)
}

fn content_type(name: &str) -> Result<&'static str, Box<dyn Error>> {
    let (_, ending) = name.rsplit_once('.').ok_or("a name without an ending")?;
    Ok(match ending {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "yaml" => "application/yaml",
        _ => return Err(format!("{name} has no known type").into()),
    })
}

/// The same bytes for the same file, on every machine: without a time.
fn gzip(bytes: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// The version of all files together.
fn version(files: &BTreeMap<String, Vec<u8>>) -> String {
    let mut all = Vec::new();
    for (name, bytes) in files {
        all.extend(name.bytes());
        all.extend(bytes);
    }
    digest(&all)[..12].to_owned()
}

fn digest(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter()
        .take(16)
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// A node as JSON. Keys that are numbers, such as statuses, become text.
fn json(node: &Yaml<'_>) -> Result<Value, Box<dyn Error>> {
    Ok(match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => (*value).into(),
        Yaml::Value(Scalar::Integer(value)) => (*value).into(),
        Yaml::Value(Scalar::FloatingPoint(value)) => value.into_inner().into(),
        Yaml::Value(Scalar::String(value)) => value.as_ref().into(),
        Yaml::Sequence(nodes) => nodes.iter().map(json).collect::<Result<_, _>>()?,
        Yaml::Mapping(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                let key = match json(key)? {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                object.insert(key, json(value)?);
            }
            Value::Object(object)
        }
        other => return Err(format!("openapi.yaml has {other:?}").into()),
    })
}
