//! The HTTP conventions that every function keeps. Each module uses only those above it in
//! this list:
//!
//! - [`emf`] log lines that are metrics too;
//! - [`token`] signed tokens and the keys that verify them;
//! - `quota` how a limit is told in headers;
//! - [`problem`] errors as a caller reads them, and what each refusal is answered;
//! - [`settings`] what an operator can set;
//! - `buckets` what an address may do how often;
//! - [`App`] what every request has at hand;
//! - [`reply`] successful answers;
//! - [`accept`] the form of an answer that its caller would rather have;
//! - [`language`] the language that a page is read in;
//! - [`csv`] lists for spreadsheets;
//! - [`picture`] pictures as answers;
//! - [`known_tags`] what the caller has already;
//! - [`cloud_event`] events as they go out;
//! - [`qr`] links as QR codes;
//! - [`pagination`] pages of a list;
//! - [`extract`] what a handler takes, valid or refused;
//! - [`codes`] what both services of codes take;
//! - [`access`] who may call a route, and the store that they get;
//! - [`limited`] what an address may call only so often;
//! - [`middleware`] what surrounds every request;
//! - [`routes`] the one declaration of each route;
//! - [`lambda`] how a function starts.

pub mod accept;
pub mod access;
mod app;
mod buckets;
pub mod cloud_event;
pub mod codes;
pub mod csv;
pub mod emf;
pub mod extract;
pub mod known_tags;
pub mod lambda;
pub mod language;
mod limited;
pub mod middleware;
pub mod pagination;
pub mod picture;
pub mod problem;
pub mod qr;
mod quota;
pub mod reply;
pub mod routes;
pub mod settings;
pub mod token;

pub use app::App;
pub use buckets::Limited;
pub use limited::{CodeAllowance, limited};
pub use quota::Quota;
