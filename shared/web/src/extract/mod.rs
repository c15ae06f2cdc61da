//! Extractors: what a handler is given is valid, and what is not is a problem that names the
//! field.

mod body;
mod client;
mod faults;
mod field;
mod idempotent;
mod json;
mod now;
mod path;
mod query;
mod short_base;

pub use body::BoundedBody;
pub use client::Client;
pub use field::given;
pub use idempotent::{CallerName, Idempotent, IdempotentJson};
pub use json::JsonBody;
pub use now::Now;
pub use path::{PathId, PathIds};
pub use query::{ListQuery, StrictQuery, time_span};
pub use short_base::ShortBase;
