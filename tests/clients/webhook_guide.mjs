// What the Node program of docs/webhooks.md makes of signatures by OpenSSL; `.ci/clients` puts it
// before this.

const { default: assert } = await import("node:assert/strict");
const { SECRET, OTHER, ID, TIME, BODY, SIGNATURE } = process.env;
const headers = { "webhook-id": ID, "webhook-timestamp": TIME, "webhook-signature": SIGNATURE };
const body = Buffer.from(BODY);
const at = Number(TIME);

assert.deepEqual(verified(SECRET, headers, body, at), JSON.parse(BODY));
assert.ok(verified(SECRET, { ...headers, "webhook-signature": `v1,AAAA v2,x ${SIGNATURE}` }, body, at + 299));
for (const [secret, change, now] of [
    [OTHER, {}, at],
    [SECRET, { "webhook-id": `${ID}0` }, at],
    [SECRET, { "webhook-signature": SIGNATURE.replace("v1,", "v2,") }, at],
    [SECRET, { "webhook-signature": undefined }, at],
    [SECRET, { "webhook-timestamp": "now" }, at],
    [SECRET, {}, at + 301],
    [SECRET, {}, at - 301],
]) {
    assert.throws(() => verified(secret, { ...headers, ...change }, body, now), /somebody else|too old/);
}
assert.throws(() => verified(SECRET, headers, Buffer.from(`${BODY} `), at), /somebody else/);
console.log("ok      the program of docs/webhooks.md in js");
