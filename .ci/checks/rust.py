"""Rust source as text of two kinds, what runs and what people read, and its functions.

No parser: comments and literals are blanked with every offset kept, and brackets are matched
in what is left. That is enough for rustfmt's output, which is all there is here.
"""

import re
from bisect import bisect
from dataclasses import dataclass

LITERAL = re.compile(
    r"""(?P<line>//[^\n]*)
      | (?P<block>/\*)
      | (?P<raw>\b[bc]?r(?P<hashes>\#*)")
      | (?P<string>(?:\b[bc])?")
      | (?P<char>(?:\bb)?'(?:\\(?:u\{[^}]*\}|x[0-9a-fA-F]{2}|.)|[^\\'\n])')""",
    re.VERBOSE,
)
NOT_NEWLINE = re.compile(r"[^\n]")
TEST = re.compile(r"#!?\[\s*(?:cfg\(\s*(?:all\(\s*)?test\b[^\]]*|(?:\w+::)*test\b[^\]]*)\]")
FN = re.compile(r"\b(?P<is_async>async\s+)?(?:unsafe\s+|extern\s+)*fn\s+(?P<name>\w+)")
CLOSING = {"{": "}", "(": ")", "[": "]"}


def blank(text):
    return NOT_NEWLINE.sub(" ", text)


def end_of_literal(text, match):
    """Where the comment or literal that begins with `match` ends."""
    kind = match.lastgroup if match.lastgroup != "hashes" else "raw"
    at = match.end()
    if kind == "block":
        depth = 1
        for mark in re.finditer(r"/\*|\*/", text[at:]):
            depth += 1 if mark[0] == "/*" else -1
            if depth == 0:
                return at + mark.end()
        return len(text)
    if kind == "raw":
        end = text.find('"' + match["hashes"], at)
        return len(text) if end < 0 else end + 1 + len(match["hashes"])
    if kind == "string":
        end = re.compile(r'(?:[^"\\]|\\.)*"', re.DOTALL).match(text, at)
        return len(text) if end is None else end.end()
    return at


def split(text):
    """The code with comments and literals blanked, and the reverse: what people read."""
    code, prose, at = [], [], 0
    while (match := LITERAL.search(text, at)) is not None:
        end = end_of_literal(text, match)
        code += [text[at : match.start()], blank(text[match.start() : end])]
        prose += [blank(text[at : match.start()]), text[match.start() : end]]
        at = end
    code.append(text[at:])
    prose.append(blank(text[at:]))
    return "".join(code), "".join(prose)


def matching(code, start):
    """The offset just past the bracket that closes the one at `start`."""
    opening, closing, depth = code[start], CLOSING[code[start]], 0
    for at in range(start, len(code)):
        if code[at] == opening:
            depth += 1
        elif code[at] == closing:
            depth -= 1
            if depth == 0:
                return at + 1
    return len(code)


def end_of_item(code, start):
    """The offset past an item, and where its braces open: `None` if it ends in a semicolon."""
    at = start
    while at < len(code):
        if code[at] in "([":
            at = matching(code, at)
        elif code[at] == "{":
            return matching(code, at), at
        elif code[at] == ";":
            return at + 1, None
        else:
            at += 1
    return len(code), None


def without_tests(code):
    """`code` with every item blanked that is only compiled for tests."""
    at = 0
    while (match := TEST.search(code, at)) is not None:
        if match[0].startswith("#!"):
            return blank(code)
        at = match.end()
        while (attribute := re.compile(r"\s*#\[").match(code, at)) is not None:
            at = matching(code, attribute.end() - 1)
        end, _ = end_of_item(code, at)
        code = code[: match.start()] + blank(code[match.start() : end]) + code[end:]
        at = end
    return code


def top_level(code):
    """`code` with the inside of all braces blanked."""
    kept, at = [], 0
    while (brace := code.find("{", at)) >= 0:
        end = matching(code, brace)
        kept += [code[at:brace], blank(code[brace:end])]
        at = end
    return "".join([*kept, code[at:]])


@dataclass(frozen=True)
class Function:
    path: str
    line: int
    name: str
    lines: int  # between the braces: a signature of many lines makes nothing harder to follow
    is_async: bool
    body: tuple  # offsets

    def __str__(self):
        return f"{self.path}:{self.line} {self.name}"


class Source:
    """One file. `code` is what runs outside tests."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        all_code, self.prose = split(text)
        self.code = without_tests(all_code)
        self.newlines = [match.start() for match in re.finditer("\n", text)]

    def line(self, offset):
        return bisect(self.newlines, offset - 1) + 1

    def functions(self, code=None):
        """Every function with a body in `code`, by default outside tests."""
        code = self.code if code is None else code
        found = []
        for match in FN.finditer(code):
            end, body = end_of_item(code, match.end())
            if body is None:
                continue
            lines = max(0, self.line(end - 1) - self.line(body) - 1)
            is_async = match["is_async"] is not None
            first = self.line(match.start())
            found.append(Function(self.path, first, match["name"], lines, is_async, (body, end)))
        return found
