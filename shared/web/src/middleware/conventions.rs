//! How the answers below one path differ from the platform's.

use crate::language::Language;
use crate::problem::Problem;
use axum::http::HeaderName;
use axum::response::Response;
use std::sync::Arc;

/// Gives a problem its status and body, in the language of its reader.
pub(crate) type Render = fn(&Problem, Language) -> Response;

/// What a group of routes has of its own.
#[derive(Debug, Clone)]
pub(crate) struct PathConventions {
    base: &'static str,
    /// The form of its errors.
    pub(crate) render: Option<Render>,
    /// A request header that is logged and returned.
    pub(crate) echo: Option<HeaderName>,
}

/// The conventions of all groups.
pub(super) type Shared = Arc<[PathConventions]>;

impl PathConventions {
    /// Those of the platform, for what is below `base`.
    pub(crate) fn below(base: &'static str) -> Self {
        Self {
            base,
            render: None,
            echo: None,
        }
    }

    fn covers(&self, path: &str) -> bool {
        let rest = path.strip_prefix(self.base);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// The form of errors at `path`, where it has one of its own.
pub(super) fn render_at(all: &[PathConventions], path: &str) -> Option<Render> {
    all.iter()
        .filter(|own| own.covers(path))
        .find_map(|own| own.render)
}

/// The header that requests for `path` have echoed.
pub(super) fn echo_at<'c>(all: &'c [PathConventions], path: &str) -> Option<&'c HeaderName> {
    all.iter()
        .filter(|own| own.covers(path))
        .find_map(|own| own.echo.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conventions_end_at_a_segment() {
        let own = PathConventions::below("/own");
        for path in ["/own", "/own/", "/own/v9/x"] {
            assert!(own.covers(path), "{path}");
        }
        for path in ["/", "/owner", "/api/own", ""] {
            assert!(!own.covers(path), "{path}");
        }
    }
}
