//! Every endpoint as its callers see it.

mod attributions;
mod bulk;
mod code_records;
mod codes;
mod confirmations;
mod conversions;
mod csv;
mod faults;
mod first_limits;
mod headers;
mod idempotency;
mod ids;
mod limits;
mod lists;
mod pages;
mod protocol;
mod recruitments;
mod rotations;
mod short_links;
mod spans;
mod terms;
mod totals;
