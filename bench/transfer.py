#!/usr/bin/env python3
"""What `local export` and `import` cost: `bench/transfer.py target/measure/local [COUNT …]`.

Imports an organisation of so many attributions (10,000 and 100,000 unless given), exports it,
imports that elsewhere, and prints the peak memory of each process, its time, and whether the
numbers of both tables are the same. Memory that grows with the count fails it. Standard library
only.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ORG = "org_moving"
MENTORS = 50
# How much more memory the most records may take than the fewest, in MB. An import ends with a
# fold, which holds up to 50,000 facts.
GROWTH = {"export": 16.0, "import": 64.0}
ATTRIBUTIONS = "/api/v1/referral-attributions"


def identifier(prefix, millis, number):
    """A UUIDv7 of that time, whose last byte is its shard."""
    return f"{prefix}_{millis:012x}7000{0x8000 | number >> 32:04x}{number & 0xFFFFFFFF:010x}{number % 8:02x}"


def instant(millis):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(millis // 1000))


def write(path, count):
    """An export of `count` attributions, one in a hundred of them a typed recruitment."""
    now = int(time.time() * 1000) - 3_600_000
    begin = now - 180 * 86_400_000
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15"
    with open(path, "w", encoding="utf-8") as file:

        def line(value):
            file.write(json.dumps(value, separators=(",", ":")) + "\n")

        line({"export": {"version": 1, "org": ORG, "at": instant(now)}})
        for mentor in range(MENTORS):
            code = {
                "id": identifier("rc", begin, mentor), "mentor": f"usr_{mentor}", "org": ORG,
                "code": f"MOVING-{mentor}", "user_type": 2, "created_at": instant(begin),
            }
            line({"record": {"code": {"entry": code, "canonical": code, "active": code}}})
        for number in range(count):
            at = begin + (now - begin) * number // count
            fact = {
                "sk": identifier("attr", at, number), "mentor": f"usr_{number % MENTORS}",
                "org": ORG, "code": f"MOVING-{number % MENTORS}", "occurred_at": instant(at),
                "ip_address": "198.51.100.7", "user_agent": agent,
            }
            record = {"fact": fact}
            if number % 100 == 0:
                member = {"confirmed_at": instant(at), "source": "typed"}
                fact |= member | {"new_member": f"new_{number}"}
                record["guard"] = member | {
                    "org": ORG, "member": f"new_{number}", "attribution": fact["sk"],
                    "mentor": fact["mentor"], "code": fact["code"],
                }
            line({"record": {"attribution": record}})
        counts = {"programs": 0, "codes": MENTORS, "removals": 0}
        line({"end": counts | {"attributions": count, "changes": 0}})


def run(*arguments):
    """Runs the command: its peak memory in MB, and its seconds."""
    environment = {k: v for k, v in os.environ.items() if k != "AWS_ENDPOINT_URL_DYNAMODB"}
    begun = time.monotonic()
    process = subprocess.Popen(
        [str(argument) for argument in arguments], stdout=subprocess.DEVNULL, env=environment
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{arguments}: {process.returncode}")
    return usage.ru_maxrss / 1024, time.monotonic() - begun


def numbers(local, data):
    """What the platform on `data` says of the organisation."""
    served = subprocess.Popen(
        [local, "--port", "0", "--dynamodb-port", "0", "--data", str(data)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )
    try:
        api = next(line for line in served.stdout if line.strip().startswith("API")).split()[1]
        paths = ["total?org_id=" + ORG, "leaderboard?org_id=" + ORG]
        paths += [f"mentor/usr_{mentor}/total" for mentor in range(MENTORS)]
        answers = []
        for path in paths:
            with urllib.request.urlopen(f"{api}{ATTRIBUTIONS}/{path}") as answer:
                value = json.load(answer)
                value.pop("as_of", None)
                answers.append(value)
        recruitments = f"{api}/api/v1/referral-conversions?org_id={ORG}&limit=100"
        with urllib.request.urlopen(recruitments) as answer:
            answers.append(json.load(answer))
        return answers
    finally:
        served.terminate()
        served.wait()


def measure(local, count):
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        source, target = directory / "source", directory / "target"
        written, exported = directory / "written", directory / "exported"
        write(written, count)
        first, _ = run(local, "import", "--from", written, "--data", source)
        export, export_time = run(local, "export", "--org", ORG, "--to", exported, "--data", source)
        imported, import_time = run(local, "import", "--from", exported, "--data", target)
        there, here = numbers(local, target), numbers(local, source)
        print(
            f"{count:>9,} attributions: export {export:.0f} MB, {export_time:.1f} s; "
            f"import {max(first, imported):.0f} MB, {import_time:.1f} s; "
            f"total {here[0]['total_clicks']:,} + {here[0]['total_conversions']:,}",
            flush=True,
        )
        if there != here or here[0]["total_clicks"] != count - -(-count // 100):
            sys.exit(f"the numbers differ: {here[0]}, {there[0]}")
        return export, max(first, imported)


def main():
    local, *counts = sys.argv[1:]
    measured = [measure(local, int(count)) for count in counts or [10_000, 100_000]]
    for (what, growth), peaks in zip(GROWTH.items(), zip(*measured)):
        if peaks[-1] - peaks[0] > growth:
            sys.exit(f"{what}: {peaks[0]:.0f} MB became {peaks[-1]:.0f} MB")


main()
