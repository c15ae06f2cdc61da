//! The HTTP conventions that every function keeps: problems, extractors, pages, start-up.

pub mod answer;
pub mod app;
pub mod click_problems;
pub mod code_problems;
pub mod code_terms;
pub mod extract;
pub mod gateway;
pub mod observe;
pub mod pagination;
pub mod problem;
pub mod settings;

pub use answer::kept_or;
pub use app::{App, finish, serve};
pub use extract::{Body, Client, PathId, Post, QueryOf};
pub use pagination::{ListView, Listing, list_answer};
pub use problem::Problem;
pub use settings::Settings;

/// The largest request body: 64 KiB.
pub const MAX_BODY: usize = 64 * 1024;
