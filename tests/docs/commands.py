"""Runs the commands of the documents: `python3 commands.py PUBLIC TOKEN PROGRAM`.

PUBLIC and TOKEN are the addresses of a public platform and of one that asks for tokens, PROGRAM is
`local`; the environment has STAFF, a token of org_002's staff. A block that nothing runs fails, and
so does a plan for a block that is no more.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from blocks import PLAN, ROOT, Checked, Elsewhere, Run, blocks, way
from checks import check, placeholders

STAND_INS = "aws sam cargo docker podman git curl bash".split()


class Platforms:
    """Both platforms, and what the answers so far have in place of the documents' examples."""

    def __init__(self, public, token, program):
        self.addresses = {"public": public, "token": token}
        self.program = program
        self.learned = {"http://127.0.0.1:3000": public}
        self.folder = Path(tempfile.mkdtemp(prefix="commands-"))
        # Every answer that is an error ends its block.
        (self.folder / ".curlrc").write_text("fail-with-body\nmax-time = 20\nsilent\n")
        self.values = self.prepared()

    def environment(self, access):
        values = {"API": self.addresses[access], "API_URL": self.addresses[access], **self.values}
        return {**os.environ, **values, "TOKEN": os.environ["STAFF"], "OLD_TOKEN": "of.a.leaked.key"}

    def call(self, access, path, body):
        """The JSON of an answer to staff."""
        command = ["curl", "-sf", self.addresses[access] + path, "-H", f"authorization: Bearer {os.environ['STAFF']}"]
        command += ["-H", "content-type: application/json", "-d", json.dumps(body)]
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)

    def prepared(self):
        """What the documents' variables are."""
        wanted = {"mentor_id": "usr_terms", "org_id": "org_002"}
        code = self.call("public", "/api/v1/referral-codes", wanted)
        key = self.call("token", "/api/v1/api-keys", {"org_id": "org_002", "name": "Poll", "scopes": ["events:read", "webhooks:write"]})
        kept = self.call("token", "/api/v1/referral-codes", wanted)
        return {"ID": code["id"], "KEY": key["key"], "CURSOR": kept["id"].replace("rc_", "evt_")}


def bash(text, environment):
    command = ["/bin/bash", "-euo", "pipefail", "-c", text]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return ran.returncode, ran.stdout, ran.stderr


def run(block, how, platforms):
    """Runs a block against a platform: what is wrong."""
    text = block.text
    for old, new in {**how.replace, **(platforms.learned if how.access == "public" else {})}.items():
        text = text.replace(old, new)
    environment = platforms.environment(how.access)
    if not how.prints:
        environment["CURL_HOME"] = str(platforms.folder)
    status, printed, error = bash(text, environment)
    if status:
        return [f"ends with {status}: {printed}{error}"]
    if how.prints and printed != how.prints:
        return [f"prints {printed!r}"]
    return compare(block.answer, printed, platforms.learned) if block.answer else []


def compare(shown, printed, learned):
    """What an answer has otherwise than the one that the document shows; ids, codes and times are
    others, which the blocks to come mean."""
    if not shown.startswith("{"):
        printed = printed.replace("\r", "")
        missing = [line for line in shown.splitlines() if shape(line) not in map(shape, printed.splitlines())]
        for old, new in zip(re.findall(r"attr_\w+", shown), re.findall(r"attr_\w+", printed)):
            learned[old] = new
        return [f"no line like {line}" for line in missing]
    shown, printed = json.loads(shown), json.loads(printed)
    wrong = [f"other fields: {sorted(printed)}"] if list(shown) != list(printed) else []
    for name, old in shown.items():
        new = printed.get(name)
        if name in {"id", "code"}:
            learned[old] = new
            learned[spoken(old)] = spoken(new)
        elif shape(old) != shape(new):
            wrong.append(f"{name}: {new!r} instead of {old!r}")
    return wrong


def spoken(code):
    return code.lower().replace("-", " ")


def shape(value):
    """A value with what is another each time blotted out; header names have no case."""
    if not isinstance(value, str):
        return value
    value = re.sub(r"^[A-Za-z-]+(?=: )", lambda name: name[0].lower(), value)
    value = re.sub(r"(attr|rc)_[0-9a-f]{32}", "ID", value)
    value = re.sub(r"JAN-VERV-\w{4}", "CODE", value)
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", value)


def checked(block, platforms):
    """Runs a block with stand-ins and checks how they were called: what is wrong."""
    stand_ins, calls = platforms.folder / "bin", platforms.folder / "calls"
    if not stand_ins.exists():
        stand_ins.mkdir()
        for name in STAND_INS:
            (stand_ins / name).symlink_to(ROOT / "tests/docs/stand_in.py")
    calls.write_text("")
    environment = platforms.environment("token")
    environment |= {"PATH": f"{stand_ins}:{environment['PATH']}", "CALLS": str(calls)}
    # Placeholders are words, so that they are no redirections; steps are not run within this one.
    text = re.sub(r"<([\w -]+)>", "PLACEHOLDER", block.text)
    text = re.sub(r"^\.ci/", "bash .ci/", text, flags=re.MULTILINE)
    status, _, error = bash(f"{text}\nwait\n", environment)
    wrong = [f"ends with {status}: {error}"] if status else placeholders(block.text)
    lines = calls.read_text().splitlines()
    if not lines:
        wrong.append("nothing of it is a command that is checked")
    for line in lines:
        name, *arguments = json.loads(line)
        wrong += [f"{name}: {one}" for one in check(platforms.program, name, arguments)]
    return wrong


def elsewhere(how):
    steps = re.findall(r'^(?:step|beside) "([^"]+)"', (ROOT / ".ci/run").read_text(), re.MULTILINE)
    return [] if how.step in steps else [f".ci/run has no step {how.step}"]


def main(public, token, program):
    platforms, found, faults, counted = Platforms(public, token, program), blocks(), [], Counter()
    for block in found:
        how = way(block)
        match how:
            case None:
                wrong = ["nothing runs it: tests/docs/blocks.py says how each block is run"]
            case Run():
                wrong = run(block, how, platforms)
            case Elsewhere():
                wrong = elsewhere(how)
            case Checked():
                wrong = checked(block, platforms)
        counted[type(how).__name__] += 1
        faults += [f"{block.file}: {block.name[1]}\n    {one}" for one in wrong]
    names = {block.name for block in found}
    faults += [f"{file}: no block begins with {line}" for file, line in PLAN if (file, line) not in names]
    if faults:
        sys.exit("\n".join(faults))
    print(f"ok      {counted['Run']} blocks of commands run, {counted['Elsewhere']} in other steps, {counted['Checked']} checked")


if __name__ == "__main__":
    main(*sys.argv[1:])
