"""Which module of a crate uses which, and where they use each other in a circle.

A module uses another where it names a path into it, however often that path is re-exported on
the way, or where it names a type and calls a method that only this type of the crate has and
that the other module gives to it. Re-exporting one's own children is no use of them.

Siblings are compared with all that is below them, so that `codes` and `stats` are in a circle
when `codes::list` uses `stats` and `stats::rows` uses `codes`.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from .rust import FN, blank, end_of_item, matching, top_level

MOD = re.compile(r"\bmod\s+(\w+)\s*([;{])")
USE = re.compile(r"\b(pub(?:\s*\([^)]*\))?\s+)?use\s+([^;]+);")
PATH = re.compile(r"(?<![\w:.$'])(\w+(?:\s*::\s*\w+)+)")
VISIBILITY = re.compile(r"\bpub\s*\([^)]*\)")
ITEM = re.compile(
    r"\b(?:struct|enum|union|trait|type|const|static|fn|mod|macro_rules!)\s+(?:mut\s+)?(\w+)"
)
# Methods that much else has, too: `.get(` says nothing about whose it is.
COMMON = {
    "all", "any", "as_ref", "as_str", "clone", "contains", "count", "extend", "filter", "find",
    "first", "get", "insert", "into", "is_empty", "iter", "keys", "last", "len", "map", "max",
    "min", "new", "next", "pop", "push", "remove", "send", "set", "take", "values", "write",
}  # fmt: skip


@dataclass
class Module:
    """A module by its own code: children and tests are blanked."""

    path: tuple
    source: object
    code: str
    children: set = field(default_factory=set)
    items: set = field(default_factory=set)
    imports: dict = field(default_factory=dict)
    globs: list = field(default_factory=list)
    uses: list = field(default_factory=list)


def label(path):
    return "::".join(path) or "crate root"


def read_crate(root, sources):
    """The modules of the crate whose root file is `root`, by path; the files that are missing."""
    modules, missing = {}, []

    def enter(path, source, code, directory):
        module = modules[path] = Module(path, source, code)
        at = 0
        while (match := MOD.search(code, at)) is not None:
            name, at = match[1], match.end()
            module.children.add(name)
            if match[2] == "{":
                at = matching(code, match.end() - 1)
                inside = blank(code[: match.end()]) + code[match.end() : at - 1]
                enter((*path, name), source, inside, directory / name)
                module.code = module.code[: match.end()].ljust(at) + module.code[at:]
                continue
            candidates = [directory / f"{name}.rs", directory / name / "mod.rs"]
            file = next((str(file) for file in candidates if str(file) in sources), None)
            if file is None:
                missing.append(f"{source.path}: no file for mod {name}")
                module.children.discard(name)
                continue
            enter((*path, name), sources[file], sources[file].code, directory / name)
        describe(module)

    enter((), sources[root], sources[root].code, PurePosixPath(root).parent)
    return modules, missing


def describe(module):
    module.items = set(ITEM.findall(top_level(module.code)))
    for match in USE.finditer(module.code):
        for segments, alias in use_tree(match[2]):
            module.uses.append((match.start(), match[1] is not None, segments))
            if alias == "*":
                module.globs.append(segments)
            else:
                module.imports[alias] = segments


def use_tree(text):
    """`a::{b, c::{self, d as e}}` as `[((a, b), b), ((a, c), c), ((a, c, d), e)]`."""
    text = text.strip()
    brace = text.find("{")
    if brace < 0:
        path, _, alias = (part.strip() for part in text.partition(" as "))
        segments = tuple(part.strip() for part in path.split("::"))
        if segments[-1] in ("self", "*"):
            last = segments[-1]
            segments = segments[:-1]
            return [(segments, "*" if last == "*" else alias or segments[-1])]
        return [(segments, alias or segments[-1])]
    prefix = tuple(part.strip() for part in text[:brace].split("::") if part.strip())
    found, depth, begun = [], 0, brace + 1
    for at in range(brace, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if (text[at] == "," and depth == 1) or (text[at] == "}" and depth == 0):
            if part := text[begun:at].strip():
                part = "::".join([*prefix, part])
                found += use_tree(part)
            begun = at + 1
    return found


class Crate:
    """A crate's modules, with names resolved across them."""

    def __init__(self, name, modules):
        self.name = name
        self.modules = modules

    def resolve(self, segments, module, seen=()):
        """The path from the crate's root; `None` for what is in no module of the crate."""
        first, rest = segments[0], segments[1:]
        if first == "crate":
            return rest
        if first == "self":
            return (*module.path, *rest)
        if first == "super":
            parent = module.path[:-1]
            while rest and rest[0] == "super":
                parent, rest = parent[:-1], rest[1:]
            return (*parent, *rest)
        if first in module.children:
            return (*module.path, *segments)
        target = module.imports.get(first)
        if target is None or target in seen or target[0] == first:
            return None
        resolved = self.resolve(target, module, (*seen, target))
        return None if resolved is None else (*resolved, *rest)

    def home(self, path, seen=()):
        """The module that defines what `path` names, past all re-exports."""
        depth = max(n for n in range(len(path) + 1) if path[:n] in self.modules)
        module, rest = self.modules[path[:depth]], path[depth:]
        if not rest or rest[0] in module.items or path in seen:
            return module
        seen = (*seen, path)
        if rest[0] in module.imports:
            target = self.resolve(module.imports[rest[0]], module)
            return module if target is None else self.home((*target, *rest[1:]), seen)
        for glob in module.globs:
            target = self.resolve(glob, module)
            if target in self.modules and self.offers(self.modules[target], rest[0]):
                return self.home((*target, *rest), seen)
        return module

    def offers(self, module, name):
        return name in module.items or name in module.imports

    def edges(self):
        """`{(user, used): where}` for modules by path: the first place that shows it."""
        found = {}

        def add(module, used, offset, what):
            if used.path != module.path:
                where = f"{module.source.path}:{module.source.line(offset)} {what}"
                found.setdefault((module.path, used.path), where)

        for module in self.modules.values():
            for offset, is_public, segments in module.uses:
                used = self.used(segments, module)
                reexports = is_public and used and used.path[: len(module.path)] == module.path
                if used and not reexports:
                    add(module, used, offset, "::".join(segments))
            rest = VISIBILITY.sub(lambda m: blank(m[0]), module.code)
            rest = USE.sub(lambda m: blank(m[0]), rest)
            for match in PATH.finditer(rest):
                segments = tuple(re.split(r"\s*::\s*", match[1]))
                if used := self.used(segments, module):
                    add(module, used, match.start(), "::".join(segments))
        for module, used, offset, what in self.method_calls():
            add(module, used, offset, what)
        return found

    def used(self, segments, module):
        path = self.resolve(segments, module)
        return None if path is None else self.home(path)

    def method_calls(self):
        """Calls of methods whose type has `impl` blocks in more than one module."""
        owners, homes, modules_of = defaultdict(set), {}, defaultdict(set)
        for module in self.modules.values():
            for owner, name in methods(module.code):
                owners[name].add(owner)
                if owner[0] == "type":
                    homes[name] = module
                    modules_of[owner].add(module.path)
        for name, of in owners.items():
            owner = next(iter(of))
            if len(of) > 1 or name in COMMON or len(modules_of[owner]) < 2:
                continue
            call = re.compile(rf"(?:\.\s*|\b(?:Self|{owner[1]})::){name}\b(?=\s*(?:::\s*<|\())")
            names_it = re.compile(rf"\b{owner[1]}\b")
            for module in self.modules.values():
                if names_it.search(module.code):
                    for match in call.finditer(module.code):
                        yield module, homes[name], match.start(), f"{owner[1]}::{name}"

    def circles(self):
        """Groups of modules that use each other, each with the uses that close it."""
        levels = defaultdict(dict)
        for (user, used), where in self.edges().items():
            depth = next(
                (n for n, (a, b) in enumerate(zip(user, used)) if a != b), min(len(user), len(used))
            )
            a, b = user[: depth + 1], used[: depth + 1]
            levels[user[:depth]].setdefault((a, b), where)
        for parent, edges in sorted(levels.items()):
            for group in components(edges):
                inside = {
                    (label(a), label(b)): where
                    for (a, b), where in sorted(edges.items())
                    if a in group and b in group
                }
                yield sorted(label(path) for path in group), inside


