//! Every endpoint as its callers see it.

mod attributions;
mod code_records;
mod codes;
mod confirmations;
mod faults;
mod first_limits;
mod headers;
mod idempotency;
mod ids;
mod limits;
mod lists;
mod protocol;
mod rotations;
mod short_links;
mod terms;
mod totals;
