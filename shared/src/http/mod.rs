//! The HTTP conventions that every function keeps: problems, extractors, pages, access,
//! start-up.

pub mod access;
pub mod answer;
pub mod app;
pub mod aws;
pub mod click_problems;
pub mod code_problems;
pub mod code_query;
pub mod code_terms;
pub mod deadline;
pub mod envelope;
pub mod extract;
mod fallback;
pub mod gateway;
pub mod logs;
pub mod observe;
pub mod pagination;
pub mod problem;
mod program_problems;
mod secrets;
pub mod settings;

pub use access::{Caller, Scoped};
pub use answer::kept_or;
pub use app::{App, finish, serve, serve_verifying_tokens};
pub use extract::{Body, Client, PathId, Post, QueryOf};
pub use pagination::{ListView, Listing, list_answer};
pub use problem::Problem;
pub use settings::Settings;

/// The largest request body: 64 KiB.
pub const MAX_BODY: usize = 64 * 1024;
