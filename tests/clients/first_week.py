"""What an integrator does in the first week, from Python alone: `python3 first_week.py URL`.

TOKEN is a staff's token or an API key of ORG, where the API requires one.
"""

import csv
import io
import json
import os
import sys
import time
from datetime import datetime, timedelta, timezone
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

BASE = sys.argv[1]
ORG = os.environ.get("ORG", "org_python")
TOKEN = os.environ.get("TOKEN")
RUN = format(time.time_ns(), "x")
ADA, BO = f"ada_{RUN}", f"bo_{RUN}"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

CODES = "/api/v1/referral-codes"
RECORDS = "/api/v1/referral-code-records"
ATTRIBUTIONS = "/api/v1/referral-attributions"
CONVERSIONS = "/api/v1/referral-conversions"


class NoRedirect(HTTPRedirectHandler):
    """A redirect is an answer, not an errand."""

    def redirect_request(self, *_):
        return None


OPENER = build_opener(NoRedirect)


def member(number):
    return f"member_{number}_{RUN}"


def send(method, path, body=None, headers=None):
    """The answer, unread."""
    headers = {"accept": "application/json", **(headers or {})}
    if TOKEN:
        headers["authorization"] = f"Bearer {TOKEN}"
    data = None
    if body is not None:
        data = json.dumps(body).encode()
        headers["content-type"] = "application/json"
    try:
        return OPENER.open(Request(BASE + path, data, headers, method=method), timeout=20)
    except HTTPError as error:
        return error


def call(status, method, path, body=None, headers=None):
    """The answer's body, which must come with `status`."""
    with send(method, path, body, headers) as answer:
        text = answer.read().decode()
        assert answer.status == status, f"{method} {path}: {answer.status} {text}"
        return json.loads(text)


def get(path, **parameters):
    return call(200, "GET", f"{path}?{urlencode(parameters)}")


def equal(found, expected, what=""):
    assert found == expected, f"{what} {found!r} instead of {expected!r}"


def visit(code):
    """Follows a short link as a visitor does: the join page's parameters, or None."""
    request = Request(f"{BASE}/r/{code}", headers={"user-agent": BROWSER})
    try:
        answer = OPENER.open(request, timeout=20)
    except HTTPError as error:
        answer = error
    with answer:
        if answer.status != 302:
            return None
        parameters = parse_qs(urlsplit(answer.headers["location"]).query)
        return {name: values[0] for name, values in parameters.items()}


