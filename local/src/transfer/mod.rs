//! `cargo run -p local -- export` and `import`: an organisation whole, in a file of lines, from the
//! data of this machine or from where `AWS_ENDPOINT_URL_DYNAMODB` says, and into another.

mod export;
mod file;
mod import;

pub use export::{ExportArguments, export, write_file};
pub use import::{ImportArguments, Tally, import, read_file};