def methods(code):
    """`(owner, name)` of every function: of a type, of a trait (in any `impl`), or free."""
    rest = code
    for match in re.finditer(r"\b(?:impl|trait)\b", code):
        # `impl Trait` in a signature opens no block of its own.
        if code[: match.start()].rstrip().endswith(tuple("(,&<>=:+")):
            continue
        end, body = end_of_item(code, match.end())
        if body is None:
            continue
        head = strip_generics(code[match.start() : body])
        is_inherent = head.startswith("impl") and not re.search(r"\bfor\b", head)
        name = re.search(r"(\w+)$", head)
        kind = "type" if is_inherent and name else "trait"
        owner = (kind, name[1] if name else head)
        inside = top_level(code[body + 1 : end - 1])
        for function in FN.finditer(inside):
            yield owner, function["name"]
        rest = rest[: match.start()] + blank(rest[match.start() : end]) + rest[end:]
    for function in FN.finditer(rest):
        yield ("free", ""), function["name"]


def strip_generics(head):
    """`impl<'a, T: X<Y>> Type<T> where …` as `impl Type`."""
    head = re.split(r"\bwhere\b", head)[0].replace("->", "  ")
    while (stripped := re.sub(r"<[^<>]*>", "", head)) != head:
        head = stripped
    return head.strip()


def components(edges):
    """Strongly connected groups of more than one, by reachability: the graphs are small."""
    nodes = {node for edge in edges for node in edge}
    reach = {}
    for node in nodes:
        seen, todo = set(), [node]
        while todo:
            at = todo.pop()
            for a, b in edges:
                if a == at and b not in seen:
                    seen.add(b)
                    todo.append(b)
        reach[node] = seen
    groups = {frozenset(b for b in reach[a] if a in reach[b]) for a in nodes if a in reach[a]}
    return sorted((group for group in groups if len(group) > 1), key=sorted)