def text_of(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


# The first moments of this month and of the last one.
NOW = datetime.now(timezone.utc)
THIS_MONTH = NOW.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
LAST_MONTH = (THIS_MONTH - timedelta(days=1)).replace(day=1)

# Two members get their codes.
adas = call(201, "POST", CODES, {"mentor_id": ADA, "org_id": ORG, "prefix": "ADA"})
bos = call(201, "POST", CODES, {"mentor_id": BO, "org_id": ORG, "prefix": "BO"})

# A sign-up with a click id: the short link brings it to the join page.
joining = visit(adas["code"])
equal(joining["ref"], adas["code"])
clicked = call(
    200,
    "PUT",
    f"{ATTRIBUTIONS}/{joining['click']}",
    {"code": joining["ref"], "new_member_id": member(1)},
)
equal(clicked["status"], "confirmed")

# A sign-up with a code that somebody typed.
typed = call(
    201,
    "POST",
    CONVERSIONS,
    {
        "code": adas["code"].lower().replace("-", " "),
        "new_member_id": member(2),
        "confirmed_at": text_of(NOW),
    },
)
equal((typed["source"], typed["mentor_id"]), ("typed", ADA))

# A late conversion: clicked and joined last month, reported now.
clicked_at, joined_at = LAST_MONTH + timedelta(days=10), LAST_MONTH + timedelta(days=20)
old = call(201, "POST", ATTRIBUTIONS, {"code": adas["code"], "occurred_at": text_of(clicked_at)})
late = call(
    201,
    "POST",
    CONVERSIONS,
    {"click_id": old["id"], "new_member_id": member(3), "confirmed_at": text_of(joined_at)},
)
equal((late["source"], late["id"]), ("click", old["id"]))

# A retry after a lost answer: the key makes one of the two.
joined = {"code": bos["code"], "new_member_id": member(4)}
key = {"idempotency-key": f"sign-up-{member(4)}"}
send("POST", CONVERSIONS, joined, key).close()
retried = call(201, "POST", CONVERSIONS, joined, key)
equal(retried["source"], "typed")
# And nobody is recruited twice.
held = call(409, "POST", CONVERSIONS, {**joined, "code": adas["code"]})
equal(held["attribution_id"], retried["id"])

# A visit that came to nothing.
assert visit(bos["code"])

# Who recruited X?
who = get(CONVERSIONS, org_id=ORG, new_member_id=member(2))
equal([found["mentor_id"] for found in who["data"]], [ADA])

# Last month's recruitments, as CSV.
month = urlencode({"org_id": ORG, "from": text_of(LAST_MONTH), "to": text_of(THIS_MONTH)})
with send("GET", f"{CONVERSIONS}?{month}", headers={"accept": "text/csv"}) as answer:
    equal(answer.headers["content-type"], "text/csv; charset=utf-8")
    rows = list(csv.DictReader(io.StringIO(answer.read().decode(), newline="")))
equal([row["new_member_id"] for row in rows if row["code"] == adas["code"]], [member(3)])

# A limit, reached and raised.
call(200, "PATCH", f"{CODES}/{bos['id']}", {"max_referrals": 1})
fifth = {"code": bos["code"], "new_member_id": member(5)}
call(409, "POST", CONVERSIONS, fifth)
call(200, "PATCH", f"{CODES}/{bos['id']}", {"max_referrals": 2})
call(201, "POST", CONVERSIONS, fifth)

# A code is retired: nobody joins by it any more.
call(200, "PUT", f"{RECORDS}/{adas['id']}", {"status": "inactive"})
call(409, "POST", CONVERSIONS, {"code": adas["code"], "new_member_id": member(6)})
equal(visit(adas["code"]), None)

# Every number.
NUMBERS = ("total_clicks", "total_conversions", "conversion_rate")
for path, parameters, expected in (
    (f"{ATTRIBUTIONS}/mentor/{ADA}/total", {}, [2, 3, 1]),
    (f"{ATTRIBUTIONS}/mentor/{BO}/total", {}, [1, 2, 0]),
    (f"{ATTRIBUTIONS}/total", {"org_id": ORG}, [3, 5, 0.667]),
):
    found = get(path, **parameters)
    equal([found[name] for name in NUMBERS], expected, path)
for path, parameters, expected in (
    (CODES, {"org_id": ORG}, 2),
    (CODES, {"org_id": ORG, "status": "active"}, 1),
    (RECORDS, {"mentor_id": ADA}, 1),
    (ATTRIBUTIONS, {"org_id": ORG}, 6),
    (ATTRIBUTIONS, {"org_id": ORG, "status": "pending"}, 1),
    (f"{ATTRIBUTIONS}/mentor/{ADA}", {}, 3),
    (CONVERSIONS, {"org_id": ORG}, 5),
    (CONVERSIONS, {"org_id": ORG, "mentor_id": BO}, 2),
):
    page = get(path, **parameters)
    equal((len(page["data"]), page["pagination"]["total"]), (expected, expected), path)


def ranked():
    """The leaderboard, which is as of the last aggregation."""
    board = get(f"{ATTRIBUTIONS}/leaderboard", org_id=ORG)["data"]
    return [(entry["rank"], entry["mentor_id"], entry["conversions"]) for entry in board]


EXPECTED = [(1, ADA, 3), (2, BO, 2)]
deadline = time.monotonic() + 90
while ranked() != EXPECTED and time.monotonic() < deadline:
    time.sleep(1)
equal(ranked(), EXPECTED, "leaderboard")
print("ok      the first week, from Python")
