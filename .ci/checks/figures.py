"""The checks: each gives a line of figures and what violates it."""

import fnmatch
import re
import statistics
from dataclasses import dataclass
from pathlib import PurePosixPath

from .modules import Crate, read_crate
from .rust import blank, split

LONGEST_FUNCTION = 50
LONGEST_FILE = 400
MEDIAN_HANDLER = 12
# What the domain must not know: AWS, HTTP, and anything that waits.
NOT_IN_DOMAIN = (
    "aws-* aws_* http http-* hyper hyper-* axum axum-* tokio tokio-* tower tower-* lambda* "
    "reqwest* futures* async-* smol mio h2 rustls*"
).split()
WORDS = re.compile(
    r"\b(lies|stands|asks[^\S\n]*\n?[^\S\n]*for|knows[^\S\n]*\n?[^\S\n]*nothing[^\S\n]*\n?[^\S\n]*of)\b",
    re.IGNORECASE,
)
ROUTE_NAMES = re.compile(r"(?<![\w.])((?:\w+\s*::\s*)*\w+)")


@dataclass
class Result:
    name: str
    figures: str
    violations: list


@dataclass
class Member:
    """A package of the workspace, and the root files of its library and binaries."""

    name: str
    directory: str
    roots: list


class Workspace:
    def __init__(self, members, sources, documents):
        self.members = members
        self.sources = sources  # path → Source, every `.rs`
        self.documents = documents  # path → text, every `.md`
        self.broken = []
        self.crates = {}
        for member in members:
            for root in member.roots:
                if root not in self.crates:
                    modules, missing = read_crate(root, sources)
                    self.crates[root] = Crate(member.name, modules)
                    self.broken += missing


def circles(workspace):
    violations, modules, uses = list(workspace.broken), 0, 0
    for root, crate in workspace.crates.items():
        modules += len(crate.modules)
        uses += len(crate.edges())
        for group, inside in crate.circles():
            violations.append(f"{crate.name} ({root}): " + ", ".join(group))
            violations += [f"    {a} → {b}: {where}" for (a, b), where in inside.items()]
    count = sum(not line.startswith(" ") for line in violations)
    figures = f"{count} in {len(workspace.crates)} crates, {modules} modules, {uses} uses"
    return Result("module circles", figures, violations)


def is_measured(path):
    return PurePosixPath(path).parts[0] not in ("tests", "bench")


def functions(workspace):
    found = {}
    for crate in workspace.crates.values():
        for module in crate.modules.values():
            if is_measured(module.source.path):
                for function in module.source.functions():
                    found[str(function)] = function
    longest = max(found.values(), key=lambda f: f.lines, default=None)
    long = sorted(
        (f for f in found.values() if f.lines > LONGEST_FUNCTION), key=lambda f: -f.lines
    )
    violations = [f"{function}: {function.lines} lines" for function in long]
    if longest is None:
        return Result("functions", "none found", ["no function was found"])
    figures = f"{len(long)} of {len(found)} over {LONGEST_FUNCTION} lines, the longest {longest.lines} ({longest})"
    return Result("functions", figures, violations)


def files(workspace):
    lines = {path: source.text.count("\n") for path, source in workspace.sources.items()}
    long = sorted((path for path in lines if lines[path] > LONGEST_FILE), key=lambda p: -lines[p])
    violations = [f"{path}: {lines[path]} lines" for path in long]
    longest = max(lines, key=lines.get, default=None)
    if longest is None:
        return Result("files", "none found", ["no file was found"])
    figures = f"{len(long)} of {len(lines)} over {LONGEST_FILE} lines, the longest {lines[longest]} ({longest})"
    return Result("files", figures, violations)


def handlers_of(crate):
    """The `async fn`s that the bodies of `fn routes` name."""
    found = {}
    for module in crate.modules.values():
        routes = [f for f in module.source.functions(module.code) if f.name == "routes"]
        for body in (module.code[slice(*f.body)] for f in routes):
            for match in ROUTE_NAMES.finditer(body):
                segments = tuple(re.split(r"\s*::\s*", match[1]))
                path = crate.resolve(segments, module) or (*module.path, *segments)
                home = crate.home(path)
                for function in home.source.functions(home.code):
                    if function.is_async and function.name == path[-1]:
                        found[str(function)] = function
    return found


def handlers(workspace):
    found, violations = {}, []
    for member in workspace.members:
        if PurePosixPath(member.directory).parts[0] != "functions":
            continue
        for root in member.roots:
            crate = workspace.crates[root]
            own = handlers_of(crate)
            has_routes = any(
                f.name == "routes"
                for module in crate.modules.values()
                for f in module.source.functions(module.code)
            )
            if has_routes and not own:
                violations.append(f"{root}: routes() names no async fn")
            found.update(own)
    if not found:
        return Result("handlers", "none found", [*violations, "no handler was found"])
    median = statistics.median(f.lines for f in found.values())
    longest = max(found.values(), key=lambda f: f.lines)
    if median > MEDIAN_HANDLER:
        violations.append(f"the median is {median} lines, over {MEDIAN_HANDLER}")
        by_length = sorted(found.values(), key=lambda f: -f.lines)
        violations += [f"    {f}: {f.lines} lines" for f in by_length if f.lines > MEDIAN_HANDLER]
    figures = f"{len(found)}, median {median:g} lines, the longest {longest.lines} ({longest})"
    return Result("handlers", figures, violations)


def domain(tree):
    """`tree` is what `cargo tree --prefix none` printed; `None` where there is no such crate."""
    if tree is None:
        return Result("domain", "there is no crate domain yet: not checked", [])
    names = sorted({line.split()[0] for line in tree.splitlines() if line.strip()})
    foreign = [
        name for name in names if any(fnmatch.fnmatch(name, known) for known in NOT_IN_DOMAIN)
    ]
    violations = [f"cargo tree -p domain names {name}" for name in foreign]
    if "domain" not in names:
        violations.append("cargo tree -p domain does not name domain itself")
    figures = f"{len({*names} - {'domain'})} crates below it, {len(foreign)} of AWS, HTTP or async"
    return Result("domain", figures, violations)


def words(workspace):
    texts = {path: source.prose for path, source in workspace.sources.items()}
    texts.update(workspace.documents)
    violations = []
    for path, text in sorted(texts.items()):
        if path.endswith(".rs"):
            # A phrase goes on behind the next line's comment marker or string continuation.
            text = re.sub(r"(?m)^\s*//[/!]?|\\$", lambda m: blank(m[0]), text)
        for match in WORDS.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            violations.append(f"{path}:{line} “{' '.join(match[0].split())}”")
    figures = f"{len(violations)} of another sense in {len(texts)} files"
    return Result("words", figures, violations)


def all_of(workspace, tree):
    return [
        circles(workspace),
        functions(workspace),
        files(workspace),
        handlers(workspace),
        domain(tree),
        words(workspace),
    ]
