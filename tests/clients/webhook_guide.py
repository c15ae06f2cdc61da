# What the Python program of docs/webhooks.md makes of signatures by OpenSSL; `.ci/clients` puts it
# before this.

import os

secret, other, body = os.environ["SECRET"], os.environ["OTHER"], os.environ["BODY"].encode()
signature, at = os.environ["SIGNATURE"], int(os.environ["TIME"])
headers = {
    "webhook-id": os.environ["ID"],
    "webhook-timestamp": str(at),
    "webhook-signature": signature,
}

assert verified(secret, headers, body, at) == json.loads(body)
several = {**headers, "webhook-signature": f"v1,AAAA v2,x {signature}"}
assert verified(secret, several, body, at + 299)
for key, change, sent, now in [
    (other, {}, body, at),
    (secret, {"webhook-id": headers["webhook-id"] + "0"}, body, at),
    (secret, {"webhook-signature": signature.replace("v1,", "v2,")}, body, at),
    (secret, {"webhook-signature": ""}, body, at),
    (secret, {"webhook-timestamp": "now"}, body, at),
    (secret, {}, body, at + 301),
    (secret, {}, body, at - 301),
    (secret, {}, body + b" ", at),
]:
    try:
        verified(key, {**headers, **change}, sent, now)
    except ValueError as refused:
        assert "somebody else" in str(refused) or "too old" in str(refused)
    else:
        raise AssertionError(f"taken: {change} at {now}")
print("ok      the program of docs/webhooks.md in python")
