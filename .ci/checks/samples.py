"""The checks held against small samples: for each, what must fail and what must not."""

from pathlib import PurePosixPath

from . import figures
from .rust import Source


def workspace(files):
    """A workspace of the crates whose `src/lib.rs` is among `files`."""
    members = []
    for path in files:
        if path.endswith("/src/lib.rs"):
            directory = str(PurePosixPath(path).parent.parent)
            members.append(figures.Member(PurePosixPath(directory).name, directory, [path]))
    sources = {path: Source(path, text) for path, text in files.items() if path.endswith(".rs")}
    documents = {path: text for path, text in files.items() if path.endswith(".md")}
    return figures.Workspace(members, sources, documents)


def crate(**modules):
    """A crate `x`, `a__b` being `src/a/b.rs`."""
    files = {f"x/src/{name.replace('__', '/')}.rs": text for name, text in modules.items()}
    return workspace(files)


def function(lines, name="f", head="fn"):
    return f"{head} {name}() {{\n" + "    step();\n" * lines + "}\n"


def service(routes, *handlers):
    text = f"pub fn routes() -> Routes {{\n    Routes::new(){routes}\n}}\n" + "".join(handlers)
    return workspace({"functions/x/src/lib.rs": text})


def handler(name, lines):
    return function(lines, name, "async fn")


CIRCLES = [
    (
        "two modules that use each other",
        crate(lib="mod a; mod b;", a="use crate::b::B; struct A;", b="struct B(super::a::A);"),
        "a, b",
    ),
    (
        "a circle by way of what the root re-exports",
        crate(
            lib="mod a; mod b; pub use a::A;",
            a="use crate::b::{self, B}; pub struct A;",
            b="pub struct B { a: crate::A }",
        ),
        "a, b",
    ),
    (
        "a circle by way of a glob",
        crate(
            lib="mod a; mod b; mod all { pub use crate::a::*; }",
            a="pub struct A; fn f() { crate::b::g() }",
            b="use crate::all::A; pub fn g() {}",
        ),
        "a, b",
    ),
    (
        "a circle of three, through an imported module and a nested group",
        crate(
            lib="mod a; mod b; mod c;",
            a="use crate::b; pub struct A; fn f() { b::g() }",
            b="use super::{c::{C as D}}; pub fn g() {}",
            c="pub struct C; type X = crate::a::A;",
        ),
        "a, b, c",
    ),
    (
        "subtrees that use each other where no two files do",
        crate(
            lib="mod codes; mod stats;",
            codes="mod list; pub struct Code;",
            codes__list="use crate::stats::Counts;",
            stats="mod rows; pub struct Counts;",
            stats__rows="use crate::codes::Code;",
        ),
        "codes, stats",
    ),
    (
        "a parent that uses its child, which uses the parent",
        crate(
            lib="mod a; pub struct Top; fn f() -> a::A { todo() }",
            a="use super::Top; pub struct A;",
        ),
        "a, crate root",
    ),
    (
        "a method that another module gives to the type",
        crate(
            lib="mod table; mod codes;",
            table="pub struct Table; impl Table { fn read(&self) { self.find_code() } }",
            codes="use crate::table::Table;\nimpl<'a> Table where X: for<'b> Y<'b> {\n"
            "fn find_code(&self) {} }",
        ),
        "codes, table",
    ),
    (
        "inline modules",
        crate(lib="mod a { use super::b::B; pub struct A; } mod b { type X = crate::a::A; }"),
        "a, b",
    ),
    ("a module without a file", crate(lib="mod a;"), "no file for mod a"),
    (
        "re-exports of one's own children",
        crate(
            lib="mod a; mod b; pub use a::A; pub use b::{B, C}; pub struct Invalid;",
            a="use crate::{B, Invalid}; pub struct A;",
            b="pub struct B; pub struct C;",
        ),
        None,
    ),
    (
        "uses in tests, comments and strings, and of other crates",
        crate(
            lib="mod a; mod b;",
            a='use crate::b::B; /* crate::b */ const S: &str = "crate::b::B"; pub struct A;',
            b="// crate::a::A\npub struct B;\n/// [`crate::a::A`]\nfn f(c: &'static str) { a::g() }\n"
            "#[cfg(test)]\nmod tests { use crate::a::A; }",
        ),
        None,
    ),
    (
        "a foreign type's method of the same name",
        crate(
            lib="mod client; mod store; mod codes;",
            client="pub struct Client; fn f(request: Sdk) { request.table_name() }",
            store="use crate::client::Client; pub struct Store; impl Store { fn table_name(&self) {} }",
            codes="use crate::store::Store; impl Store { fn find_code(&self) {} }",
        ),
        None,
    ),
    (
        "methods of the same name on two types",
        crate(
            lib="mod a; mod b;",
            a="pub struct A; impl A { fn f(&self) { self.read() } fn g() -> impl Fn() { x } }",
            b="use crate::a::A; impl A { fn read(&self) {} } struct B; impl B { fn read(&self) {} }",
        ),
        None,
    ),
]

