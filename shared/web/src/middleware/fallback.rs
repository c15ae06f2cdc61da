//! Answers where there is no handler.

use crate::problem::Problem;

/// 404: no route has this path.
pub(super) async fn route_not_found() -> Problem {
    Problem::route_not_found()
}

/// 405: the route does not have this method. The router adds `Allow`.
pub(super) async fn method_not_allowed() -> Problem {
    Problem::method_not_allowed()
}
