//! The routes of a function: one declaration of each says its path, its method, who may call
//! it and its handler. The router, the access matrix and the tests read the same declaration;
//! what is not declared is answered 404 or 405.

use crate::access::{Guarded, RouteAccess};
use crate::app::App;
use crate::language::Language;
use crate::middleware::{PathConventions, with_middleware};
use crate::problem::Problem;
use axum::Router;
use axum::handler::Handler;
use axum::http::{HeaderName, Method};
use axum::response::Response;
use axum::routing::{self, MethodRouter};
use std::fmt;

/// Routes below one base path, and those that were merged with them.
///
/// ```
/// use web::access::{OWN, STAFF};
/// use web::routes::Routes;
///
/// let routes = Routes::under("/api/v1/things")
///     .get("", OWN, async || "all of them")
///     .get("/{id}", OWN, async || "one of them")
///     .delete("/{id}", STAFF, async || "one less");
/// assert_eq!(routes.declarations().len(), 3);
/// ```
///
/// Servers are let in by what their API keys are for: `OWN.or_key(KeyScope::CodesRead)`.
///
/// A route without its access does not compile:
///
/// ```compile_fail
/// web::routes::Routes::under("/api/v1/things").get("", async || "all of them");
/// ```
///
/// And what is left of the platform for a handler is the store of its caller:
///
/// ```compile_fail
/// async fn everything(app: axum::extract::State<web::App>) {
///     app.scoped_store(domain::Scope::unrestricted(), None);
/// }
/// ```
#[must_use = "routes answer once they are made into a router"]
pub struct Routes {
    base: &'static str,
    router: Router<App>,
    declarations: Vec<Declaration>,
    conventions: PathConventions,
    merged: Vec<PathConventions>,
}

/// One route, as it was declared. A `GET` answers `HEAD` too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// The method.
    pub method: Method,
    /// The whole path, with what it captures: `/api/v1/referral-codes/{id}`.
    pub path: String,
    /// Who may call it.
    pub access: RouteAccess,
}

impl fmt::Display for Declaration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            method,
            path,
            access,
        } = self;
        write!(f, "{:<6} {path:<60} {access}", method.as_str())
    }
}

impl Routes {
    /// No routes yet, all to be below `base`: `/api/v1/referral-codes`.
    pub fn under(base: &'static str) -> Self {
        Self {
            base,
            router: Router::new(),
            declarations: Vec::new(),
            conventions: PathConventions::below(base),
            merged: Vec::new(),
        }
    }

    /// Declares `GET` and `HEAD` of `path`, which is what follows the base.
    pub fn get<H, T>(self, path: &str, access: impl Into<RouteAccess>, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let access = access.into();
        let guarded = routing::get(Guarded::new(access, handler));
        self.declare(Method::GET, path, access, guarded)
    }

    /// The same where people paste the path with a slash at its end: that is the same route.
    pub fn get_or_slashed<H, T>(
        self,
        path: &str,
        access: impl Into<RouteAccess>,
        handler: H,
    ) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let access = access.into();
        let guarded = routing::get(Guarded::new(access, handler));
        let slashed = format!("{}{path}/", self.base);
        let mut routes = self.declare(Method::GET, path, access, guarded.clone());
        routes.router = routes.router.route(&slashed, guarded);
        routes
    }

    /// Declares `POST` of `path`, which is what follows the base.
    pub fn post<H, T>(self, path: &str, access: impl Into<RouteAccess>, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let access = access.into();
        let guarded = routing::post(Guarded::new(access, handler));
        self.declare(Method::POST, path, access, guarded)
    }

    /// Declares `PUT` of `path`, which is what follows the base.
    pub fn put<H, T>(self, path: &str, access: impl Into<RouteAccess>, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let access = access.into();
        let guarded = routing::put(Guarded::new(access, handler));
        self.declare(Method::PUT, path, access, guarded)
    }

    /// Declares `PATCH` of `path`, which is what follows the base.
    pub fn patch<H, T>(self, path: &str, access: impl Into<RouteAccess>, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let access = access.into();
        let guarded = routing::patch(Guarded::new(access, handler));
        self.declare(Method::PATCH, path, access, guarded)
    }

    /// Declares `DELETE` of `path`, which is what follows the base.
    pub fn delete<H, T>(self, path: &str, access: impl Into<RouteAccess>, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let access = access.into();
        let guarded = routing::delete(Guarded::new(access, handler));
        self.declare(Method::DELETE, path, access, guarded)
    }

    fn declare(
        mut self,
        method: Method,
        path: &str,
        access: RouteAccess,
        guarded: MethodRouter<App>,
    ) -> Self {
        let path = format!("{}{path}", self.base);
        self.router = self.router.route(&path, guarded);
        self.declarations.push(Declaration {
            method,
            path,
            access,
        });
        self
    }

    /// Has every error at the base and below it rendered by `render`, be it a handler's, the
    /// guard's or of a path that no route has. `render` gives status and body, in the language
    /// of the reader; headers such as `Allow` and `Retry-After` are kept.
    pub fn errors_as(mut self, render: fn(&Problem, Language) -> Response) -> Self {
        self.conventions.render = Some(render);
        self
    }

    /// Has the request header `name`, the client's own name for its request, returned and
    /// logged at the base and below it: 1 to 128 printable characters of it.
    ///
    /// # Panics
    /// When `name` is not the lower-case name of a header.
    pub fn echo_header(mut self, name: &'static str) -> Self {
        self.conventions.echo = Some(HeaderName::from_static(name));
        self
    }

    /// These routes and `others`.
    ///
    /// # Panics
    /// When a route is declared in both.
    pub fn merge(mut self, others: Self) -> Self {
        self.router = self.router.merge(others.router);
        self.declarations.extend(others.declarations);
        self.merged.push(others.conventions);
        self.merged.extend(others.merged);
        self
    }

    /// Every route, in the order of its declaration.
    pub fn declarations(&self) -> &[Declaration] {
        &self.declarations
    }

    /// Every route with its access, one a line.
    pub fn table(&self) -> String {
        let lines = self.declarations.iter().map(|route| format!("{route}\n"));
        lines.collect()
    }

    /// The routes over `app`, with all that surrounds a request.
    pub fn into_router(self, app: App) -> Router {
        let mut conventions = self.merged;
        conventions.push(self.conventions);
        with_middleware(self.router, conventions, app)
    }
}

#[cfg(test)]
mod tests;
