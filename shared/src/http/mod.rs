//! The HTTP conventions that every function keeps: problems, extractors, pages, start-up.

pub mod answer;
pub mod app;
pub mod aws;
pub mod click_problems;
pub mod code_problems;
pub mod code_terms;
pub mod deadline;
pub mod extract;
mod logs;
pub mod observe;
pub mod pagination;
pub mod problem;
mod secrets;
pub mod settings;

pub use app::{App, finish, serve};
pub use extract::{Body, Client, PathId, Post, QueryOf};
pub use pagination::{ListView, Listing, list_answer};
pub use problem::Problem;
pub use settings::Settings;

/// The largest request body: 64 KiB.
pub const MAX_BODY: usize = 64 * 1024;
