//! What AWS charges, in US dollars: on demand, N. Virginia, without free tiers, as
//! `docs/deploying.md` has it. Put your region's in.

/// A million requests of an HTTP API.
pub(crate) const GATEWAY: f64 = 1.0;
/// A million invocations of Lambda.
pub(crate) const INVOCATIONS: f64 = 0.2;
/// A GB-second of Lambda on arm64.
pub(crate) const GB_SECOND: f64 = 0.000_013_333_4;
/// A million read units of DynamoDB.
pub(crate) const READ_UNITS: f64 = 0.125;
/// A million write units of DynamoDB.
pub(crate) const WRITE_UNITS: f64 = 0.625;
/// A GB of logs.
pub(crate) const LOGS: f64 = 0.5;
/// A million traces of X-Ray.
pub(crate) const TRACES: f64 = 5.0;
/// The share of requests that X-Ray traces, where it does.
pub(crate) const TRACED: f64 = 0.05;