TRICKY = (
    "fn f<'a>(x: &'a str) -> [u8; 2] {\n    let _ = ('}', b'{', '\\'', \"}\\\"\");\n"
    '    let _ = r#"}"#; /* } /* } */ } */ // }\n'
)

FUNCTIONS = [
    ("a long function", crate(lib=function(51)), "f: 51 lines"),
    ("a long method", crate(lib="impl A {\n" + function(60, "g") + "}"), "g: 60 lines"),
    ("braces in literals", crate(lib=TRICKY + "    step();\n" * 51 + "}\n"), "f: 53 lines"),
    ("no function", crate(lib="struct A;"), "no function"),
    ("fifty lines", crate(lib=function(50)), None),
    (
        "a long test",
        crate(lib=function(1) + "#[cfg(test)]\nmod tests {\n" + function(60) + "}"),
        None,
    ),
    (
        "a long function of the tests",
        workspace({"tests/src/lib.rs": function(60), "x/src/lib.rs": function(1)}),
        None,
    ),
    ("a long signature", crate(lib="fn f(\n" + "    a: A,\n" * 60 + ") {\n    g();\n}\n"), None),
]

FILES = [
    ("a long file", crate(lib="// x\n" * 401), "401 lines"),
    ("no file", workspace({}), "no file"),
    ("four hundred lines", crate(lib="// x\n" * 400), None),
]

LONG, SHORT = handler("long", 20), handler("short", 3)

HANDLERS = [
    ("a long median", service('.get("/a", OWN, long)', LONG), "the median is 20"),
    ("routes without handlers", service('.get("/a", OWN, f)', SHORT), "names no async fn"),
    ("no routes", crate(lib=LONG), "no handler"),
    (
        "handlers in a module, in both forms of a route",
        workspace({
            "functions/x/src/lib.rs": 'mod m; use m::b; fn routes() { Router::new()'
            '.route("/a", get(m::a).post(b)) }',
            "functions/x/src/m.rs": handler("a", 30) + handler("b", 20),
        }),
        "the median is 25",
    ),
    (
        "a long helper that no route names",
        service('.get("/a", OWN, short).post("/b", OWN, also)', LONG, SHORT, handler("also", 12)),
        None,
    ),
]  # fmt: skip

TREE = "domain v0.1.0 (/x/shared/domain)\nchrono v0.4.45\nserde v1.0.0\n"

DOMAIN = [
    ("an async crate", TREE + "tokio-util v0.7.1\n", "names tokio-util"),
    ("an AWS crate", TREE + "aws-sdk-dynamodb v1.0.0 (*)\n", "names aws-sdk-dynamodb"),
    ("an HTTP crate", TREE + "http v1.0.0\n", "names http"),
    ("another tree", "serde v1.0.0\n", "does not name domain"),
    ("plain values", TREE, None),
    ("no such crate yet", None, None),
]

WORDS = [
    ("a comment", crate(lib="/// Where it lies.\nfn f() {}"), "“lies”"),
    ("a message", crate(lib='const S: &str = "Stands before";'), "“Stands”"),
    ("over two lines", crate(lib="    //! who asks\n    //! for it\n"), "“asks for”"),
    ("over two lines of a string", crate(lib='f("knows \\\n  nothing of");'), "“knows nothing of”"),
    ("a document", workspace({"docs/a.md": "It asks\nfor a token."}), "docs/a.md:1"),
    (
        "names in code, and other words",
        crate(lib="// Understands, implies.\nfn stands(lies: u8) {} // He asks\n\n// for x"),
        None,
    ),
]

CASES = {
    figures.circles: CIRCLES,
    figures.functions: FUNCTIONS,
    figures.files: FILES,
    figures.handlers: HANDLERS,
    figures.domain: DOMAIN,
    figures.words: WORDS,
}


def run():
    wrong = 0
    for check, cases in CASES.items():
        for name, sample, expected in cases:
            violations = check(sample).violations
            first = violations[0] if violations else ""
            is_right = not violations if expected is None else expected in first
            if not is_right:
                wrong += 1
                print(f"{check.__name__}, {name}: expected {expected!r}, got {violations!r}")
    count = sum(len(cases) for cases in CASES.values())
    print(f"{count} samples of {len(CASES)} checks, {wrong} judged wrongly")
    return 1 if wrong else 0
