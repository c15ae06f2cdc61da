"""Runs docs/requests.hurl where Hurl itself cannot be had: `python3 requests.py FILE NAME=VALUE…`.

It reads the part of Hurl's format that the file keeps to, and stops at anything else, so that
nothing is passed over. Only the standard library is used.
"""

import json
import re
import sys
import time
import urllib.error
import urllib.request

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}
SECTIONS = {"[Options]", "[Captures]", "[Asserts]"}
REQUEST = re.compile(r"(%s) (\S+)$" % "|".join(sorted(METHODS)))
QUERY = re.compile(r'(?:(header|jsonpath) "([^"]*)"|(body))(?: (.*))?$')


class Unread(Exception):
    """A line that this program does not know, or an answer that is not as the file says."""


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Entry:
    """One request and what its answer must be."""

    def __init__(self, line, method, url):
        self.line, self.method, self.url = line, method, url
        self.headers, self.body, self.status = [], [], None
        self.sections = {section: [] for section in SECTIONS}

    def add(self, section, line):
        """Takes a line; the section that the next one is in."""
        if line in SECTIONS:
            return line
        if line.startswith("HTTP "):
            self.status = int(line.removeprefix("HTTP "))
            return None
        if section:
            self.sections[section].append(line)
        elif self.body or line.startswith("{"):
            self.body.append(line)
        elif self.status is None and (header := re.match(r"([\w-]+): (.*)$", line)):
            self.headers.append(header.groups())
        else:
            raise Unread(f"unknown line: {line}")
        return section

    def options(self):
        named = dict(option.split(": ", 1) for option in self.sections["[Options]"])
        if not set(named) <= {"retry", "retry-interval"}:
            raise Unread(f"unknown options: {named}")
        return int(named.get("retry", 0)), float(named.get("retry-interval", "0s").rstrip("s"))


def read(text):
    entries, section = [], None
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if request := REQUEST.match(line):
            entries.append(Entry(number, *request.groups()))
            section = None
        elif not entries:
            raise Unread(f"line {number} belongs to no request")
        else:
            section = entries[-1].add(section, line)
    return entries


def filled(text, variables):
    def value(match):
        if match[1] not in variables:
            raise Unread(f"no variable {match[1]}")
        return variables[match[1]]

    return re.sub(r"\{\{(\w+)\}\}", value, text)


def at(path, document):
    """What the path of names and indexes leads to."""
    steps = re.findall(r"\.(\w+)|\[(\d+)\]", path)
    if "$" + "".join(f".{name}" if name else f"[{index}]" for name, index in steps) != path:
        raise Unread(f"unknown path: {path}")
    for name, index in steps:
        try:
            document = document[name] if name else document[int(index)]
        except (KeyError, IndexError, TypeError):
            raise Unread(f"nothing at {path}") from None
    return document


def found(line, answer):
    """What a query finds, and the rest of its line."""
    query = QUERY.match(line)
    if not query:
        raise Unread(f"unknown query: {line}")
    kind, name, body, rest = query.groups()
    if body:
        return answer["body"], rest or ""
    if kind == "header":
        return answer["headers"].get(name), rest or ""
    return at(name, json.loads(answer["body"])), rest or ""


def holds(value, predicate):
    """Whether the value is as the predicate says."""
    if predicate == "exists":
        return value is not None
    counted = predicate.startswith("count == ")
    word, wanted = predicate.removeprefix("count ").split(" ", 1)
    wanted = json.loads(wanted)
    if word == "==":
        return (len(value) if counted else value) == wanted
    tests = {
        "startsWith": lambda: value.startswith(wanted),
        "endsWith": lambda: value.endswith(wanted),
        "contains": lambda: wanted in value,
        "matches": lambda: re.search(wanted, value) is not None,
    }
    if word not in tests:
        raise Unread(f"unknown predicate: {predicate}")
    return tests[word]()


def send(entry, variables):
    headers = {name: filled(value, variables) for name, value in entry.headers}
    body = filled("\n".join(entry.body), variables) or None
    if body:
        json.loads(body)
        headers.setdefault("Content-Type", "application/json")
    request = urllib.request.Request(
        filled(entry.url, variables), body and body.encode(), headers, method=entry.method
    )
    try:
        answer = urllib.request.build_opener(NoRedirect).open(request, timeout=30)
    except urllib.error.HTTPError as refusal:
        answer = refusal
    with answer:
        text = answer.read().decode()
    return {"status": answer.status, "headers": answer.headers, "body": text}


def check(entry, variables):
    answer = send(entry, variables)
    if answer["status"] != entry.status:
        raise Unread(f"{answer['status']} instead of {entry.status}: {answer['body'][:300]}")
    for capture in entry.sections["[Captures]"]:
        name, query = capture.split(": ", 1)
        value, pattern = found(query, answer)
        if pattern:
            part = re.search(json.loads(pattern.removeprefix("regex ")), value or "")
            value = part and part[1]
        if value is None:
            raise Unread(f"nothing to capture: {capture}")
        variables[name] = value
    for line in entry.sections["[Asserts]"]:
        value, predicate = found(filled(line, variables), answer)
        if value is None and predicate != "== null" or not holds(value, predicate):
            raise Unread(f"{line} (it is {value!r})")


def run(entry, variables):
    retries, interval = entry.options()
    while True:
        try:
            return check(entry, variables)
        except Unread:
            if not retries:
                raise
        retries -= 1
        time.sleep(interval)


def main(path, *given):
    variables = dict(variable.split("=", 1) for variable in given)
    with open(path, encoding="utf-8") as file:
        entries = read(file.read())
    for entry in entries:
        try:
            run(entry, variables)
        except Unread as problem:
            sys.exit(f"{path}:{entry.line}: {entry.method} {entry.url}: {problem}")
    print(f"ok      {len(entries)} requests of {path}")


if __name__ == "__main__":
    main(*sys.argv[1:])
